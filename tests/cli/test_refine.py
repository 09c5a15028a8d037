"""`pinn refine`: a new run folder with more digits, which the other commands understand or refuse by name."""

import json
from pathlib import Path

import pytest
import torch
from torch.func import vmap

from pinn import load_run
from pinn.cli import info, plot, refine, reproduce, train, validate
from pinn.export.samples import export_samples
from tests.trained_run import trained_run

TINY = ["network.width=8", "network.depth=2", "sampler.interior=100", "sampler.boundary=20", "threads=1", "plots=false"]


def trained(folder: Path, *arguments: str) -> Path:
    return trained_run(folder, *TINY, *arguments)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    run = trained(tmp_path_factory.mktemp("runs") / "heat", "pde=heat", "optimizer=lm", "steps=12")
    assert refine.main([str(run), "--stages", "2", "--columns", "200"]) == 0
    return run, run.with_name("heat-refined")


def test_the_new_folder_is_a_run_with_more_digits(folders: tuple[Path, Path]) -> None:
    before, after = (load_run(folder) for folder in folders)
    assert after.summary["rel_l2"] < before.summary["rel_l2"] / 10
    exact = before.pde.exact
    assert exact is not None
    x = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = x * torch.tensor([1.0, 1.0], dtype=torch.float64)
    errors = [float((run(x) - vmap(exact)(x)).norm()) for run in (before, after)]
    assert errors[1] < errors[0] / 10
    told = after.summary["refined"]
    assert told["run"] == "heat"
    assert told["rel_l2"] == [pytest.approx(before.summary["rel_l2"]), after.summary["rel_l2"]]
    assert all(stage["after"] < stage["before"] for stage in told["stages"])
    first = told["error_estimates"][0]
    assert first["known"]
    assert 1 / 3 < first["relative_l2"] / before.summary["rel_l2"] < 3


@pytest.mark.slow
def test_other_commands_understand_it(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    folder = folders[1]
    assert info.main([str(folder)]) == 0
    assert "by the linearised equation, residual" in capsys.readouterr().out
    plot.main(["solution", str(folder)])
    plot.main(["history", str(folder)])
    assert export_samples(load_run(folder), "npz", folder / "field.npz")
    capsys.readouterr()
    assert validate.main([str(folder)]) == 0
    out = capsys.readouterr()
    assert "a refined field was not trained as it is" in out.err
    assert "Believe this run to" in out.out
    assert json.loads((folder / "validation.json").read_text())["verdict"] == "good"


def test_what_cannot_be_is_refused_by_name(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run, folder = folders
    assert reproduce.main([str(folder)]) == 2
    assert "reproduce and refine 'heat' again" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="a solution alone"):
        train.main([f"resume={folder}"])
    assert refine.main([str(run)]) == 1
    assert "is the folder of another run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pde=inverse_heat"], "diffusivity: pinn refine corrects a solution"),
        (["pde=heat", "windows=2"], "windows of time"),
    ],
)
def test_kinds_of_runs_that_are_not_refined(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run", *words, "optimizer=adam", "steps=2")
    capsys.readouterr()
    assert refine.main([str(run)]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run-refined" / "checkpoint.pt").exists()


def test_a_refined_run_is_refined_again(folders: tuple[Path, Path], tmp_path: Path) -> None:
    again = tmp_path / "again"
    code = refine.main([str(folders[1]), "--stages", "1", "--columns", "300", "--output", str(again)])
    if code == 0:  # what the functions do not resolve is not written
        assert load_run(again).summary["refined"]["run"] == "heat-refined"
        assert load_run(again).summary["rel_l2"] < load_run(folders[0]).summary["rel_l2"] / 10
    else:
        assert not (again / "checkpoint.pt").exists()
