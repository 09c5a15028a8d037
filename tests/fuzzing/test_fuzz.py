"""The fuzzers, on few inputs, the same ones at every run: nothing but a ValueError comes of bad input."""

import contextlib
import importlib
from collections import Counter

import pytest
import torch

from pinn.expressions import Equations
from pinn.runs.checkpoint import Checkpoint
from pinn.runs.trusted import find_class
from tests.fuzzing import fuzz


def test_texts_are_read_or_refused() -> None:
    outcomes = Counter[str]()
    fuzz.fuzz_formulas(1000, None, outcomes)
    assert sum(outcomes.values()) >= 900
    assert outcomes["read"] > 50
    assert outcomes["refused"] > 500


@pytest.mark.filterwarnings("ignore:Detected pickle protocol", "ignore:Complex modules")
def test_damaged_checkpoints_are_refused() -> None:
    outcomes = Counter[str]()
    fuzz.fuzz_checkpoints(150, None, outcomes)
    assert sum(outcomes.values()) >= 130
    assert sum(count for outcome, count in outcomes.items() if outcome.startswith("refused")) > 70


def test_forged_run_folders_do_nothing() -> None:
    outcomes = Counter[str]()
    fuzz.fuzz_recipes(200, None, outcomes)
    assert sum(outcomes.values()) >= 360
    assert outcomes["refused to be loaded"] > 50
    assert outcomes["refused to be resumed"] > 50
    assert outcomes["loaded"] > 10
    assert outcomes["resumed"] > 3


def test_a_careless_reader_of_recipes_is_caught(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that imports what a recipe names, and judges it after."""

    def careless(name: object, key: str, trust: object) -> type:
        with contextlib.suppress(Exception):
            importlib.import_module(str(name).rpartition(".")[0])
        return find_class(name, key)

    monkeypatch.setattr("pinn.runs.instantiate.find_class", careless)
    assert fuzz.main(["recipes", "--inputs", "300"]) == 1
    assert "WRONG: ['import " in capsys.readouterr().out


def test_a_text_that_does_anything_else_is_shown_as_short_as_it_can_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = Equations.of

    def careless(text: str, names: object) -> object:
        return {}["key"] if "sin(" in text else read(text, names)  # type: ignore[arg-type]

    monkeypatch.setattr(Equations, "of", careless)
    assert fuzz.main(["formulas", "--inputs", "200"]) == 1
    assert "WRONG: KeyError: 'key': 'sin('" in capsys.readouterr().out


def test_a_checkpoint_that_is_taken_for_what_it_is_not_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = fuzz.load_checkpoint
    whole: list[Checkpoint] = []

    def careless(path: object) -> Checkpoint:
        """Reads the checkpoint at first, and later another in its place."""
        whole.append(load(path))  # type: ignore[arg-type]
        weights = {name: value + (len(whole) > 1) for name, value in whole[0].weights.items()}
        return Checkpoint(whole[0].path, whole[0].step, whole[0].config, weights, whole[0].state)

    monkeypatch.setattr(fuzz, "load_checkpoint", careless)
    assert fuzz.main(["checkpoints", "--inputs", "60"]) == 1
    assert "other content, without a word" in capsys.readouterr().out
    assert torch.get_num_threads() == 1


def test_a_fuzzer_sees_other_errors_and_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang() -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "LONGEST_S", 0.05)
    with pytest.raises(AssertionError, match="TimeoutError"):
        fuzz.outcome(hang, "read", "text")
    with pytest.raises(AssertionError, match="IndexError"):
        fuzz.outcome(lambda: [][0], "read", "text")
    with pytest.raises(AssertionError, match="FileNotFoundError"):
        fuzz.outcome(lambda: open("no such file"), "read", "text")  # noqa: SIM115
    with pytest.raises(AssertionError, match="does not say 'a file'"):
        fuzz.outcome(lambda: int("a"), "read", "text", says="a file")
    assert fuzz.outcome(lambda: int("a"), "read", "text") == "refused"
    assert fuzz.outcome(lambda: 1, "read", "text") == "read"
