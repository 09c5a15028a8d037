"""The fuzzers, on few inputs: nothing but a ValueError comes of bad input."""

from collections import Counter

import pytest

from tests.fuzzing import fuzz


def check(found: Counter[str], inputs: int) -> None:
    assert sum(found.values()) == inputs
    assert not [outcome for outcome in found if outcome.startswith("WRONG")]


def test_texts_are_read_or_refused() -> None:
    found = fuzz.fuzz_formulas(4000, seed=1)
    check(found, 4000)
    assert found["read"] > 300
    assert found["refused"] > 2000


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damaged_checkpoints_are_refused() -> None:
    found = fuzz.fuzz_checkpoints(200, seed=1)
    check(found, 200)
    assert sum(count for outcome, count in found.items() if outcome.startswith("refused")) > 100


def test_a_fuzzer_sees_other_errors_and_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang() -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "LONGEST_S", 0.05)
    assert fuzz.outcome(hang, "read", "text").startswith("WRONG: TimeoutError")
    assert fuzz.outcome(lambda: [][0], "read", "text").startswith("WRONG: IndexError")
    assert fuzz.outcome(lambda: int("a"), "read", "text") == "refused"
    assert fuzz.outcome(lambda: int("a"), "read", "text", says="a file").startswith("WRONG")
