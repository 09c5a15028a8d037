"""Every exact strategy equals every other, in value and in parameter gradient, whatever the operator and the field."""

import itertools
from collections.abc import Callable, Sequence
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap

from pinn.operators import (
    Hutchinson,
    RequestCache,
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
from pinn.typing import Field, Params
from tests.contracts.fields import FIELDS, Elementwise

# What this runs is run elsewhere too; tracing it for the coverage takes half as long again.
pytestmark = pytest.mark.no_cover

F64 = torch.float64
WIDTH = 5
ORDERS = [(), (0,), (0, 0), (0, -1), (0, 0, -1), (0, 0, 0), (-1, -1, -1, -1), (0, 0, -1, -1)]

# Operators of a vector field with d components; those of a scalar field take its first component.
VECTOR: dict[str, Callable[[Field, Tensor, Strategy], Tensor]] = {
    "jacobian": jacobian,
    "diagonal": diagonal,
    "div": div,
    "div along one axis": lambda v, x, s: div(lambda y: v(y)[-1:], x, s, axes=(-1,)),
    "div of a tensor": lambda v, x, s: div(lambda y: torch.outer(v(y), y), x, s),
    "sym_grad": sym_grad,
    "directional of a vector": lambda v, x, s: directional(v, x, x.cos(), s),
    "vector laplacian": laplacian,
    "vector hessian": hessian,
    "vector partials": lambda v, x, s: torch.stack(partials(v, x, [(), (-1,), (0, -1)], s)),
}
SCALAR: dict[str, Callable[[Field, Tensor, Strategy], Tensor]] = {
    "grad": grad,
    "directional": lambda u, x, s: directional(u, x, x.cos(), s),
    "hessian": hessian,
    "laplacian": laplacian,
    "laplacian along one axis": lambda u, x, s: laplacian(u, x, s, axes=(-1,)),
    "biharmonic": biharmonic,
    "partials": lambda u, x, s: torch.stack(partials(u, x, ORDERS, s)),
    "nonlinear diffusion": lambda u, x, s: div(lambda y: torch.exp(u(y)) * grad(u, y, s), x, s),
}


def built(field: Callable[[int], nn.Module], d: int) -> tuple[Callable[[Params, Tensor], Tensor], Params, Tensor]:
    """A random vector field as a function of its parameters and a point, the parameters, and a point."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(d)
        net = field(d).to(F64)
        x = torch.rand(d, dtype=F64)
    return lambda p, x: functional_call(net, dict(p), (x,)), {k: p.detach() for k, p in net.named_parameters()}, x


def evaluate(residual: Callable[[Params], Tensor], params: Params) -> dict[str, Tensor]:
    """The value, and the parameter gradient of a weighted sum of its entries."""
    value, pull, *_ = vjp(residual, params)
    weights = torch.linspace(1, 2, value.numel(), dtype=F64).reshape(value.shape)
    (gradient,) = pull(weights)
    return {"value": value, **gradient}


def assert_all_agree(residual: Callable[..., Tensor], params: Params, strategies: Sequence[Strategy]) -> None:
    """Each pair of strategies agrees to 1e-12 of the largest entry."""
    found = [(s, evaluate(partial(residual, strategy=s), params)) for s in strategies]
    assert any(bool(t.any()) for t in found[0][1].values())
    for (s, ours), (other, theirs) in itertools.combinations(found, 2):
        for name, expected in theirs.items():
            atol = 1e-12 * max(1.0, float(expected.abs().max()))
            torch.testing.assert_close(
                ours[name], expected, rtol=0, atol=atol, msg=lambda m, n=name, pair=(s, other): f"{n}, {pair}: {m}"
            )


# All fields in up to 4 dimensions, and one of them in turn up to 12; in some of these the rest are marked slow.
FIELD_AND_DIMENSION = [
    pytest.param(field, d, marks=[pytest.mark.nightly] if d > 4 and k != d % len(FIELDS) else [])
    for d in range(1, 13)
    for k, field in enumerate(FIELDS)
    if d <= 4 or d in (6, 9) or k == d % len(FIELDS)
]


@pytest.mark.parametrize(("field", "d"), FIELD_AND_DIMENSION)
@pytest.mark.parametrize("operator", VECTOR)
def test_vector_operators(field: str, operator: str, d: int, exact_anywhere: Sequence[Strategy]) -> None:
    v, params, x = built(FIELDS[field], d)

    def residual(p: Params, strategy: Strategy) -> Tensor:
        return VECTOR[operator](lambda y: v(p, y), x, strategy)

    assert_all_agree(residual, params, exact_anywhere)


@pytest.mark.parametrize(("field", "d"), FIELD_AND_DIMENSION)
@pytest.mark.parametrize("operator", SCALAR)
def test_scalar_operators(field: str, operator: str, d: int, exact_anywhere: Sequence[Strategy]) -> None:
    v, params, x = built(FIELDS[field], d)

    def residual(p: Params, strategy: Strategy) -> Tensor:
        return SCALAR[operator](lambda y: v(p, y)[0], x, strategy)

    assert_all_agree(residual, params, exact_anywhere)


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("field", FIELDS)
def test_curl(field: str, d: int, exact_anywhere: Sequence[Strategy]) -> None:
    v, params, x = built(FIELDS[field], d)

    def residual(p: Params, strategy: Strategy) -> Tensor:
        return curl(partial(curl, partial(v, p), strategy=strategy), x, strategy)

    assert_all_agree(residual, params, exact_anywhere)


@pytest.mark.parametrize("operator", sorted(VECTOR.keys() - {"div of a tensor"}))
@pytest.mark.parametrize("d", [1, 3, 6])
def test_diagonal_jacobians(d: int, operator: str, exact_if_diagonal: Sequence[Strategy]) -> None:
    v, params, x = built(Elementwise, d)

    def residual(p: Params, strategy: Strategy) -> Tensor:
        return VECTOR[operator](lambda y: v(p, y), x, strategy)

    assert_all_agree(residual, params, exact_if_diagonal)


@pytest.mark.parametrize("operator", sorted(SCALAR.keys() - {"nonlinear diffusion"}))
@pytest.mark.parametrize("d", [1, 3, 6])
def test_diagonal_hessians(d: int, operator: str, exact_if_diagonal: Sequence[Strategy]) -> None:
    v, params, x = built(Elementwise, d)

    def residual(p: Params, strategy: Strategy) -> Tensor:
        return SCALAR[operator](lambda y: v(p, y).sum(), x, strategy)

    assert_all_agree(residual, params, exact_if_diagonal)


@pytest.mark.parametrize("operator", [*VECTOR, *SCALAR])
def test_many_points(operator: str, exact_anywhere: Sequence[Strategy]) -> None:
    v, params, x = built(FIELDS["tanh"], 3)
    points = torch.stack([x, x.sin(), x.flip(0)])

    def residual(p: Params, strategy: Strategy) -> Tensor:
        if operator in VECTOR:
            return vmap(lambda x: VECTOR[operator](lambda y: v(p, y), x, strategy))(points)
        return vmap(lambda x: SCALAR[operator](lambda y: v(p, y)[0], x, strategy))(points)

    assert_all_agree(residual, params, exact_anywhere)


def test_exact_strategies_have_no_seed(strategy_if_diagonal: Strategy) -> None:
    assert not strategy_if_diagonal.random
    assert strategy_if_diagonal.reseeded(1, 2) is strategy_if_diagonal
    plain, seed = strategy_if_diagonal.without_seed()
    assert plain is strategy_if_diagonal
    assert plain.with_seed(seed + 1) is strategy_if_diagonal


@pytest.mark.parametrize("estimate", [Hutchinson(seed=3), SampledDimensions(seed=3)], ids=lambda s: type(s).__name__)
def test_estimates_are_another_at_every_step_and_seed(estimate: Strategy) -> None:
    assert estimate.random
    assert estimate.reseeded(1, 2) == estimate.reseeded(1, 2)
    assert len({estimate.reseeded(seed, step) for seed in range(5) for step in range(5)}) == 25
    plain, seed = estimate.without_seed()
    assert plain == estimate.reseeded(1, 2).without_seed()[0]
    x = torch.linspace(0.1, 0.5, 5, dtype=F64)
    u: Field = lambda x: torch.sin(3 * x).prod()  # noqa: E731
    assert torch.equal(laplacian(u, x, plain.with_seed(seed)), laplacian(u, x, estimate))


def test_what_propagates_takes_its_propagations_from_an_evaluation(strategy_if_diagonal: Strategy) -> None:
    """And only that: for all others the evaluation is a stranger."""
    evaluation = RequestCache().evaluation()
    shared = strategy_if_diagonal.sharing(evaluation)
    x = torch.linspace(0.1, 0.5, 5, dtype=F64)
    expected = laplacian(lambda x: torch.sin(x).sum(), x, strategy_if_diagonal)
    torch.testing.assert_close(laplacian(lambda x: torch.sin(x).sum(), x, shared), expected)
    assert (evaluation.propagations == 1) == strategy_if_diagonal.propagates
    assert (shared is strategy_if_diagonal) != strategy_if_diagonal.propagates
