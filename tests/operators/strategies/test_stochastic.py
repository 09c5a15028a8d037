"""What every estimating strategy promises: unbiased traces, exact first derivatives, new directions everywhere."""

import dataclasses
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.func import vjp, vmap

from pinn.domains import Ball
from pinn.networks import MLP, field
from pinn.objective import Objective
from pinn.operators import (
    Estimate,
    Gaussian,
    Hutchinson,
    Rows,
    SampledDimensions,
    Strategy,
    biharmonic,
    curl,
    diagonal,
    directional,
    div,
    grad,
    hessian,
    jacobian,
    laplacian,
    partials,
    sym_grad,
)
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import Poisson
from pinn.samplers import Uniform
from pinn.training.loop import train
from tests.operators.estimates import F64, assert_unbiased, quartic, samples, vector

STRATEGIES = [Hutchinson(), Hutchinson(3), Hutchinson(2, Gaussian()), SampledDimensions(1), SampledDimensions(3)]
EACH = pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
X = torch.tensor([0.3, -0.7, 1.1, 0.4], dtype=F64)

ESTIMATED: dict[str, Callable[[Strategy], Tensor]] = {
    "laplacian": lambda s: laplacian(quartic, X, s),
    "laplacian along two axes": lambda s: laplacian(quartic, X, s, axes=(1, 3)),
    "vector laplacian": lambda s: laplacian(vector, X, s),
    "div": lambda s: div(vector, X, s),
    "div of a tensor": lambda s: div(lambda x: torch.outer(vector(x), x), X, s),
    "div along two axes": lambda s: div(lambda x: vector(x)[1:3], X, s, axes=(1, 2)),
    "diagonal": lambda s: diagonal(vector, X, s),
    "biharmonic": lambda s: biharmonic(quartic, X, s),
    "laplacian of a laplacian": lambda s: laplacian(lambda y: laplacian(quartic, y, s), X, s),
    # A reverse-mode derivative between the two estimates.
    "div of grad of laplacian": lambda s: div(lambda y: grad(lambda z: laplacian(quartic, z, s), y, s), X, s),
    "laplacian of a divergence": lambda s: laplacian(lambda y: div(vector, y, s), X, s),
    "nonlinear diffusion": lambda s: div(lambda y: torch.exp(vector(y)[0]) * grad(quartic, y, s), X, s),
    "complex laplacian": lambda s: torch.view_as_real(laplacian(lambda x: torch.exp(1j * (x @ X) * x[0]), X, s)),
}
EXACT: dict[str, Callable[[Strategy], Tensor]] = {
    "grad": lambda s: grad(quartic, X, s),
    "jacobian": lambda s: jacobian(vector, X, s),
    "directional": lambda s: directional(vector, X, X.cos(), s),
    "sym_grad": lambda s: sym_grad(vector, X, s),
    "curl": lambda s: curl(lambda x: vector(x)[:3], X, s, axes=(0, 1, 2)),
    "partials": lambda s: torch.stack(partials(quartic, X, [(), (0,), (0, 0), (0, 1), (3, 3, 3, 3)], s)),
}


@EACH
@pytest.mark.parametrize("operator", ESTIMATED)
def test_estimates_are_unbiased(operator: str, strategy: Estimate) -> None:
    exact = ESTIMATED[operator](Rows())
    assert_unbiased(samples(ESTIMATED[operator], strategy, 4000), exact)


@EACH
@pytest.mark.parametrize("operator", EXACT)
def test_first_derivatives_are_exact(operator: str, strategy: Estimate) -> None:
    torch.testing.assert_close(EXACT[operator](strategy), EXACT[operator](Rows()), rtol=1e-12, atol=1e-12)


@EACH
def test_a_hessian_is_refused(strategy: Estimate) -> None:
    with pytest.raises(NotImplementedError, match=r"ForwardOverReverse\(\)"):
        hessian(quartic, X, strategy)


@EACH
def test_a_divergence_needs_one_component_for_each_axis(strategy: Estimate) -> None:
    with pytest.raises(ValueError, match="one component for each"):
        div(lambda x: vector(x)[:3], X, strategy)


@EACH
def test_the_laplacian_of_a_linear_field_is_zero(strategy: Estimate) -> None:
    assert laplacian(lambda x: x @ X, X, strategy) == 0
    assert laplacian(lambda x: X.sum(), X, strategy) == 0


