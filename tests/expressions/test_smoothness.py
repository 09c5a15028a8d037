"""A formula knows where it has kinks and jumps, and of which order they are."""

import pytest
import torch

from pinn.expressions import Equations, Formula, Names
from pinn.expressions.smoothness import axes_of_choices, first_break

F64 = torch.float64
LINE = Names(1, False, ("u",))
LINES = torch.linspace(-0.9987, 0.9981, 200, dtype=F64)[None, :, None]
INSIDE = torch.ones(1, 200, dtype=torch.bool)

# The lowest order of a derivative that jumps, and where; None for a smooth formula.
ORDERS = {
    "abs(x)": (1, 0.0),
    "abs(x)*x": (2, 0.0),
    "abs(x)**3": (3, 0.0),
    "sign(x - 0.3)": (0, 0.3),
    "heaviside(x + 0.25)": (0, -0.25),
    "min(x, 1)": None,
    "min(x, 0.5)": (1, 0.5),
    "max(x, 0)**2": (2, 0.0),
    "max(x, -x)**2": None,
    "min(max(x, -0.5), 2)": (1, -0.5),
    "where(x < 0.3, x, 0.3)": (1, 0.3),
    "where(x < 0.3, x, 0.2)": (0, 0.3),
    "where(x < 0.3, 0, (x - 0.3)**3)": (3, 0.3),
    "where(x < 0.3, x**2, x**2)": None,
    "where(0.371 < x and x < 0.37101, 1, 0)": (0, 0.371),  # far narrower than the distance of points
    "where(x < -0.2 or not x < 5, 1, x**2)": (0, -0.2),
    "(0.1 < x)*(x - 0.1)": (1, 0.1),
    "abs(exp(x))": None,
    "abs(x**2)": None,
    "sign(x)**2": None,
    "heaviside(x) - 0.5*sign(2*x)": None,  # two jumps that cancel
    "1e6 + abs(x)": (1, 0.0),
    "tanh(500*x)": None,
    "sqrt(abs(x - 0.1))": (1, 0.1),
    "1/where(x < 0, 0, 1)": (0, 0.0),
}


@pytest.mark.parametrize("text", ORDERS)
def test_the_order_of_a_break_and_its_place(text: str) -> None:
    found = first_break(Formula.of(text, LINE.data()).program, 0, 4, LINES, INSIDE)
    if ORDERS[text] is None:
        assert found is None
    else:
        order, at = ORDERS[text]
        assert found is not None
        assert found.order == order
        assert found.at[0] == pytest.approx(at, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        ("x*y", ()),
        ("abs(y) + x", (1,)),
        ("x*abs(sign(y) - 1)", (1,)),
        ("min(x, y)", (0, 1)),
        ("x/where(z < 0, 0, 1)", (2,)),
    ],
)
def test_there_are_breaks_along_axes_of_choices_alone(text: str, axes: tuple[int, ...]) -> None:
    program = Formula.of(text, Names(3, False, ("u",)).data()).program
    assert axes_of_choices(program) == frozenset(axes)
    lines = torch.rand(12, 1, 3, generator=torch.Generator().manual_seed(0), dtype=F64).repeat(1, 200, 1) - 0.5
    for axis in range(3):
        along = lines.clone()
        along[..., axis] = LINES[..., 0]
        found = first_break(program, axis, 4, along, torch.ones(12, 200, dtype=torch.bool))
        assert (found is not None) == (axis in axes)


def test_only_what_is_asked_for() -> None:
    program = Formula.of("abs(x)**3", LINE.data()).program
    assert first_break(program, 0, 3, LINES, INSIDE) is None  # it is C²
    assert first_break(program, 0, 4, LINES, INSIDE & (LINES[..., 0] > 0.1)) is None


def test_along_each_axis_its_own() -> None:
    plane = Names(2, False)
    program = Formula.of("abs(x - 0.2)*(1 + y)", plane).program
    lines = torch.full((1, 200, 2), 0.3, dtype=F64)
    lines[..., 0] = LINES[..., 0]
    found = first_break(program, 0, 2, lines, INSIDE)
    assert found is not None
    assert str(found) == "has a kink near (0.2, 0.3)"
    assert first_break(program, 1, 2, lines.flip(-1), INSIDE) is None


def test_what_follows_the_fields_is_left_alone() -> None:
    (_, coefficient), (_, field) = Equations.of("dx(sign(x)*dx(u)) + dx(abs(u)*dx(u))", LINE).operands
    found = first_break(coefficient, 0, 1, LINES, INSIDE)
    assert found is not None
    assert (found.order, found.at[0]) == (0, pytest.approx(0.0, abs=1e-12))
    assert first_break(field, 0, 2, LINES, INSIDE) is None
