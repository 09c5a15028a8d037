"""Two runs never share a folder: what is refused, before anything in the folder is touched, and what gets another."""

import json
import os
from pathlib import Path

import pytest

from pinn.cli import train, train_job
from pinn.cli.folders import check_folders, quoted
from pinn.runs.checkpoint import CHECKPOINT, UNDERWAY, load_checkpoint, newest_checkpoint
from pinn.runs.claim import claimed
from tests.runs.test_claim import child_that_holds, end

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "optimizer=adam", "steps=2"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    monkeypatch.chdir(tmp_path)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(*arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        train.main([*arguments, *TINY])
    assert isinstance(stop.value.code, str)
    assert len(stop.value.code.splitlines()) == 1
    return stop.value.code


def test_a_used_folder_is_refused_and_left_as_it_was() -> None:
    train.main([*TINY, "hydra.run.dir=run"])
    before = content(Path("run"))
    assert "hydra.yaml" in " ".join(before)
    assert "is the folder of another run: it has checkpoint.pt. Go on with that by resume=" in refusal(
        "pde=heat", "hydra.run.dir=run"
    )
    assert content(Path("run")) == before
    Path("conf/experiment").mkdir(parents=True)
    Path("conf/experiment/mine.yaml").write_text("# @package _global_\nhydra: {run: {dir: run}}\n")
    assert "is the folder of another run" in refusal("--config-dir", "conf", "experiment=mine")
    assert content(Path("run")) == before


def test_a_folder_in_use_is_refused_and_left_as_it_was() -> None:
    train.main([*TINY, "hydra.run.dir=run"])
    child = child_that_holds(Path("run"))
    try:
        before = content(Path("run"))
        for words in ([*TINY, "hydra.run.dir=run"], ["resume=run", "steps=4"]):
            with pytest.raises(SystemExit, match=f"in use by another run .process {child}"):
                train.main(words)
        assert content(Path("run")) == before
    finally:
        end(child)
    train.main(["resume=run", "steps=4"])
    assert newest_checkpoint(Path("run")).step == 4


@pytest.mark.slow
def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hydra.core.utils.datetime", _Stopped)
    for _ in range(3):
        train.main(TINY)
    names = sorted(path.name for path in Path("outputs/poisson").iterdir())
    assert names == ["2025-01-31_12-00-00", "2025-01-31_12-00-00-2", "2025-01-31_12-00-00-3"]
    ids = {load_checkpoint(path).run_id for path in Path("outputs").rglob(CHECKPOINT)}
    assert len(ids) == 3
    for _ in range(2):
        train.main(["-m", *TINY, "seed=0,1"])
    assert {str(path) for path in Path("multirun").rglob("summary.json")} == {
        f"multirun/2025-01-31_12-00-00{end}/{job}/summary.json" for end in ("", "-2") for job in (0, 1)
    }


class _Stopped:
    @staticmethod
    def now() -> "_Stopped":
        return _Stopped()

    def strftime(self, pattern: str) -> str:
        assert pattern == "%Y-%m-%d_%H-%M-%S"
        return "2025-01-31_12-00-00"


def test_checkpoints_of_two_runs_are_not_mixed(tmp_path: Path) -> None:
    train.main([*TINY, "checkpoint_s=0", "hydra.run.dir=a"])
    train.main([*TINY, "checkpoint_s=0", "hydra.run.dir=b", "seed=1"])
    first = load_checkpoint(Path("a", CHECKPOINT))
    assert first.run_id == load_checkpoint(next(Path("a", UNDERWAY).glob("step-*"))).run_id
    assert first.run_id != load_checkpoint(Path("b", CHECKPOINT)).run_id
    (tmp_path / "b" / CHECKPOINT).rename(tmp_path / "a" / CHECKPOINT)
    with pytest.raises(SystemExit, match=r"holds checkpoints of 2 runs: checkpoint\.pt of .*Move those of all but one"):
        train.main(["resume=a", "steps=4"])


def test_a_run_keeps_its_id_when_it_goes_on() -> None:
    train.main([*TINY, "hydra.run.dir=run"])
    before = load_checkpoint(Path("run", CHECKPOINT)).run_id
    train.main(["resume=run", "steps=4"])
    assert load_checkpoint(Path("run", CHECKPOINT)).run_id == before
    assert json.loads(Path("run/summary.json").read_text())["run_id"] == before


def test_a_sweep_refuses_the_folder_of_another() -> None:
    sweep = ["-m", "seed=0,1", "hydra.sweep.dir=sweep"]
    train.main([*sweep, *TINY])
    before = content(Path("sweep"))
    assert "holds a job of another sweep" in refusal(*sweep)
    assert content(Path("sweep")) == before


@pytest.mark.parametrize("key", ["resume", "hydra.run.dir", "hydra.sweep.dir"])
@pytest.mark.parametrize("value", ["", "''", '""'])
def test_a_folder_without_name_is_refused(key: str, value: str) -> None:
    assert f"{key}= needs the name of a folder" in refusal(f"{key}={value}")
    assert not Path("outputs").exists()


def test_names_that_cannot_be_folders_are_one_line() -> None:
    assert "File name too long" in refusal(f"hydra.run.dir={'a' * 300}")
    assert "File name too long" in refusal("hydra.run.dir=${pde}/" + "a" * 300)
    assert "nosuch" in refusal("hydra.run.dir=${nosuch:a}")
    assert "nosuch" in refusal("network.width=${nosuch:a}", "hydra.run.dir=run")
    Path("file").touch()
    assert "is a file" in refusal("hydra.run.dir=file/run")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_one_line() -> None:
    Path("locked").mkdir(mode=0o500)
    assert "nothing can be written" in refusal("hydra.run.dir=locked/run")
    assert "Permission denied" in refusal("hydra.run.dir=./${seed}/../locked/run")


def test_a_full_disk_at_the_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever Hydra or we write first."""

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device", str(arguments[0]))

    for place, name in ((Path, "mkdir"), (os, "write")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(SystemExit, match="No space left on device"):
                train.main([*TINY, f"hydra.run.dir={name}"])


@pytest.mark.parametrize("name", ["it's", "a\\b", "a,b", "ü b", "a=b", "[x]"])
@pytest.mark.slow
def test_a_run_in_a_folder_of_any_name_goes_on(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    train.main([*TINY, f"hydra.run.dir={quoted(folder)}"])
    assert (folder / CHECKPOINT).is_file()
    train.main([f"resume={quoted(folder)}", "steps=3"])
    assert newest_checkpoint(folder).step == 3
    with claimed(folder):
        pass


def test_a_folder_with_the_name_of_a_resolver_is_refused(tmp_path: Path) -> None:
    (tmp_path / "${oc.env:HOME}").mkdir()
    with pytest.raises(SystemExit, match="something to look up; rename it"):
        train.main(["resume='${oc.env:HOME}'"])


def test_folders_that_can_be_made_are_not_refused(tmp_path: Path) -> None:
    check_folders(["hydra.run.dir=${now:%Y}", f"hydra.sweep.dir={tmp_path / 'new'}", "seed=1", "-m", "resume=null"])


def test_a_command_without_any_argument_is_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pinn train` alone, whose words are none."""
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(train.Task, "__call__", lambda task, config: started.append(task.trust))
    train.main([])
    assert started == [()]
