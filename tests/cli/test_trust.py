"""A run folder is data: no command imports what it names, nor anything in it, without the user's explicit word."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinn import load_run
from pinn.cli import train, train_job
from pinn.runs.checkpoint import load_checkpoint
from pinn.runs.job import Job, stored_config
from pinn.runs.resuming import Resumed
from pinn.runs.trusted import modules_named, run_folder_around
from tests.cli.forging import code, forge

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "optimizer=adam", "steps=2"]
MINE = """
import pathlib
pathlib.Path(__file__).with_name("imported").touch()
from pinn.domains import Box as Domain
from pinn.networks import MLP as Net
from pinn.operators import Auto as Strategy
from pinn.optimizers import Adam as Optimizer
from pinn.pdes import Poisson as Pde
from pinn.samplers import Sobol as Sampler
from pinn.runs.tracking import MetricsAlone as Tracker
from pinn.weighting import Fixed as Weighting
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_job, "draw", lambda folder, trust: None)
        patch.setattr(sys, "argv", [])
        train.main([*TINY, f"hydra.run.dir={folder}"])
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run of a colleague below a working folder, each with a module; what was imported is forgotten after."""
    copy = tmp_path / "outputs" / "colleague"
    copy.mkdir(parents=True)
    for file in trained.iterdir():
        if file.is_file():
            (copy / file.name).write_bytes(file.read_bytes())
    (copy / "evil.py").write_text(MINE)
    (tmp_path / "mine_of_test.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", [])
    before = set(sys.modules)
    yield copy
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("outputs", "evil", "mine_of_test"):
            del sys.modules[name]


ENTRIES: dict[str, list[str]] = {
    "solution": ["plot", "solution", "RUN"],
    "residual": ["plot", "residual", "RUN"],
    "animation": ["plot", "animation", "RUN"],
    "report": ["report", "RUN"],
    "export": ["export", "RUN", "--format", "npz"],
    "validate": ["validate", "RUN"],
    "reproduce": ["reproduce", "RUN"],
    "resume": ["train", "resume=RUN", "steps=4"],
}


def words(entry: str, folder: Path) -> list[str]:
    return [word.replace("RUN", str(folder)) for word in ENTRIES[entry]]


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("module", ["outputs.colleague.evil", "evil", "mine_of_test"])
def test_no_command_imports_what_a_run_names(
    entry: str, module: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the working folder, and from within the run folder."""
    forge(folder, pde={"_target_": f"{module}.Pde"})
    if module == "evil":
        sys.path.append(str(folder))
    result = code(words(entry, folder))
    said = f"{result}{capsys.readouterr().err}"
    assert result not in (0, None)
    assert f"--trust {module.split('.')[0]}" in said
    assert "Traceback" not in said
    assert not list(Path.cwd().rglob("imported"))
    assert module not in sys.modules


@pytest.mark.parametrize("key", ["pde", "network", "vjp", "optimizer", "sampler", "weighting", "domain", "stage"])
def test_nested_recipes_are_judged_too(key: str, folder: Path) -> None:
    kind = {"network": "Net", "vjp": "Strategy", "stage": "Optimizer"}.get(key, key.capitalize())
    recipe = {"_target_": f"mine_of_test.{kind}"}
    changes: dict[str, Any] = {
        "domain": {"pde": {"_target_": "pinn.pdes.Poisson", "domain": recipe}},
        "stage": {"optimizer": {"_target_": "pinn.optimizers.Schedule", "stages": {"a": recipe}}},
    }.get(key, {key: recipe})
    forge(folder, **changes)
    sys.path.append(str(Path.cwd()))
    with pytest.raises(ValueError, match="--trust mine_of_test"):
        Job.of(Resumed.of(str(folder), {}, []).config)
    assert not Path("imported").exists()


def test_the_library_asks_for_the_same_word(folder: Path) -> None:
    forge(folder, pde={"_target_": "mine_of_test.Pde"})
    sys.path.append(str(Path.cwd()))
    with pytest.raises(ValueError, match=r"load_run\(…, trust=\['mine_of_test'\]\)"):
        load_run(folder)
    assert not Path("imported").exists()
    run = load_run(folder, trust=["mine_of_test"])
    assert type(run.pde).__name__ == "Poisson"
    assert Path("imported").exists()
    with pytest.raises(ValueError, match="--trust mine_of_test"):  # each time
        load_run(folder)


@pytest.mark.parametrize("entry", ["residual", "export", "reproduce", "resume"])
def test_a_users_own_module_works_with_his_word(
    entry: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_job, "draw", lambda folder, trust: load_run(folder, trust))
    forge(folder, pde={"_target_": "mine_of_test.Pde"})
    assert code([*words(entry, folder), "--trust", "mine_of_test"]) in (0, None), capsys.readouterr().err
    assert Path("imported").exists()
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix not in (".py", ".png"):
            assert b"trust" not in file.read_bytes(), file


