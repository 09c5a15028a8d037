"""What stands under the operators of an equation, and fluxes as fields of their own."""

import torch

from pinn.expressions import Equations, Names
from pinn.operators import Auto

LINE, PLANE = Names(1, True, ("u",)), Names(2, False, ("u",), {"k": "where(x < 0.5, 1, 3)"})


def test_what_may_break_is_noted_with_its_place_in_the_text() -> None:
    text = "dt(u) = dx((2 + sign(x))*dx(u)) + laplacian(abs(u)) + dx(u*u)"
    found = [(operand.text[operand.at :], operand.orders) for operand, _ in Equations.of(text, LINE).operands]
    assert [(shown.partition(" ")[0], orders) for shown, orders in found] == [("(2", {1: 1}), ("abs(u))", {1: 2})]


def test_a_flux_becomes_a_field() -> None:
    mixed = Equations.of("-div(k*grad(u)) = 1", PLANE, mixed=True)
    assert mixed.names.fields == ("u", "flux_x", "flux_y")
    assert [{axis: n for axis, n in orders.items() if axis >= 0} for orders in mixed.orders] == [
        {0: 1, 1: 1},
        {0: 1},
        {1: 1},
    ]
    x = torch.tensor([0.7, 0.2], dtype=torch.float64)
    u = lambda y: torch.stack([y[0] ** 2 * y[1], y[0] ** 3, y[1] ** 2])  # noqa: E731
    expected = torch.tensor([-3 * 0.49 - 0.4 - 1, 0.343 - 3 * 2 * 0.7 * 0.2, 0.04 - 3 * 0.49], dtype=torch.float64)
    torch.testing.assert_close(mixed(u, x, Auto()), expected)


def test_the_same_flux_is_one_field_and_others_are_not_fluxes() -> None:
    names = Names(1, True, ("u",))
    mixed = Equations.of("dt(u) + dx(u**2) = dx(x*dx(u)) + u*dx(x*dx(u)) + dx(dx(u))", names, mixed=True)
    assert mixed.names.fields == ("u", "flux_x")
    assert Equations.of("dx(dx(u)) = dt(u)", names, mixed=True).names.fields == ("u",)
