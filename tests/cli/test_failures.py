"""Errors that the user can put right, in one line: memory from every place, and what belongs to no place."""

import json
from pathlib import Path

import pytest
import torch

from pinn.cli import following, train, train_job
from pinn.cli.failures import one_line
from pinn.cli.main import main
from pinn.cli.train_job import in_words
from pinn.training.failures import LESS_MEMORY, NotEnoughMemoryError

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "optimizer=adam", "steps=2"]
KINDS = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried to"),
]


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("place", ["build_job", "save_run", "draw", "metrics"])
@pytest.mark.slow
def test_memory_that_is_not_enough_is_told_from_every_place(
    error: Exception, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    if place == "metrics":
        monkeypatch.setattr(following.MetricsFile, "record", fails)
    else:
        monkeypatch.setattr(train_job, place, fails)
    with pytest.raises(SystemExit) as stop:
        train.main([*TINY, "hydra.run.dir=run"])
    assert stop.value.code == f"Error: Out of memory. {LESS_MEMORY}"
    assert LESS_MEMORY in Path("run/failure.txt").read_text()


@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_the_other_commands_say_what_takes_less(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("pinn.runs.run.load_run", fails)
    with pytest.raises(SystemExit) as stop:
        main(["plot", "solution", "run"])
    assert stop.value.code == 1
    assert capsys.readouterr().err == "error: out of memory. Lower --points.\n"


def test_another_error_stays_what_it_is() -> None:
    error = RuntimeError("another")
    assert in_words(error) is error
    before = NotEnoughMemoryError("with its own words")
    assert in_words(before) is before
    assert one_line(OSError(28, "No space left on device", "a/b")) == "No space left on device: a/b"
    assert one_line(ValueError("first\nsecond")) == "first"
    assert one_line(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_an_exact_solution_of_0_has_absolute_errors(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    zero = ["pde=expression", "pde.equation='laplacian(u) = 0'", "pde.boundary='0'", "pde.exact='0'", "pde.hard=false"]
    with pytest.raises(SystemExit, match="whose exact solution is not 0"):
        train.main([*TINY, *zero, "hydra.run.dir=a", "target_error=0.1"])
    train.main([*TINY, *zero, "hydra.run.dir=b"])
    said = capfd.readouterr().out
    assert "an absolute one, since the exact solution is 0" in said
    assert "inf" not in said
    summary = json.loads(Path("b/summary.json").read_text())
    assert summary["rel_l2"] is None
    assert summary["max_error"] > 0
