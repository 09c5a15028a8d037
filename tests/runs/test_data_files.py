"""Files of data travel with a run, and a run folder reads no other file of whoever loads it."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinn import load_run
from pinn.cli import train, train_job
from pinn.pdes import Inverse
from pinn.runs.checkpoint import load_checkpoint
from pinn.runs.checksum import fingerprint
from pinn.runs.data_files import DATA_FOLDER, find_file, with_copies
from pinn.runs.instantiate import build
from pinn.runs.job import Job
from pinn.runs.reproduce import compare, repeat
from pinn.runs.resuming import Resumed
from pinn.runs.run import Run
from pinn.runs.trusted import RecipeError

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "steps=2", "log_every=1"]


def measurements(path: Path, shift: float = 0.0) -> Path:
    generator = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, points=generator.random((30, 2)), values=generator.random(30) + shift)
    return path


def measured(run: Run) -> tuple[torch.Tensor, torch.Tensor, float]:
    assert isinstance(run.pde, Inverse)
    return run.pde.measurements


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of an inverse problem with a file of data in the working folder, which is not there any more."""
    work = tmp_path / "work"
    file = measurements(work / "sensors" / "data.npz")
    monkeypatch.chdir(work)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(train_job, "draw", lambda folder, trust: load_run(folder))
    train.main(["pde=inverse_heat", "pde.data=sensors/data.npz", *TINY, "hydra.run.dir=run"])
    shutil.rmtree(file.parent)
    return work / "run"


def test_a_run_with_data_travels(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved to another place it loads, is trained again bit for bit, and goes on."""
    assert load_checkpoint(trained / "checkpoint.pt").config["pde"]["data"] == f"{DATA_FOLDER}/data.npz"
    there = tmp_path / "elsewhere" / "run"
    shutil.move(trained, there)
    monkeypatch.chdir(tmp_path)
    run = load_run(there)
    assert len(measured(run)[0]) == 30
    again = repeat(run, there / "again")
    assert compare(run, again)["equal"]
    assert measured(load_run(there / "again"))[0].equal(measured(run)[0])
    train.main([f"resume={there}", "steps=4"])
    assert load_run(there).summary["steps"] == 4


def forge(folder: Path, data: str) -> None:
    path = folder / "checkpoint.pt"
    whole = torch.load(path, weights_only=True)
    whole["config"]["pde"] = {**whole["config"]["pde"], "data": data}
    content = {name: value for name, value in whole.items() if name != "fingerprint"}
    torch.save({**content, "fingerprint": fingerprint(content)}, path)


@pytest.mark.parametrize("how", ["absolute", "relative", "upward"])
def test_a_run_reads_no_file_outside_of_its_folder_without_a_word(how: str, trained: Path) -> None:
    secret = measurements(trained.parent / "secret.npz", 1.0)
    name = {"absolute": str(secret), "relative": "secret.npz", "upward": "../secret.npz"}[how]
    forge(trained, name)
    words = r"is not in the run folder .* --trust"
    with pytest.raises(ValueError, match=words):
        load_run(trained)
    resumed = Resumed.of(str(trained), {}, [])
    with pytest.raises(ValueError, match=words):
        Job.of_run(resumed.config, root=trained)
    with pytest.raises(SystemExit, match=words):
        train.main([f"resume={trained}", "steps=4"])


def test_with_the_users_word_it_is_read_and_copied(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = measurements(trained.parent / "own.npz", 1.0)
    monkeypatch.setattr(train_job, "draw", lambda folder, trust: None)
    forge(trained, "own.npz")  # as older versions stored it
    with pytest.raises(ValueError, match=r"say so each time: --trust \./own\.npz"):
        load_run(trained, trust=["own.npz"])  # the name of a module
    run = load_run(trained, trust=["./own.npz"])
    assert float(measured(run)[1].min()) >= 1
    train.main([f"resume={trained}", "steps=4", "--trust", str(own)])
    assert load_checkpoint(trained / "checkpoint.pt").config["pde"]["data"] == f"{DATA_FOLDER}/own.npz"
    own.unlink()
    assert float(measured(load_run(trained))[1].min()) >= 1


def test_every_argument_that_names_data_is_found_wherever_it_stands(tmp_path: Path) -> None:
    a, b = measurements(tmp_path / "a" / "points.npz"), measurements(tmp_path / "b" / "points.npz", 1.0)
    cloud = {"_target_": "pinn.domains.PointCloud", "file": str(a)}
    recipe: dict[str, Any] = {
        "pde": {
            "_target_": "pinn.pdes.Inverse",
            "pde": {"_target_": "pinn.pdes.Poisson", "domain": cloud},
            "data": str(b),
        },
        "domain": {"_target_": "pinn.domains.Difference", "a": cloud, "b": [cloud]},
        "overrides": ["pde.data=no"],
    }
    copied = with_copies(recipe, tmp_path / "run")
    names = {copied["pde"]["data"], copied["pde"]["pde"]["domain"]["file"]}
    assert names == {f"{DATA_FOLDER}/points.npz", f"{DATA_FOLDER}/points-2.npz"}
    assert copied["domain"]["a"]["file"] == copied["pde"]["pde"]["domain"]["file"] == copied["domain"]["b"][0]["file"]
    assert copied["overrides"] == ["pde.data=no"]
    assert recipe["domain"]["a"]["file"] == str(a)  # the one that was given is as it was
    assert with_copies(copied, tmp_path / "run") == copied
    assert len(list((tmp_path / "run" / DATA_FOLDER).iterdir())) == 2


def test_what_is_typed_is_read_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_file("a.npz", "pde.data", None) == "a.npz"
    with pytest.raises(RecipeError, match=r"pde.data names the file '/etc/passwd'.*--trust /etc/passwd"):
        find_file("/etc/passwd", "pde.data", tmp_path)
    with pytest.raises(RecipeError, match=r"domain.file names the file '../a.stl'"):
        build({"_target_": "pinn.domains.Mesh", "file": "../a.stl"}, "domain", root=tmp_path)
    with pytest.raises(RecipeError, match=r"domain.file=3 is not valid: expected a text or null"):
        build({"_target_": "pinn.domains.Mesh", "file": 3}, "domain", root=tmp_path)