@EACH
def test_directions_follow_from_seed_and_point(strategy: Estimate) -> None:
    """The points of a batch have different ones, the same as if each point were alone."""

    def value(x: Tensor, seed: int = 0) -> Tensor:
        return laplacian(lambda y: quartic(y - x + X), x, dataclasses.replace(strategy, seed=seed))

    points = torch.rand(60, 4, generator=torch.Generator().manual_seed(0), dtype=F64)
    together = vmap(value)(points)
    assert torch.equal(together, vmap(value)(points))
    torch.testing.assert_close(together, torch.stack([value(x) for x in points]), rtol=1e-13, atol=0)
    torch.testing.assert_close(together, vmap(value, chunk_size=7)(points), rtol=1e-13, atol=0)
    assert len(together.unique()) >= 4
    assert not torch.equal(together, vmap(partial(value, seed=1))(points))
    # Over points the mean is unbiased as it is over seeds.
    many = torch.rand(4000, 4, generator=torch.Generator().manual_seed(1), dtype=F64)
    assert_unbiased(vmap(value)(many), laplacian(quartic, X, Rows()))


@EACH
def test_the_parameter_gradient_is_that_of_the_estimate(strategy: Estimate) -> None:
    """By reverse mode through the estimate, against central differences; and unbiased."""

    def residual(a: Tensor, s: Strategy) -> Tensor:
        return laplacian(lambda x: quartic(a * x), X, s)

    a = torch.tensor([1.0, 0.9, 1.1, 0.8], dtype=F64)
    (gradient,) = vjp(partial(residual, s=strategy), a)[1](torch.tensor(1.0, dtype=F64))
    h = 1e-5 * torch.eye(4, dtype=F64)[1]
    difference = (residual(a + h, strategy) - residual(a - h, strategy)) / 2e-5
    torch.testing.assert_close(gradient[1], difference, rtol=1e-7, atol=1e-7)
    found = samples(lambda s: vjp(partial(residual, s=s), a)[1](torch.tensor(1.0, dtype=F64))[0], strategy, 2000)
    assert_unbiased(found, vjp(partial(residual, s=Rows()), a)[1](torch.tensor(1.0, dtype=F64))[0])


@EACH
def test_reseeding_is_a_function_of_seed_and_counters(strategy: Estimate) -> None:
    seeds = {strategy.reseeded(run, step).seed for run in range(10) for step in range(10)}
    assert len(seeds) == 100
    assert strategy.reseeded(3, 4) == strategy.reseeded(3, 4)


PROBLEM = Poisson(domain=Ball((0.0,) * 6), exact=lambda x: (1 - x @ x) * torch.sin(x.sum()))


def trained(seed: int, strategy: Estimate, optimizer: Adam | Schedule) -> list[tuple[float, int]]:
    network = MLP(6, width=8, depth=1, generator=torch.Generator().manual_seed(0)).double()
    steps = train(PROBLEM, network, optimizer, Uniform(30, 5, every=0), strategy, seed=seed)
    return [(step.loss, step.objective.strategy.seed) for step in steps]  # type: ignore[attr-defined]


def test_training_takes_new_directions_at_every_step_and_repeats_itself() -> None:
    run = trained(0, Hutchinson(), Adam(steps=5))
    assert len({seed for _, seed in run}) == 5
    assert run == trained(0, Hutchinson(), Adam(steps=5))
    assert not {seed for _, seed in run} & {seed for _, seed in trained(1, Hutchinson(), Adam(steps=5))}


def test_an_optimizer_that_keeps_its_points_keeps_its_directions() -> None:
    run = trained(0, SampledDimensions(2), Schedule((Adam(steps=3), LBFGS(steps=5))))
    assert len({seed for _, seed in run[:3]}) == 3
    assert len({seed for _, seed in run[3:]}) == 1
    assert run[-1][0] < run[3][0]


@EACH
def test_the_residual_has_one_jacobian(strategy: Estimate) -> None:
    """The estimate is a fixed function of the parameters: forward and reverse mode see the same one."""
    network = MLP(6, width=4, depth=1, generator=torch.Generator().manual_seed(0)).double()
    params = {name: value.detach() for name, value in network.named_parameters()}
    points = Ball((0.0,) * 6).interior(torch.rand(5, 7, generator=torch.Generator().manual_seed(0), dtype=F64))
    objective = Objective(PROBLEM, network, {"interior": (points,)}, strategy)
    ones = {name: torch.ones_like(value) for name, value in params.items()}
    torch.testing.assert_close(objective.jacobian(params).sum(1), objective.jvp(params, ones))


def test_the_objective_changes_its_strategy_alone() -> None:
    network = MLP(6, width=8, depth=1, generator=torch.Generator().manual_seed(0)).double()
    params = {name: value.detach() for name, value in network.named_parameters()}
    points = Ball((0.0,) * 6).interior(torch.rand(20, 7, generator=torch.Generator().manual_seed(0), dtype=F64))
    objective = Objective(PROBLEM, network, {"interior": (points,)}, Rows())
    other = objective.using(Hutchinson())
    assert objective.strategy == Rows()
    expected = Objective(PROBLEM, network, {"interior": (points,)}, Hutchinson())
    assert torch.equal(other.residual(params), expected.residual(params))
    assert other.field(params)(points[0]) == PROBLEM.ansatz()(field(network, params))(points[0])
