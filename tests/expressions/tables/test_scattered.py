"""The spline through scattered points."""

import numpy as np
import pytest
import torch
from torch.func import vmap

from pinn.expressions.tables import ScatteredTable
from pinn.operators import Auto, partials

F64 = torch.float64
POINTS = np.random.default_rng(0).random((200, 2)) * [2.0, 30.0]
INSIDE = torch.rand(30, 2, dtype=F64, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.6, 24.0]) + 0.2


def test_it_goes_through_the_values_and_gives_linear_functions_exactly() -> None:
    values = np.sin(POINTS[:, 0]) * POINTS[:, 1]
    table = ScatteredTable((0, 1), POINTS, values)
    torch.testing.assert_close(table.at(torch.from_numpy(POINTS)), torch.from_numpy(values), rtol=1e-10, atol=1e-10)
    linear = ScatteredTable((0, 1), POINTS, 1 + 2 * POINTS[:, 0] - 3 * POINTS[:, 1])
    torch.testing.assert_close(linear.at(INSIDE), 1 + 2 * INSIDE[:, 0] - 3 * INSIDE[:, 1], rtol=1e-10, atol=1e-9)


def test_it_converges() -> None:
    errors = []
    for n in (100, 1600):
        points = np.random.default_rng(1).random((n, 2)) * [2.0, 30.0]
        table = ScatteredTable((0, 1), points, np.sin(points[:, 0]) * np.cos(points[:, 1] / 10))
        x = INSIDE * 0.8 + 0.1
        errors.append(float((table.at(x) - torch.sin(x[:, 0]) * torch.cos(x[:, 1] / 10)).abs().max()))
    assert errors[1] < errors[0] / 8


def test_derivatives_are_those_of_the_function() -> None:
    table = ScatteredTable((0, 1), POINTS, np.sin(POINTS[:, 0]) * POINTS[:, 1])
    for order in ((0,), (1,), (0, 0), (0, 1), (0, 0, 1)):
        found = vmap(lambda p, o=order: partials(table.at, p, [o], Auto())[0])(INSIDE)
        torch.testing.assert_close(table.at(INSIDE, order), found, rtol=1e-8, atol=1e-8)


def test_the_hull_is_its_range() -> None:
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.3, 0.3]])
    table = ScatteredTable((0, 1), corners, np.ones(4))
    x = torch.tensor([[0.49, 0.49], [0.51, 0.51], [0.0, 0.0], [-0.01, 0.5]], dtype=F64)
    assert table.misses(x).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.zeros((4, 2)), "two values at the same point"),
        (np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0], [2.0, 2.0]]), "lie on a line"),
        (np.random.default_rng(0).random((3001, 2)), "at most 3000"),
    ],
)
def test_what_determines_no_function_is_refused(points: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ScatteredTable((0, 1), points, np.zeros(len(points)))
