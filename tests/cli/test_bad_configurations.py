"""Configurations that cannot work: each is refused before training has begun, in words that say what to change.

The cases are in `bad_configurations.txt`, one a line: what a user types, and words of the answer.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import OmegaConf

from pinn.cli import train_job
from pinn.cli.folders import check_folders
from pinn.runs.configs import config_folder
from pinn.runs.trusted import modules_named

CASES = [
    tuple(line.split("  =>  "))
    for line in Path(__file__).with_name("bad_configurations.txt").read_text(encoding="utf-8").splitlines()
]
FAST = CASES[::12]
TINY = {
    "network": ["network.width=6", "network.depth=2"],
    "sampler": ["sampler.interior=20", "sampler.boundary=8"],
    "steps": ["steps=1"],
}
REFUSALS = (ValueError, OSError, FloatingPointError, MemoryError, NotImplementedError, HydraException)
ODD_NETWORK = """
import torch
from torch import nn

class Odd(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, 1)

    def forward(self, x):
        return torch.special.bessel_j0(self.layer(x))[..., 0]

class NoWeights(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
"""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that are not what they should be."""
    path = tmp_path_factory.mktemp("files")
    for name in ("text.stl", "text.npz", "csv.csv", "noext"):
        (path / name).write_text("hello")
    (path / "empty.stl").touch()
    import trimesh

    trimesh.creation.box().export(path / "nan.stl", "stl_ascii")
    text = (
        (path / "nan.stl").read_text().replace("vertex -5.0", "vertex nan", 1).replace("vertex -0.5", "vertex nan", 1)
    )
    (path / "nan.stl").write_text(text)
    corners = "vertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0"
    (path / "open.stl").write_text(
        f"solid a\nfacet normal 0 0 1\nouter loop\n{corners}\nendloop\nendfacet\nendsolid a\n"
    )
    angle = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    rim = np.stack([np.cos(angle), np.sin(angle)], 1)
    inside, objects, texts = rim / 2, np.full((50, 2), None), np.full((50, 2), "a")
    broken = np.where(np.arange(50)[:, None] == 3, np.nan, inside)
    clouds = {"zero_normals": (inside, rim, 0 * rim), "nan": (broken, rim, rim), "strings": (texts, rim, rim)}
    clouds |= {"objects": (objects, rim, rim), "onedim": (angle,) * 3, "inward": (inside, rim, -rim)}
    clouds |= {"complex": (inside * 1j, rim, rim)}
    for name, arrays in clouds.items():
        # Under both names, so that a file serves point clouds and measurements.
        found = dict(zip(("inside", "rim", "normals"), arrays, strict=True))
        np.savez(path / f"{name}.npz", **found, points=(inside + 1) / 2, values=arrays[0][..., 0])
    points, values = (rim + 1) / 2, angle
    np.savez(path / "lacks.npz", inside=inside, points=points)
    np.savez(path / "good.npz", points=points, values=values)
    np.savez(path / "outside.npz", points=points + 1, values=values)
    np.savez(path / "shape.npz", points=points[:, :1], values=values)
    np.savez(path / "inf.npz", points=points, values=np.where(angle > 1, np.inf, angle))
    np.savez(path / "count.npz", points=points, values=values[:-1])
    np.savez(path / "obj.npz", points=points, values=objects[:, 0])
    np.savez(path / "str.npz", points=points, values=texts[:, 0])
    np.savez(path / "empty.npz", points=points[:0], values=values[:0])
    (path / "trunc.npz").write_bytes((path / "good.npz").read_bytes()[:300])
    np.save(path / "one.npy", inside)
    (path / "odd_network.py").write_text(ODD_NETWORK)
    return path


def refusal(line: str) -> Exception:
    """What comes of a configuration up to the end of the first step, which has to be an error."""
    overrides = shlex.split(line)
    chosen = {override.split("=")[0] for override in overrides}
    tiny = [value for group, values in TINY.items() if group not in chosen for value in values]
    with pytest.raises(REFUSALS) as caught:  # noqa: PT012
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            config = compose("train", [*tiny, *overrides])
        recipes: dict[str, Any] = OmegaConf.to_container(config, resolve=True)  # pyright: ignore[reportAssignmentType]
        recipes.pop("sweep")
        next(train_job.build_job(recipes, modules_named(recipes)).train())
    return caught.value


def check(line: str, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear message; that of a formula has a second line with the text and a third with the caret."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    error = refusal(line)
    said = str(error)
    assert words in said
    if not isinstance(error, HydraException) and "^" not in said:
        assert len(said.splitlines()) == 1
        assert len(said) < 1000


@pytest.mark.parametrize(("line", "words"), FAST, ids=[line for line, _ in FAST])
def test_is_refused(line: str, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(line, words, folder, monkeypatch)


SLOW = [case for case in CASES if case not in FAST]


@pytest.mark.nightly
@pytest.mark.parametrize(("line", "words"), SLOW, ids=[line for line, _ in SLOW])
def test_all_are_refused(line: str, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(line, words, folder, monkeypatch)


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 200
    assert len({line for line, _ in CASES}) == len(CASES)


PROCESSES = {
    "hydra.run.dir=a_file": "hydra.run.dir=a_file is not valid",
    "optimizer=adam optimizer.lr=nan": "optimizer.lr=nan is not valid",
    "threads=100000": "threads=100000 is not valid",
    "pde=inverse_heat pde.data=missing.npz": "there is no file 'missing.npz'",
}


@pytest.mark.nightly
@pytest.mark.parametrize("line", PROCESSES)
def test_a_process_ends_with_code_1_and_one_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    train = Path(__file__).parents[2] / "scripts" / "train.py"
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    settings.pop("HYDRA_FULL_ERROR", None)
    tiny = ["network.width=6", "network.depth=1", "sampler.interior=20", "sampler.boundary=8", "steps=1"]
    command = [sys.executable, str(train), *tiny, *shlex.split(line)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=settings, timeout=120)
    assert result.returncode == 1
    assert PROCESSES[line] in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_leave_to_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="nothing can be written"):
        check_folders([f"hydra.run.dir={tmp_path / 'run'}"])


def test_a_folder_beneath_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a_file").touch()
    with pytest.raises(ValueError, match=r"run\.dir=.* is not valid: '.*a_file' is a file"):
        check_folders(["seed=1", f"hydra.run.dir={tmp_path / 'a_file' / 'run'}"])
    check_folders(["hydra.run.dir=${now:%Y}", f"hydra.sweep.dir={tmp_path / 'new'}"])
