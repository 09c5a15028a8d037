"""The fundamental theorem of calculus finds what automatic differentiation has dropped, and nothing else."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, PeriodicBox, TimeDomain
from pinn.operators import Jet, Rows, Strategy, div, grad, laplacian
from pinn.pdes import Expression, Parametric, Poisson
from pinn.pdes.condition import Condition, interior
from pinn.pdes.pde import PDE
from pinn.pdes.witness import Witness, differentiated
from pinn.trust.continuity import TOLERANCE, breaks
from pinn.typing import Field

LIKE = torch.zeros((), dtype=torch.float64)
LINE = Box((0.0,), (1.0,))
ROD = Expression(equation="dt(u) = 0.1*lap(u)", initial="0", boundary="0", domain=LINE)


class Diffusion(PDE):
    """−∇·(k∇u) = 0 on the unit interval, for any k."""

    domain, exact, hard = LINE, None, True

    def __init__(self, k: Callable[[Tensor], Tensor]) -> None:
        self.k = k

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return -div(lambda y: self.k(y[0]) * grad(u, y, strategy), x, strategy)

    def conditions(self) -> tuple[Condition, ...]:
        return (interior(self.domain, self.residual),)


def kinked(at: float) -> Field:
    return lambda x: (x[-1] - at).abs() + x[0] * 0


@pytest.mark.parametrize("at", [0.5, 0.3, 1 / 3, 0.96])
def test_a_kink_under_a_laplacian_is_found_where_it_is(at: float) -> None:
    defect, found = breaks(ROD, kinked(at), LIKE)
    assert defect == pytest.approx(1.0, rel=1e-3)  # the slope jumps by its whole range
    assert {one.order for one in found} == {1}
    assert all(abs(one.at[1] - at) < 1e-5 for one in found)
    assert "its slope jumps by 100%" in str(found[0])


def test_a_jump_of_the_field_is_found() -> None:
    _, found = breaks(ROD, lambda x: torch.where(x[1] > 0.4, 1.0, 0.0) + x[0], LIKE)
    assert any(one.order == 0 and abs(one.at[1] - 0.4) < 1e-5 for one in found)


def test_a_flux_that_jumps_is_found_and_a_continuous_one_is_not() -> None:
    step = Diffusion(lambda x: 2 + torch.sign(x - 0.5))
    defect, found = breaks(step, lambda x: x[0], LIKE)  # satisfies the equation at every point
    assert defect > 0.5
    assert any(abs(one.at[0] - 0.5) < 1e-5 for one in found)


def test_the_true_solution_of_layers_has_no_break() -> None:
    """k u' = 3/2 with k = 1 and 3: u has a kink, which no operator differentiates twice."""
    step = Diffusion(lambda x: torch.where(x > 0.5, 3.0, 1.0))
    _, found = breaks(step, lambda x: torch.where(x[0] > 0.5, 0.5 + x[0] / 2, 1.5 * x[0]), LIKE)
    assert not found


@pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-4])
def test_a_steep_front_is_no_jump(width: float) -> None:
    defect, found = breaks(ROD, lambda x: torch.tanh((x[1] - 0.37) / width) + x[0], LIKE)
    assert defect < TOLERANCE
    assert not found


@pytest.mark.parametrize("frequency", [1.0, 30.0])
def test_smooth_fields_pass_to_rounding(frequency: float) -> None:
    defect, found = breaks(Poisson(), lambda x: torch.sin(frequency * x[0]) * torch.exp(x[1]), LIKE)
    assert defect < 1e-9
    assert not found


def test_parameters_are_bound_to_those_of_a_point() -> None:
    typed = Expression(equation="dt(u) = k*lap(u)", coefficients={"k": 0.1}, initial="0", boundary="0", domain=LINE)
    problem = Parametric(typed, {"k": (0.1, 1.0)})
    _, found = breaks(problem, lambda x: kinked(0.5)(x[:2]) + x[2], LIKE)
    assert found
    assert not breaks(problem, lambda x: torch.sin(x[1]) * x[2] + x[0], LIKE)[1]


@pytest.mark.parametrize(
    ("equation", "order"), [("dx(sign(u)*dx(u)) = 0", 0), ("lap(max(u, 0)) = 0", 1), ("dx(dx(abs(u)*u)) = 1", None)]
)
def test_what_a_typed_equation_differentiates_is_seen_as_it_was_typed(equation: str, order: int | None) -> None:
    """The equation has the product rule carried out, so that no operator is asked for what jumps with u."""
    typed = Expression(equation=equation, boundary="0", domain=LINE)
    _, found = breaks(typed, lambda x: torch.sin(x[0] - 0.3), LIKE)
    assert {one.order for one in found} == ({order} if order is not None else set())
    assert all(abs(one.at[0] - 0.3) < 1e-5 for one in found)


def test_the_witness_sees_every_field_under_an_operator() -> None:
    fields, _ = differentiated(
        Diffusion(lambda x: 1 + x).conditions()[0], lambda x: x[0] ** 2, torch.tensor([0.3], dtype=torch.float64)
    )
    assert len(fields) == 2  # the flux, and u within it
    assert [one.orders for one in fields] == [{0: 1}, {0: 1}]
    fields, _ = differentiated(
        Poisson().conditions()[0], lambda x: x @ x, torch.tensor([0.3, 0.1], dtype=torch.float64)
    )
    assert [one.orders for one in fields] == [{0: 2, 1: 2}]


@pytest.mark.parametrize("strategy", [Jet(), Rows()])
def test_the_witness_changes_no_number(strategy: Strategy) -> None:
    u, x = lambda x: torch.sin(x[0]) * x[1] ** 3, torch.tensor([0.3, 0.7], dtype=torch.float64)
    witness = Witness(strategy)
    assert laplacian(u, x, witness) == laplacian(u, x, strategy)
    with witness.silent():
        grad(u, x, witness)
    assert len(witness.seen) == 1


def test_a_period_is_not_a_jump() -> None:
    domain = TimeDomain(1.0, PeriodicBox((-1.0,), (1.0,)))
    equation = Expression(equation="dt(u) + dx(u) = 0", initial="sin(pi*x)", domain=PeriodicBox((-1.0,), (1.0,)))
    assert equation.domain.dim == domain.dim
    defect, _ = breaks(equation, lambda x: torch.sin(math.pi * (x[1] - x[0])), LIKE)
    assert defect < 1e-9
