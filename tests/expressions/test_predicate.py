"""Typed statements about points of a boundary."""

import pytest
import torch

from pinn.expressions import FormulaError, Predicate

X = torch.tensor([[0.0, 0.7], [0.0, 0.2], [0.5, 0.9]], dtype=torch.float64)
NORMAL = torch.tensor([[-1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x < 1e-9", [True, True, False]),
        ("x < 1e-9 and y > 0.5", [True, False, False]),
        ("not (x < 1e-9) or y <= 0.2", [False, True, True]),
        ("0 < x**2 + y**2 < 0.5", [True, True, False]),
        ("ny > 0.9", [False, False, True]),
        ("1 > 0", [True, True, True]),
    ],
)
def test_where_it_holds(text: str, expected: list[bool]) -> None:
    assert Predicate.of(text, 2)(X, NORMAL).tolist() == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x + y", "where a comparison such as"),
        ("z < 1", "'z' is not known"),
        ("t < 1", "'t' is not"),
        ("x <", "no formula"),
    ],
)
def test_what_is_no_statement_is_refused(text: str, words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        Predicate.of(text, 2, "inlet")
