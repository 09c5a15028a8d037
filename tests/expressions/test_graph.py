"""The work that a text makes, counted in operations: equal subexpressions are one, and their number is bounded."""

from collections.abc import Callable

import pytest
import torch

from pinn.expressions import Equations, Formula, FormulaError, Names
from pinn.expressions.graph import MOST_NODES, Graph

NAMES = Names(2, True, ("u", "v"))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """The operations asked for since the test began, those that the graph knew already included."""
    asked = []
    add = Graph._node

    def counted(graph: Graph, node: object) -> int:
        asked.append(node)
        return add(graph, node)  # type: ignore[arg-type]

    monkeypatch.setattr(Graph, "_node", counted)
    return lambda: len(asked)


def nested(function: str, times: int, text: str) -> str:
    return f"{function}(" * times + text + ")" * times


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("u + u*v + sin(u*v) - u*v", 7),
        ("*".join(["dx(lap(lap(tanh(u*v))))"] * 60), 694),
        (nested("sin", 39, "u"), 40),
        (nested("dx", 8, "u*v*tanh(u)"), 451),
        (nested("lap", 4, "tanh(u*x)"), 4821),
    ],
)
def test_equal_subexpressions_are_one(text: str, steps: int, work: Callable[[], int]) -> None:
    program = Equations.of(text, NAMES).program
    assert len(program.steps) == steps
    assert work() <= 3 * steps
    assert len(set(program.steps)) == len(program.steps)


@pytest.mark.parametrize(
    "text", [nested("lap", 20, "tanh(u*x)"), nested("lap", 9, "tanh(sin(u*x)*exp(v))"), nested("dx", 30, "1/(x + y*t)")]
)
def test_a_text_that_makes_too_much_work_is_refused(text: str, work: Callable[[], int]) -> None:
    with pytest.raises(FormulaError, match=f"more than {MOST_NODES} operations"):
        Equations.of(text, NAMES)
    assert work() < 2 * MOST_NODES


def test_long_sums_are_not_deep() -> None:
    x = torch.tensor([0.3, 0.8, 0.6], dtype=torch.float64)
    torch.testing.assert_close(Formula.of("x" + " + x" * 400, NAMES.data())(x), 401 * x[1])
