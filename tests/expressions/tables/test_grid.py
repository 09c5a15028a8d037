"""Interpolation on grids: exact for the polynomials of its degree, of its order, with derivatives that are its own."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.expressions import Formula, Names
from pinn.expressions.smoothness import axes_of_choices, first_break
from pinn.expressions.tables import GridTable
from pinn.operators import Auto, Eye, partials

F64 = torch.float64
X, Y = np.array([0.0, 0.1, 0.3, 0.5, 0.6, 1.0, 1.3]), np.array([-1.0, 0.2, 0.5, 0.9, 1.0])


def points(n: int = 40) -> Tensor:
    low, high = torch.tensor([0.0, -1.0], dtype=F64), torch.tensor([1.3, 1.0], dtype=F64)
    return low + (high - low) * torch.rand(n, 2, dtype=F64, generator=torch.Generator().manual_seed(0))


POLYNOMIALS = {
    "linear": lambda x, y: 2 - 3 * x + y - 4 * x * y,
    "cubic": lambda x, y: x**3 - 2 * x * y + y**3 * x**2 - 1,
}


@pytest.mark.parametrize("kind", POLYNOMIALS)
def test_polynomials_of_its_degree_are_exact(kind: str) -> None:
    f = POLYNOMIALS[kind]
    table = GridTable((0, 1), (X, Y), f(X[:, None], Y[None]), kind)
    x = points()
    torch.testing.assert_close(table.at(x), f(x[:, 0], x[:, 1]), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(vmap(table.at)(x), table.at(x), rtol=0, atol=0)


@pytest.mark.parametrize(("kind", "order"), [("nearest", 1), ("linear", 2), ("cubic", 4)])
def test_it_has_its_order(kind: str, order: int) -> None:
    errors = []
    for n in (17, 33, 65):
        t = np.linspace(0, 1, n)
        table = GridTable((0,), (t,), np.sin(3 * t), kind)
        x = torch.linspace(0, 1, 1001, dtype=F64)[:, None]
        errors.append(float((table.at(x) - torch.sin(3 * x[:, 0])).abs().max()))
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (rates > order - 0.25).all()


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_nodes_have_the_polynomial_through_them(n: int) -> None:
    t, p = np.linspace(0, 2, n), min(n - 1, 3)
    x = torch.rand(9, 1, dtype=F64, generator=torch.Generator().manual_seed(0)) * 2
    torch.testing.assert_close(GridTable((0,), (t,), t**p, "cubic").at(x), x[:, 0] ** p, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("strategy", [Auto(), Eye()], ids=["Jet", "Eye"])
@pytest.mark.parametrize("kind", ["nearest", "linear", "cubic"])
def test_derivatives_are_those_of_the_function(kind: str, strategy: Auto | Eye) -> None:
    table = GridTable((0, 1), (X, Y), np.exp(X[:, None]) * np.cos(Y[None]), kind)
    x = points()
    for order in ((0,), (1,), (0, 0), (0, 1), (1, 1, 0)):
        found = vmap(lambda p, o=order: partials(table.at, p, [o], strategy)[0])(x)
        torch.testing.assert_close(table.at(x, order), found, rtol=1e-10, atol=1e-10)


def test_a_formula_with_a_table_differentiates_it() -> None:
    table = GridTable((0,), (X,), X**3, "cubic")
    formula = Formula.of("2*k", Names(1, coefficients={"k": table}))
    torch.testing.assert_close(formula(torch.tensor([0.7], dtype=F64)), torch.tensor(2 * 0.343, dtype=F64))


@pytest.mark.parametrize(("kind", "lowest"), [("nearest", 0), ("linear", 1), ("cubic", 3)])
def test_it_is_known_where_it_breaks(kind: str, lowest: int) -> None:
    table = GridTable((0,), ([0.0, 0.3, 0.5, 0.8, 1.0],), [1.0, 3.0, 2.0, 5.0, 1.0], kind)
    program = Formula.of(table, Names(1)).program
    lines = torch.linspace(0.001, 0.999, 100, dtype=F64)[None, :, None]
    found = first_break(program, 0, 4, lines, torch.ones(1, 100, dtype=torch.bool))
    assert found is not None
    assert found.order == lowest
    knots = {"nearest": [0.15, 0.4, 0.65, 0.9], "linear": [0.3, 0.5, 0.8], "cubic": [0.5]}[kind]
    assert min(abs(found.at[0] - knot) for knot in knots) < 1e-12


def test_linear_data_have_no_kink() -> None:
    program = Formula.of(GridTable((0,), (X,), 3 - 2 * X), Names(1)).program
    lines = torch.linspace(0.001, 1.299, 100, dtype=F64)[None, :, None]
    assert first_break(program, 0, 2, lines, torch.ones(1, 100, dtype=torch.bool)) is None


def test_what_lies_outside_is_known() -> None:
    table = GridTable((1,), ([0.0, 1.0],), [0.0, 1.0])
    x = torch.tensor([[5.0, 0.5], [0.0, 1.0], [0.0, 1.1], [0.0, -0.1]], dtype=F64)
    assert table.misses(x).tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((0,), ([0.0, 0.0],), [1.0, 2.0]), "in increasing order"),
        (((0,), ([0.0],), [1.0]), "two nodes or more"),
        (((0,), ([0.0, 1.0],), [1.0, 2.0, 3.0]), r"values of shape \(2,\), got \(3,\)"),
        (((0,), ([0.0, 1.0],), [1.0, 2.0], "smooth"), "'smooth' is no interpolation"),
    ],
)
def test_what_is_no_grid_is_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GridTable(*arguments)


def test_a_choice_by_a_table_is_one_along_its_coordinate() -> None:
    """min(k, 1.5) with k = 1 + x has a kink at 0.5, between the nodes."""
    table = GridTable((1,), ([0.0, 2.0],), [1.0, 3.0])
    program = Formula.of("min(k, 1.5)", Names(2, coefficients={"k": table})).program
    assert axes_of_choices(program) == {1}
    lines = torch.zeros(1, 100, 2, dtype=F64)
    lines[..., 1] = torch.linspace(0.001, 1.999, 100, dtype=F64)
    found = first_break(program, 1, 2, lines, torch.ones(1, 100, dtype=torch.bool))
    assert found is not None
    assert (found.order, round(found.at[1], 9)) == (1, 0.5)
