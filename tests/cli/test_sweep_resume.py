"""A sweep that was cut off goes on: `sweep.resume=true` leaves out what has ended and resumes the rest."""

import json
from pathlib import Path

import pytest

from pinn.cli import following, train, train_job

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "optimizer=adam", "steps=6"]
SWEEP = ["-m", "seed=0,1,2", *TINY, "checkpoint_s=0", "keep_checkpoints=1"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.chdir(tmp_path)


def summaries(folder: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob("*/summary.json"))}


def cut_off(*arguments: str) -> None:
    """The sweep, with a kill in the midst of its second job."""
    begun: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        whole = following.Training.follow

        def follow(self: following.Training, label: str):
            begun.append(label)
            if len(begun) == 2:
                patch.setattr(type(self._checkpoints), "save", _saved_then_killed(type(self._checkpoints).save))
            return whole(self, label)

        patch.setattr(following.Training, "follow", follow)
        with pytest.raises(SystemExit) as stop:
            train.main([*SWEEP, *arguments])
        assert stop.value.code == 137


def _saved_then_killed(save):
    def killed(self, step) -> None:
        save(self, step)
        if step.step == 3:
            raise SystemExit(137)

    return killed


@pytest.mark.parametrize("named", [True, False], ids=["named", "found"])
@pytest.mark.slow
def test_a_sweep_goes_on(named: bool, capfd: pytest.CaptureFixture[str]) -> None:
    train.main([*SWEEP, "hydra.sweep.dir=whole"])
    folder = ["hydra.sweep.dir=sweep"] if named else []
    cut_off(*folder)
    sweep = Path("sweep") if named else next(Path("multirun").iterdir())
    before = {name: (sweep / name / "checkpoint.pt").stat().st_mtime_ns for name in "0"}
    assert set(summaries(sweep)) == set(before)
    capfd.readouterr()
    train.main([*SWEEP, "sweep.resume=true", *folder])
    said = capfd.readouterr().out
    assert said.count("the job has ended before, and is left out") == 1
    assert "going on after step 3" in said
    assert {name: (sweep / name / "checkpoint.pt").stat().st_mtime_ns for name in "0"} == before
    whole, found = summaries(Path("whole")), summaries(sweep)
    assert [found[name]["rel_l2"] for name in "012"] == [whole[name]["rel_l2"] for name in "012"]
    assert [found[name]["resumed"] for name in "012"] == [[], [3], []]
    assert not any("sweep.resume" in word for summary in found.values() for word in summary["overrides"])
    assert not named or not Path("multirun").exists()
    train.main([*SWEEP, "sweep.resume=true", *folder])  # and once more, of which nothing is left


def test_another_command_does_not_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    cut_off("hydra.sweep.dir=sweep")
    capfd.readouterr()
    with pytest.raises(SystemExit):
        train.main(["-m", "seed=7,8", *TINY, "sweep.resume=true", "hydra.sweep.dir=sweep"])
    assert capfd.readouterr().err.count("needs the same command as before") >= 1
    assert json.loads(Path("sweep/0/summary.json").read_text())["seed"] == 0
    with pytest.raises(SystemExit, match="finds no sweep of the same command"):
        train.main(["-m", "seed=7,8,9", *TINY, "sweep.resume=true"])


def test_a_single_run_is_no_sweep() -> None:
    with pytest.raises(SystemExit, match=r"sweep\.resume=true goes with -m"):
        train.main([*TINY, "sweep.resume=true"])
