"""The main job as a user runs it: its folder, its exit code, its words."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from pinn import load_run
from pinn.cli import train

ROOT = Path(__file__).parents[2]
TINY = [
    "network.width=6",
    "network.depth=1",
    "sampler.interior=40",
    "sampler.boundary=10",
    "optimizer=adam",
    "optimizer.steps=4",
    "log_every=2",
]
FILES = ["checkpoint.pt", "config.yaml", "metrics.csv", "solution.npz", "summary.json"]


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own."""
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), *arguments]
    settings = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    settings.pop("HYDRA_FULL_ERROR", None)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=settings, timeout=120)


def test_one_run_leaves_its_folder(tmp_path: Path) -> None:
    result = run(*TINY, "hydra.run.dir=here", "seed=3", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "here"
    assert {*FILES} <= {path.name for path in folder.iterdir()}
    assert {"solution.png", "exact.png", "error.png", "residual.png", "history.png"} <= {
        path.name for path in folder.iterdir()
    }
    summary = json.loads((folder / "summary.json").read_text())
    owed = "pde domain vjp optimizer device dtype seed steps wall_s loss rel_l2 max_error heldout_residual"
    assert {*owed.split(), "train_residual", "status", "versions"} <= set(summary)
    assert (summary["pde"], summary["domain"], summary["vjp"]) == ("poisson", "box", "auto")
    assert (summary["dtype"], summary["seed"], summary["steps"]) == ("float64", 3, 4)
    assert summary["status"] == "completed"
    config = yaml.safe_load((folder / "config.yaml").read_text())
    assert config["pde"]["domain"]["_target_"] == "pinn.domains.Box"
    loaded = load_run(folder)
    assert loaded(torch.tensor([0.0, 0.3], dtype=torch.float64)).abs() < 1e-12
    assert "run folder" in result.stdout


@pytest.mark.slow
def test_the_error_is_estimated_at_the_end(tmp_path: Path) -> None:
    """With a solution that is known, and for a typed equation of which none is."""
    result = run(*TINY, "optimizer.steps=60", "estimate_error=true", "hydra.run.dir=here", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "here" / "summary.json").read_text())
    found = summary["error_estimate"]
    assert set(found) == {"relative_l2", "by_component", "resolved", "known", "why"}
    assert found["known"]
    assert 1 / 3 < found["relative_l2"] / summary["rel_l2"] < 3
    assert found["by_component"] == [pytest.approx(found["relative_l2"])]
    assert f"linearised equation: relative L2 error {found['relative_l2']:.2e}" in result.stdout
    typed = ["pde=expression", "pde.equation='-lap(u) = 1'", "pde.boundary=0", "estimate_error=true"]
    result = run(*TINY, *typed, "plots=false", "hydra.run.dir=there", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    summary = json.loads((tmp_path / "there" / "summary.json").read_text())
    assert summary["rel_l2"] is None
    assert 0 < summary["error_estimate"]["relative_l2"] < 10
    assert "linearised equation: " in result.stdout


def test_a_run_that_meets_its_target_says_so(tmp_path: Path) -> None:
    few = ["optimizer=lm", "sampler.interior=8", "sampler.every=0", "network.width=16", "network.depth=2", "scale=null"]
    result = run(*few, "steps=200", "target_error=1e-3", "log_every=10", "hydra.run.dir=here", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert re.search(r"guard: step \d+: the residual is \S+ at held-out points", result.stdout)
    assert re.search(r"\(stopped by target_error: \S+ ≤ 0.001\)", result.stdout)
    summary = json.loads((tmp_path / "here" / "summary.json").read_text())
    assert summary["stopped_by"] == "target_error"
    assert summary["rel_l2"] <= 1e-3
    assert set(summary["guard"][0]) == {"step", "train", "heldout", "action"}
    assert 0 < summary["time_to"]["1e-1"] <= summary["wall_s"]
    with (tmp_path / "here" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["guard"], rows[-1]["guard"]) == ("0", str(len(summary["guard"])))
    assert float(rows[-1]["heldout_residual"]) == summary["heldout_residual"]


@pytest.mark.slow
def test_a_sweep_makes_a_folder_for_each_job(tmp_path: Path) -> None:
    result = run("-m", "vjp=rows,eye,ones", "seed=0,1", *TINY, "hydra.sweep.dir=sweep", cwd=tmp_path)
    summaries = {}
    for folder in sorted((tmp_path / "sweep").glob("[0-9]")):
        if (folder / "summary.json").is_file():
            summary = json.loads((folder / "summary.json").read_text())
            summaries[summary["vjp"], summary["seed"]] = summary
    # The two jobs with vjp=ones fail, say why, and keep nobody else from running.
    assert set(summaries) == {("rows", 0), ("rows", 1), ("eye", 0), ("eye", 1)}
    assert result.returncode == 1
    assert "The Jacobian is not diagonal" in result.stderr
    for seed in (0, 1):
        assert summaries["rows", seed]["loss"] == pytest.approx(summaries["eye", seed]["loss"], rel=1e-8)
    assert summaries["rows", 0]["loss"] != summaries["rows", 1]["loss"]


BAD = {
    "device=cuda:99": "GPUs" if torch.cuda.is_available() else "Install a CUDA build of torch, or use device=cpu",
    "device=gpu": "device=gpu is not known: use auto, cpu, cuda",
    "device=meta": "device=meta is not known",
    "dtype=int": "dtype=int is not valid: use float32 or float64",
    "threads=0": "threads=0 is not valid",
    "log_every=0": "log_every=0 is not valid",
    "steps=0": "steps >= 1, got steps=0",
    "budget_s=-1": "budget_s > 0 seconds, got budget_s=-1.0",
    "target_error=0": "target_error > 0, or null for none, got target_error=0.0",
    "target_residual=-1": "target_residual > 0",
    "patience=0": "patience > 0",
    "network.width=0": "width >= 1, got width=0",
    "network.depth=-2": "depth >= 1, got depth=-2",
    "network.activation=relu": "activation='relu'; choose one of tanh",
    "sampler.interior=0": "interior >= 1 points, got interior=0",
    "sampler.boundary=-3": "boundary >= 1 points, got boundary=-3",
    "optimizer.lr=abc": "optimizer.lr='abc' is not valid: expected a number",
    "optimizer.lr=-1": "lr > 0, got lr=-1.0",
    "domain.lower=[2,2]": "lower < upper",
    "domain.lower=[0,0,0]": "3 and 2 coordinates",
    "pde.penalty=none": "pde.penalty='none' is not valid",
    "vjp=ones": "The Jacobian is not diagonal",
}


def in_process(capfd: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[object, str]:
    """The script in this process, which saves importing torch each time: its exit code and what it says on stderr."""
    command = ["train.py", *arguments, f"hydra.run.dir={folder}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", command)
        patch.delenv("HYDRA_FULL_ERROR", raising=False)
        with pytest.raises(SystemExit) as stop:
            train.main()
    # sys.exit(message) means code 1 with the message on stderr, which only the interpreter prints.
    message = stop.value.code
    said = capfd.readouterr().err
    return (1, said + message) if isinstance(message, str) else (message, said)


@pytest.mark.parametrize("override", BAD)
def test_bad_input_is_one_clear_line(override: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, words = in_process(capfd, tmp_path, *TINY, override)
    assert code == 1
    assert BAD[override] in words
    assert len(words.strip().splitlines()) == 1


UNKNOWN = {
    "optimizer.lrr=1": "optimizer.lrr",
    "pde.foo=1": "pde.foo",
    "foo=1": "foo",
    "seed=abc": "seed",
    "steps=many": "steps",
    "pde=unknown": "poisson",
    "vjp=magic": "forward_over_reverse",
}


@pytest.mark.parametrize("override", UNKNOWN)
def test_unknown_names_are_refused_by_name(override: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, words = in_process(capfd, tmp_path, *TINY, override)
    assert code == 1
    assert UNKNOWN[override] in words
    assert "Traceback" not in words


def test_a_process_ends_with_one_line_and_code_1(tmp_path: Path) -> None:
    result = run(*TINY, "device=cuda:99", cwd=tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
