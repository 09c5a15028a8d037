"""Prescribed values with kinks, jumps and contradictions are penalised; all others stay built in."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, Disk, Domain, PeriodicBox, TimeDomain
from pinn.networks import Unknown
from pinn.operators import Strategy, grad, laplacian
from pinn.pdes import PDE, Expression, Heat, Inverse, Parametric, Poisson, TimeWindowed, Wave
from pinn.pdes.condition import Condition, interior
from pinn.pdes.derived.scaled import Scaled
from pinn.pdes.derived.squares import Squares
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.typing import Field

LINE, SQUARE = Box((0.0,), (1.0,)), Box()
WAVE = "dt(dt(u)) = lap(u)"
ADVECTION = "dt(u) + dx(u) = 0"


def rod(**changes: Any) -> Expression:
    return Expression(**{"domain": LINE, "equation": "dt(u) = 0.1*lap(u)", "boundary": "0", **changes})


def walls(texts: object, domain: Domain = SQUARE) -> Expression:
    return Expression(domain=domain, equation="laplacian(u) = 0", boundary=cast(Any, texts))


# What is penalised and why; nothing if all stays built in.
CASES = {
    "a tent": (rod(initial="1-abs(2*x-1)"), {"initial": "has a kink near (0, 0.5)"}),
    "a smooth value": (rod(initial="sin(pi*x)"), {}),
    "a steep one": (rod(initial="x*(1-x)*tanh(200*(x-0.5))"), {}),
    "a narrow box": (rod(initial="where(x > 0.371 and x < 0.3711, 1, 0)"), {"initial": "jumps near (0, 0.371)"}),
    "a kink that is carried along": (rod(equation=ADVECTION, initial="max(0, 0.2-abs(x-0.5))"), {}),
    "a jump that is carried along": (
        rod(equation=ADVECTION, initial="heaviside(0.3-x)*heaviside(x-0.1)", boundary={"left": "0"}),
        {"initial": "jumps near (0, 0.1)"},
    ),
    "another value at the corner": (rod(initial="1"), {"initial": "contradicts boundary where both hold"}),
    "a plucked string": (rod(equation=WAVE, initial="min(x,1-x)", initial_velocity="0"), {"initial": "has a kink"}),
    "a struck string": (
        rod(equation=WAVE, initial="0", initial_velocity="where(x<0.5,1,0)"),
        {"initial": "jumps near (0, 0.5)"},
    ),
    "a string with velocity alone": (rod(equation=WAVE, initial="0", initial_velocity="sin(pi*x)"), {}),
    "a wall switched on": (
        rod(initial="0", boundary={"left": "where(t<0.5,0,1)", "right": "0"}),
        {"boundary_left": "jumps near (0.5, 0)"},
    ),
    "a wall that warms": (rod(initial="0", boundary={"left": "t", "right": "0"}), {}),
    "pieces at a corner": (walls("where(x<=0,1,0)"), {"boundary": "jumps"}),
    "pieces within a side": (walls("where(y>=1 and x>0.3,1,0)"), {"boundary": "jumps near (0.3, 1)"}),
    "a kink in a side": (walls("abs(x-0.3)"), {"boundary": "has a kink near (0.3, 0)"}),
    "walls that disagree": (
        walls({"left": "0", "right": "0", "bottom": "0", "top": "1"}),
        {"boundary_top": "contradicts boundary_left where both hold"},
    ),
    "walls that agree": (walls({"left": "0", "right": "0", "bottom": "0", "top": "x*(1-x)"}), {}),
    "half a rim": (walls("where(y>0,1,0)", Disk()), {"boundary": "jumps"}),
    "a smooth rim": (walls("x**3 + y", Disk()), {}),
    "one field of two": (
        rod(
            fields=["u", "v"],
            equation=["dt(u) = lap(u) - v", "dt(v) = lap(v) + u"],
            initial=["0", "0.5-abs(x-0.5)"],
            boundary=["0", "0"],
        ),
        {"initial": "has a kink near (0, 0.5)"},
    ),
    "a period": (Expression(domain=PeriodicBox((-1.0,), (1.0,)), equation=ADVECTION, initial="sin(pi*x)"), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_penalised(name: str) -> None:
    pde, expected = CASES[name]
    assert pde.softened.keys() == expected.keys()
    for condition, words in expected.items():
        assert pde.softened[condition].startswith(f"{condition}: the prescribed value ")
        assert words in pde.softened[condition]
    assert {c.name for c in pde.soft_conditions()} == {"interior", *expected}


class Rod(PDE):
    """A rod as a user writes it, with any initial value."""

    domain, exact, hard = TimeDomain(1.0, LINE), None, True

    def __init__(self, initial: Field) -> None:
        self.initial = initial

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return grad(u, x, strategy)[0] - 0.1 * laplacian(u, x, strategy, axes=[1])

    def conditions(self) -> tuple[Condition, ...]:
        domain = TimeDomain(1.0, LINE)
        return interior(domain, self.residual), *initial_and_boundary_values(domain, self.initial, 100.0)


def test_functions_are_probed() -> None:
    tent = Rod(lambda x: 1 - (2 * x[1] - 1).abs())
    assert tent.softened == {"initial": "initial: the prescribed value has a kink near (0, 0.5)"}
    assert not Rod(lambda x: torch.sin(torch.pi * x[1])).softened
    assert not Rod(lambda x: x[1] * (1 - x[1]) * torch.tanh(200 * (x[1] - 0.4))).softened
    tent.hard = False
    assert len(tent.soft_conditions()) == 3


def test_problems_made_of_others() -> None:
    tent = rod(initial="1-abs(2*x-1)", equation="dt(u) = a*lap(u)", coefficients={"a": 0.1})
    parametric = Parametric(tent, {"a": (0.05, 0.2)})
    assert parametric.softened.keys() == {"initial"}
    assert TimeWindowed(tent, 2).window(0).softened.keys() == {"initial"}
    assert not TimeWindowed(tent, 2).window(1, lambda x: x[1]).softened
    x = torch.tensor([0.0, 0.5, 0.1], dtype=torch.float64)
    assert parametric.ansatz()(lambda x: 0 * x[0])(x) == 0  # nothing of the tent is in it


def test_the_inverse_problem_agrees_with_itself() -> None:
    """What is not built in is penalised, and what is penalised is not built in."""
    problem = Inverse(Heat(), {"diffusivity": Unknown()})
    assert not problem.softened
    assert len(problem.soft_conditions()) == 2
    tent = rod(exact="exp(-t)*(0.5-abs(x-0.5))", equation="dt(u) = a*u", coefficients={"a": -1.0}, boundary=[])
    assert not Inverse(tent, {"a": Unknown()}).softened
    jump = rod(exact="exp(-t)*where(x<0.5,0,1)", equation="dt(u) = a*u", coefficients={"a": -1.0}, boundary=[])
    assert not Inverse(jump, {"a": Unknown()}).softened  # no derivative along x
    warm = Rod(lambda x: 1 - (2 * x[1] - 1).abs())
    for wrapped in (Squares(warm), Scaled(warm)):
        assert wrapped.softened.keys() == {"initial"}
        assert [c.name for c in wrapped.soft_conditions()] == ["interior", "initial"]


@pytest.mark.parametrize("pde", [Poisson(), Heat(), Wave(), Poisson(domain=Disk())], ids=str)
def test_smooth_problems_are_not_touched(pde: PDE) -> None:
    assert pde.softened == {}
    assert [condition.name for condition in pde.soft_conditions()] == ["interior"]


@pytest.mark.parametrize("size", [1e-12, 1e6, 2.1e11])
def test_no_unit_makes_values_rough_or_contradictory(size: float) -> None:
    """sin π is rounding in any unit."""
    on_box = Expression(Box(), "-laplacian(u)", exact="A*sin(pi*x)*sin(pi*y)", coefficients={"A": size})
    rod = Expression(equation="dt(u) = 0.1*laplacian(u)", initial="A*sin(pi*x)", boundary="0", coefficients={"A": size})
    assert not on_box.softened
    assert not rod.softened
    bent = Expression(equation="dt(u) = 0.1*laplacian(u)", initial="A*x", flux="0", coefficients={"A": size})
    assert bent.softened.keys() == {"initial"}
