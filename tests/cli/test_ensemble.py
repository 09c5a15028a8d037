"""`pinn ensemble RUN`: files, figures and words, and what it answers if there is no ensemble."""

import json
from pathlib import Path

import numpy as np
import pytest

from pinn import load_run
from pinn.cli import ensemble
from pinn.runs import further_seeds
from pinn.trust import ErrorEstimate
from tests.trained_run import trained_run

SMALL = ["network.width=6", "network.depth=1", "sampler.interior=40", "sampler.boundary=10", "threads=1", "plots=false"]


def trained(folder: Path, *arguments: str) -> Path:
    return trained_run(folder, *SMALL, *arguments)


@pytest.mark.parametrize(
    "pde", ["poisson", *(pytest.param(name, marks=pytest.mark.slow) for name in ("inverse_heat", "oscillator"))]
)
def test_it_leaves_arrays_figures_and_a_picture(
    pde: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    estimate = ErrorEstimate(0.25, (0.25,), 0.9)  # that of pinn.trust takes seconds
    monkeypatch.setattr(further_seeds, "estimate_error", lambda pde, network, strategy: estimate)
    folder = trained(tmp_path / "run", f"pde={pde}", "optimizer=lm", "steps=8")
    capsys.readouterr()
    assert ensemble.main([str(folder), "--seeds", "2", "--format", "svg"]) == 0
    out, err = capsys.readouterr()
    assert "training seed 1" in err
    assert "3 trainings, seeds 0, 1, 2" in out
    assert (folder / "ensemble.svg").stat().st_size > 1000
    found = json.loads((folder / "ensemble.json").read_text())
    errors = [load_run(place).summary["rel_l2"] for place in (folder, *sorted((folder / "ensemble").iterdir()))]
    assert [*found["rel_l2"]["members"].values()] == pytest.approx(errors)
    assert f"relative L2 error: {found['rel_l2']['mean']:.2e} of the mean" in out
    assert f"lies in the band at {found['coverage']:.0%} of the points" in out
    with np.load(folder / "ensemble.npz") as arrays:
        inside = (arrays["lower"] <= arrays["mean"]) & (arrays["mean"] <= arrays["upper"])
        assert inside.all()
        assert arrays["members"].shape == (3, *arrays["mean"].shape)
    assert "puts the whole error of the first run at 2.5e-01" in out
    assert ("the same data, whose noise gives a band of its own" in out) is (pde == "inverse_heat")
    capsys.readouterr()
    assert ensemble.main([str(folder), "--seeds", "2", "--output", str(tmp_path / "elsewhere")]) == 0
    assert "training" not in capsys.readouterr().err
    assert (tmp_path / "elsewhere" / "ensemble.png").is_file()


def test_what_is_no_ensemble_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ensemble.main([str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err.startswith("error: There is no run folder")
    folder = trained(tmp_path / "run", "pde=poisson", "optimizer=lm", "steps=2")
    capsys.readouterr()
    assert ensemble.main([str(folder), "--seeds", "0"]) == 1
    assert capsys.readouterr().err == "error: An ensemble needs at least two runs, got 1: train other seeds.\n"
    with pytest.raises(SystemExit):
        ensemble.main([str(folder), "--seeds", "-1"])