@pytest.mark.parametrize("module", ["outputs.colleague.evil", "evil"])
def test_nothing_is_imported_from_inside_a_run_folder_whatever_is_trusted(
    module: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(folder, pde={"_target_": f"{module}.Pde"})
    sys.path.append(str(folder))
    assert code([*words("residual", folder), "--trust", module.split(".")[0]]) == 1
    assert "nothing is imported from there" in capsys.readouterr().err
    with pytest.raises(ValueError, match="nothing is imported from there"):
        load_run(folder, trust=[module])
    assert not list(Path.cwd().rglob("imported"))


def test_the_working_folder_is_no_place_for_modules_where_it_is_a_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    forge(folder, pde={"_target_": "evil.Pde"})
    assert code(["plot", "residual", ".", "--trust", "evil"]) == 1
    assert str(folder) not in sys.path
    assert not Path("imported").exists()


def test_what_the_user_types_is_his_own_word(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the working folder, named on the command line: no more to be said, neither then nor for its plots."""
    monkeypatch.setattr(train_job, "draw", lambda folder, trust: load_run(folder, trust))
    new = tmp_path / "new"
    assert code(["train", *TINY, "vjp._target_=mine_of_test.Strategy", f"hydra.run.dir={new}"]) in (0, None)
    assert load_checkpoint(new / "checkpoint.pt").config["vjp"] == {"_target_": "mine_of_test.Strategy"}
    with pytest.raises(ValueError, match="--trust mine_of_test"):
        load_run(new)


@pytest.mark.parametrize("option", ["--config-dir", "--config-dir=", "-cd", "--config-path"])
def test_no_configuration_is_taken_from_a_run_folder(option: str, folder: Path) -> None:
    (folder / ".hydra").mkdir()
    given = [f"{option}{folder / '.hydra'}"] if option.endswith("=") else [option, str(folder / ".hydra")]
    assert "from which no configuration is taken" in str(code(["train", *TINY, *given]))
    assert "executes" in str(code(["train", "--experimental-rerun", str(folder / "config.pickle")]))


def remote(uri: str | None) -> dict[str, Any]:
    return {"_target_": "pinn.trackers.mlflow.MLflow", "tracking_uri": uri}


@pytest.mark.parametrize("tracker", [remote("http://127.0.0.1:9"), {"_target_": "pinn.cli.train.Task"}])
def test_a_run_folder_chooses_no_address(
    tracker: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from pinn.trackers.mlflow import MLflow

    monkeypatch.setattr(train_job, "draw", lambda folder, trust: None)
    started: list[Any] = []
    monkeypatch.setattr(MLflow, "start", lambda self, config, folder: started.append(self))
    forge(folder, tracker=tracker)
    assert code(words("resume", folder)) in (0, None)
    assert started == []
    assert "not taken from its folder" in capfd.readouterr().out
    again = [f"resume={folder}", "steps=6", "tracker=mlflow", "tracker.tracking_uri=http://127.0.0.1:9"]
    assert code(["train", *again]) in (0, None)
    assert [tracker.tracking_uri for tracker in started] == ["http://127.0.0.1:9"]


def test_neither_validate_nor_reproduce_builds_a_tracker(folder: Path) -> None:
    forge(folder, tracker=remote("http://127.0.0.1:9"))
    assert type(Job.of(stored_config(load_run(folder))).tracker).__name__ == "MetricsAlone"


def test_the_environment_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "12345")
    forge(folder, network={"_target_": "pinn.networks.MLP", "activation": "${oc.env:SECRET}"})
    with pytest.raises(ValueError, match="no run stores what is to be looked up") as error:
        load_run(folder)
    assert "12345" not in str(error.value)
    said = str(code(["train", *TINY, "network.activation=${oc.env:SECRET}", "hydra.run.dir=new"]))
    assert "may not read the environment" in said
    assert not any(b"12345" in file.read_bytes() for file in Path("new").rglob("*") if file.is_file())


LINKS = [(entry, name) for entry in ("residual", "resume", "reproduce") for name in ("checkpoint.pt", "reproduction")]


@pytest.mark.parametrize(
    ("entry", "name"), [*LINKS, *(("report", n) for n in ("summary.json", "solution.png", "checkpoints"))]
)
def test_no_link_leads_out_of_a_run_folder(
    entry: str, name: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "outside"
    if name in ("checkpoints", "reproduction"):
        outside.mkdir()
    elif (folder / name).exists():
        (folder / name).rename(outside)
    else:
        outside.write_text("precious")
    (folder / name).symlink_to(outside)
    result = code(words(entry, folder))
    assert "symbolic link that leads out of the run folder" in f"{result}{capsys.readouterr().err}"
    assert not outside.is_dir() or not list(outside.iterdir())


def test_run_folders_are_recognised(folder: Path, tmp_path: Path) -> None:
    assert run_folder_around(folder / "a" / "b") == folder
    assert run_folder_around(tmp_path) is None
    config = {"a": [{"_target_": "mine.A"}], "b": {"_target_": "pinn.pdes.Poisson", "c": {"_target_": "x.y.Z"}}}
    assert modules_named(config) == {"mine", "x.y"}
