"""Runs that are killed, interrupted or diverge: what they leave, how they end, and how they go on."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from pinn.cli import train, train_job
from pinn.cli.hydra_words import hydra_words
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint, newest_checkpoint
from pinn.runs.resuming import KEYS, Resumed
from tests.fuzzing import kills


@pytest.mark.slow
def test_killed_runs_go_on_bit_for_bit(tmp_path: Path) -> None:
    """One kill for each job; `python -m tests.fuzzing.kills --kills 50` has more."""
    met, lost, wrong = kills.kill_and_compare(len(kills.JOBS), 1, tmp_path, 600.0)
    assert wrong == []
    assert sum(met.values()) >= len(kills.JOBS) // 2
    assert lost <= 1


def code_after(folder: Path, number: signal.Signals) -> int:
    """The exit code of a run that gets a signal after its first checkpoint."""
    command = [*kills.SMALL.split(), "steps=4000", "optimizer=adam", "checkpoint_s=0", f"hydra.run.dir={folder}"]
    child = kills.forked(command, folder)
    while not list((folder / "checkpoints").glob("step-*.pt")):
        time.sleep(0.01)
    os.kill(child, number)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_finishes_the_step_and_saves(number: signal.Signals, code: int, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert code_after(folder, number) == code
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["reason"] == number.name
    assert load_checkpoint(folder / CHECKPOINT).state is not None
    kills.finished([f"resume={folder}", f"steps={summary['steps'] + 5}"], folder)
    again = json.loads((folder / "summary.json").read_text())
    assert (again["status"], again["steps"]) == ("completed", summary["steps"] + 5)
    assert again["resumed"] == [summary["steps"]]


@pytest.mark.nightly
def test_divergence_ends_with_code_3_and_the_last_good_solution(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [*kills.SMALL.split(), "optimizer=adam", "optimizer.lr=1e200", f"hydra.run.dir={folder}"]
    _, status = os.waitpid(kills.forked(command, folder), 0)
    assert os.waitstatus_to_exitcode(status) == 3
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "diverged"
    assert "at the point" in summary["reason"]
    assert summary["rel_l2"] is not None


def test_the_folder_of_a_run_is_its_own(tmp_path: Path) -> None:
    found = hydra_words([f"resume={tmp_path}", "steps=3"])
    assert found == [f"resume={tmp_path}", "steps=3", f"hydra.run.dir='{tmp_path}'", "hydra.output_subdir=null"]
    assert hydra_words(["pde=heat"]) == ["pde=heat"]
    with pytest.raises(ValueError, match="no such run folder"):
        hydra_words(["resume=nowhere"])
    with pytest.raises(ValueError, match="leave out -m"):
        hydra_words(["-m", f"resume={tmp_path}"])


def test_a_run_keeps_its_problem(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"pde\.hard cannot change with resume=.*These may change: steps"):
        Resumed.of(str(tmp_path), {}, [f"resume={tmp_path}", "pde.hard=false"])
    assert "budget_s" in KEYS


def test_going_back_to_an_earlier_checkpoint_is_not_undone_by_later_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    monkeypatch.setattr("sys.argv", [])
    folder = tmp_path / "run"
    small = [*kills.SMALL.split(), "optimizer=lm", "checkpoint_s=0", "keep_checkpoints=10"]
    train.main([*small, "steps=6", f"hydra.run.dir={folder}"])
    train.main([f"resume={folder}/checkpoints/step-000000002.pt", "steps=4"])
    assert newest_checkpoint(folder).step == load_checkpoint(folder / CHECKPOINT).step == 4
    aside = folder / "checkpoints" / "later-than-2"
    assert {path.name for path in aside.iterdir()} >= {CHECKPOINT, "step-000000005.pt"}
    assert load_checkpoint(aside / CHECKPOINT).step == 6
    train.main([f"resume={folder}", "steps=6"])
    first, second = load_checkpoint(aside / CHECKPOINT), load_checkpoint(folder / CHECKPOINT)
    assert all(bool((first.weights[name] == second.weights[name]).all()) for name in first.weights)
