"""What the benchmark of treacherous problems says of a problem of each kind."""

import pytest

from benchmarks.treacherous import SOUND, TREACHEROUS, judged
from pinn.methods import Search


@pytest.mark.parametrize("method", [None, Search()], ids=["named", "auto"])
@pytest.mark.parametrize(
    ("name", "word"),
    [("unused coefficient", "refused"), ("jump in k, 1-D", "refused"), ("narrow source, 1-D", "doubted")],
)
def test_treacherous(name: str, word: str, method: Search | None) -> None:
    outcome = judged(name, TREACHEROUS[name], sound=False, budget_s=3.0, method=method)
    assert (outcome.outcome, outcome.wrong) == (word, False)


def test_a_sound_one_is_believed() -> None:
    name = next(iter(SOUND))
    outcome = judged(name, SOUND[name], sound=True, budget_s=10.0, method=Search())
    assert (outcome.outcome, outcome.wrong) == ("believed", False)
