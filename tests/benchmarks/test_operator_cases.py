"""Whatever the benchmark of the operators times computes the same numbers as the loop that it is compared with."""

import pytest
import torch
from torch.testing import assert_close

from benchmarks import operator_cases
from benchmarks.operator_cases import LOOP, STRATEGIES, Setup
from pinn.objective.compilation import Compiled

CASES = [case for name in ("laplacian", "third", "fourth", "biharmonic") for case in operator_cases.cases(name, [1, 3])]


@pytest.fixture(params=CASES, ids=lambda case: f"{case.name}-{case.d}")
def setup(request: pytest.FixtureRequest) -> Setup:
    d = request.param.d
    like = torch.zeros((), dtype=torch.float64)
    points = torch.rand(5, d, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return Setup(request.param, operator_cases.tanh_network(d, 4, 2, like), points)


def test_every_strategy_is_the_loop(setup: Setup) -> None:
    operator, gradient = setup.operator(LOOP, None)(), setup.step(LOOP, None)()
    assert operator.shape == (5,)
    for name in STRATEGIES:
        assert_close(setup.operator(name, None)(), operator)
        assert_close(setup.step(name, None)(), gradient)


@pytest.mark.parametrize("name", [LOOP, "Jet"])
def test_every_traced_graph_is_the_loop(setup: Setup, name: str) -> None:
    compiled = Compiled(backend=lambda graph, inputs: graph)
    assert_close(setup.operator(name, compiled)(), setup.operator(LOOP, None)())
    assert_close(setup.step(name, compiled)(), setup.step(LOOP, None)())
    assert not compiled.failed
    assert compiled.seconds > 0


def test_the_gradient_is_that_of_the_mean_square(setup: Setup) -> None:
    gradient = setup.step(LOOP, None)()
    name, weight = next(iter(setup.network.named_parameters()))
    h = 1e-6
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[0, 0] += sign * h
            losses.append(setup.operator("Rows", None)().square().mean())
            weight[0, 0] -= sign * h
    assert_close(gradient[name][0, 0], (losses[0] - losses[1]) / (2 * h), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("d", [1, 2])
def test_every_jacobian_is_that_of_the_nested_residual(d: int) -> None:
    (case,) = operator_cases.cases("laplacian", [d])
    network = operator_cases.tanh_network(d, 3, 2, torch.zeros((), dtype=torch.float64))
    setup = Setup(case, network, torch.rand(4, d, dtype=torch.float64))
    expected = setup.jacobian(LOOP)()
    assert expected.shape == (4, sum(p.numel() for p in network.parameters()))
    for name in STRATEGIES:
        assert_close(setup.jacobian(name)(), expected)


def test_the_loops_differentiate() -> None:
    x = torch.rand(6, 2, dtype=torch.float64, requires_grad=True)
    u = (x**4).sum(1) + x.prod(1) ** 2
    assert_close(operator_cases.loop_laplacian(u, x, False), (14 * x**2).sum(1))
    u = (x**4).sum(1) + x.prod(1) ** 2
    inner = operator_cases.loop_laplacian(u, x, True)
    assert_close(operator_cases.loop_laplacian(inner, x, False), torch.full((6,), 56.0, dtype=torch.float64))
    t = torch.rand(6, 1, dtype=torch.float64, requires_grad=True)
    s = t.detach()[:, 0]
    truth = [s.sin(), s.cos(), -s.sin(), -s.cos(), s.sin()]
    assert_close(operator_cases.loop_derivatives(t[:, 0].sin(), t, 4, False), truth)
