"""Evidence about runs, and the verdict on a good one and on one that has fitted its points."""

import dataclasses
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from torch.func import vmap

from pinn import Run, load_run
from pinn.cli import train, train_job, validate
from pinn.plotting.validation import plot_evidence
from pinn.runs import evidence
from pinn.runs.evidence import Evidence, Residuals, known_error, reference_error, refined, residuals, untrained
from pinn.runs.verdict import judge

SMALL = ["network.width=12", "sampler.interior=200", "threads=1"]


def trained(folder: Path, *arguments: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["train.py", *arguments, f"hydra.run.dir={folder}"])
        patch.setattr(train_job, "draw", lambda *_: None)
        train.main()
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A penalised boundary, so that there are two conditions."""
    folder = tmp_path_factory.mktemp("runs") / "poisson"
    return load_run(trained(folder, *SMALL, "pde.hard=false", "optimizer=lm", "steps=80"))


def test_the_residual_at_fresh_points(run: Run) -> None:
    fresh, finer = (residuals(run, run.network, factor) for factor in (1, 4))
    assert (fresh.points, finer.points) == (200, 800)
    assert list(fresh.rms) == ["interior", "boundary"]
    rows = run.summary["scales"]["rows"]
    weights = {c.name: c.weight / rows[c.name][0] ** 2 for c in run.pde.soft_conditions()}
    square = sum(weights[name] * value**2 for name, value in finer.rms.items())
    assert finer.total == pytest.approx(math.sqrt(square))
    assert all(finer.largest[name] > finer.rms[name] for name in finer.rms)
    # As many points of another draw as those that the run itself held out.
    assert fresh.total == pytest.approx(run.summary["heldout_residual"], rel=0.5)
    assert fresh.total != run.summary["heldout_residual"]
    before = residuals(run, untrained(run), 1).total
    assert 0.1 < before < 10  # in parts of the sizes of its terms
    assert before > 1e2 * finer.total


def test_a_reference_file(run: Run, tmp_path: Path) -> None:
    points = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert run.pde.exact is not None
    exact = vmap(run.pde.exact)(points)
    for values in (exact, exact[:, None]):
        np.savez(tmp_path / "reference.npz", points=points, values=values)
        found = reference_error(run, tmp_path / "reference.npz")
        assert found == pytest.approx(float((vmap(run)(points) - exact).norm() / exact.norm()))
    known = known_error(run)
    assert known == run.summary["rel_l2"]
    assert found == pytest.approx(known, rel=0.9)


BAD = {
    "needs arrays 'points' and 'values'": {"points": np.zeros((3, 2))},
    "needs points (n, 2)": {"points": np.zeros((3, 1)), "values": np.zeros(3)},
    "got points (3, 2) and values (4,)": {"points": np.zeros((3, 2)), "values": np.zeros(4)},
    "are not finite": {"points": np.zeros((3, 2)), "values": np.full(3, np.nan)},
    "3 of 3 points": {"points": np.full((3, 2), 7.0), "values": np.zeros(3)},
    "has 2 values at a point, the field has 1": {"points": np.zeros((3, 2)), "values": np.zeros((3, 2))},
}


@pytest.mark.parametrize("words", BAD)
def test_a_wrong_reference_is_refused(words: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.npz"
    np.savez(file, **BAD[words])
    with pytest.raises(ValueError) as error:
        reference_error(run, file)
    assert words in str(error.value)


def test_wrong_input_is_one_line(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate.main([str(tmp_path / "missing")]) == 2
    assert validate.main([str(run.folder), "--reference", str(tmp_path / "missing.npz")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(" '")[0] for line in said] == ["error: There is no run folder", "error: There is no file"]
    for wrong in (["--seeds", "-1"], ["--budget", "0"], ["--tolerance", "2"]):
        with pytest.raises(SystemExit):
            validate.main([str(run.folder), *wrong])


def test_what_diverges_is_no_agreement(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverging(job: object) -> None:
        raise FloatingPointError

    monkeypatch.setattr(evidence.Job, "train", diverging)
    assert evidence.another_seed(run, 1) == math.inf


def test_the_plot_shows_what_there_is(tmp_path: Path) -> None:
    some = Residuals(10, 1e-3, {"interior": 1e-3, "boundary": 0.0}, {"interior": 1e-2, "boundary": 0.0})
    for seeds in ({"seed 1": math.inf}, {"seed 1": 1e-7}):
        path = plot_evidence(Evidence(1e-4, some, some, 1.0, seeds=seeds), 1e-2, tmp_path / "plot.png")
        height, width = imread(path).shape[:2]
        assert height < 1.2 * width < 3 * height


@pytest.mark.slow
def test_a_good_run_gets_a_good_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = trained(tmp_path / "good", *SMALL, "optimizer=lm", "steps=60")
    assert validate.main([str(folder), "--budget", "1"]) == 0
    words = capsys.readouterr().out
    assert "no sign of overfitting" in words
    assert "Believe this run to" in words
    found = json.loads((folder / "validation.json").read_text())
    assert found["verdict"] == "good"
    assert set(found["refined"]) == {"2 × points", "4 × points"}
    assert set(found["seeds"]) == {"seed 1"}
    # What is found without the exact solution says how large the error is.
    about = max(*found["refined"].values(), *found["seeds"].values())
    error = found["errors"]["the exact solution"]
    assert 0.3 * error < about < 1e-4
    assert {"validation.png", "residual.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.nightly
def test_going_on_with_more_points_tells_the_error_of_an_unfinished_run(tmp_path: Path) -> None:
    """Adam stops early; Levenberg–Marquardt goes on, and the field moves by about its error."""
    run = load_run(trained(tmp_path / "adam", *SMALL, "optimizer=adam", "steps=300"))
    error = known_error(run)
    assert error is not None
    assert error > 1e-3
    assert refined(run, 2, 3.0) == pytest.approx(error, rel=0.05)


@pytest.mark.nightly
def test_a_run_that_fits_its_points_gets_a_bad_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Burgers with 150 fixed points and no guard; each kind of evidence is enough without the others."""
    few = ["sampler.interior=150", "sampler.boundary=10", "sampler.every=0", "guard=false", "threads=1"]
    net = [
        "network.width=20",
        "network.depth=3",
        "optimizer=lm",
        "steps=250",
        "seed=3",
        "scale=null",
    ]  # fitted after some 100 steps
    folder = trained(tmp_path / "burgers", "pde=burgers", *few, *net)
    capsys.readouterr()
    assert validate.main([str(folder), "--budget", "1"]) == 1
    words = capsys.readouterr().out
    assert "Do not believe this run" in words
    assert "the network has fitted its points" in words
    found = json.loads((folder / "validation.json").read_text())
    assert found["verdict"] == "bad"
    assert found["fresh"]["total"] > 1e3 * found["train"]
    whole = Evidence(
        found["train"],
        Residuals(**found["fresh"]),
        Residuals(**found["finer"]),
        found["untrained"],
        found["seeds"],
        found["refined"],
    )
    fine = Residuals(150, found["train"], {}, {})
    alone = [
        dataclasses.replace(whole, seeds={}, refined={}),
        dataclasses.replace(whole, fresh=fine, finer=fine, refined={}),
        dataclasses.replace(whole, fresh=fine, finer=fine, seeds={}),
    ]
    assert [judge(one, 1e-2).level for one in alone] == ["bad"] * 3
