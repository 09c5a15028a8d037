"""Run folders: what they hold, and what becomes of them when loaded."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.func import vmap

from pinn import load_run, save_run, train
from pinn.domains import Interior
from pinn.operators import laplacian
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import unscaled
from pinn.runs.checkpoint import CHECKPOINT
from pinn.runs.checksum import fingerprint
from pinn.runs.instantiate import build
from pinn.runs.metrics import METRICS, MetricsFile
from pinn.runs.run import SOLUTION, SUMMARY, build_network
from pinn.samplers import Sobol
from pinn.training.loop import Step
from pinn.weighting import RBA

CONFIG: dict[str, Any] = {
    "pde": {"_target_": "pinn.pdes.Poisson", "domain": {"_target_": "pinn.domains.Disk", "radius": 2.0}},
    "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 2},
    "vjp": {"_target_": "pinn.operators.Rows"},
}


def make(folder: Path, config: dict[str, Any] = CONFIG, dtype: torch.dtype = torch.float64) -> Step:
    pde = build(config["pde"])
    network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).to(dtype)
    metrics = MetricsFile(folder)
    steps = list(train(pde, network, Adam(steps=4), Sobol(50, 10)))
    for step in steps:
        metrics.record(step)
    save_run(folder, steps[-1], config, pde="poisson", status="completed")
    return steps[-1]


def test_a_loaded_run_is_the_trained_field(tmp_path: Path) -> None:
    step = make(tmp_path)
    run = load_run(tmp_path)
    x = torch.tensor([0.3, -0.4], dtype=torch.float64)
    assert torch.equal(run(x), step.field(x))
    assert run.pde == unscaled(step.objective.pde)
    assert torch.equal(laplacian(run, x), laplacian(step.field, x))
    (X,) = Interior(run.pde.domain).sample(7, lambda n, k: torch.rand(n, k, dtype=torch.float64))
    exact = run.pde.exact
    assert exact is not None
    expected = vmap(lambda x: -laplacian(run, x) + laplacian(exact, x))(X)
    torch.testing.assert_close(run.residual(X), expected[:, None])


def test_float32_comes_back_as_float32(tmp_path: Path) -> None:
    make(tmp_path, dtype=torch.float32)
    assert load_run(tmp_path).like.dtype == torch.float32


def test_summary(tmp_path: Path) -> None:
    step = make(tmp_path)
    summary = json.loads((tmp_path / SUMMARY).read_text())
    assert summary["pde"] == "poisson"
    assert summary["steps"] == 4
    assert summary["rel_l2"] == step.rel_l2
    assert summary["heldout_residual"] == step.heldout_residual
    assert summary["dtype"] == "float64"
    assert summary["device"] == "cpu"
    assert summary["versions"]["torch"] == torch.__version__
    final = float(step.objective.evaluate(step.params).loss)
    assert summary["loss"] == pytest.approx(final)
    assert summary["train_residual"] ** 2 == pytest.approx(final)
    assert load_run(tmp_path).summary == summary


def test_metrics_have_a_row_for_each_step(tmp_path: Path) -> None:
    step = make(tmp_path)
    with (tmp_path / METRICS).open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4]
    assert float(rows[-1]["loss"]) == step.loss
    assert float(rows[-1]["loss_interior"]) == step.terms["interior"]
    assert float(rows[-1]["rel_l2"]) == step.rel_l2
    assert {row["method"] for row in rows} == {"adam"}


def test_a_method_that_begins_later_brings_its_columns(tmp_path: Path) -> None:
    pde = build(CONFIG["pde"])
    network = build_network(CONFIG["network"], pde, torch.Generator().manual_seed(0)).double()
    metrics = MetricsFile(tmp_path)
    steps = list(train(pde, network, Schedule((Adam(steps=2), LevenbergMarquardt(steps=2))), Sobol(50, 10)))
    for step in steps:
        metrics.record(step)
    with (tmp_path / METRICS).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == ["adam", "adam", "lm", "lm"]
    assert [row["damping"] == "" for row in rows] == [True, True, False, False]
    assert float(rows[-1]["damping"]) == steps[-1].figures["damping"]


def test_solution(tmp_path: Path) -> None:
    step = make(tmp_path)
    with np.load(tmp_path / SOLUTION) as solution:
        norm = np.linalg.norm(solution["error"]) / np.linalg.norm(solution["exact"])
        assert norm == pytest.approx(step.rel_l2)
        np.testing.assert_allclose(solution["u"] - solution["exact"], solution["error"])
        assert solution["points"].shape == (len(solution["u"]), 2)
        assert np.isfinite(solution["residual"]).all()


def test_no_nan_in_json(tmp_path: Path) -> None:
    step = make(tmp_path)
    save_run(tmp_path, step, CONFIG, unknown=math.nan, nested={"infinite": math.inf})
    summary = json.loads((tmp_path / SUMMARY).read_text())
    assert summary["unknown"] is None
    assert summary["nested"]["infinite"] is None


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT, METRICS, SOLUTION, SUMMARY}


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no run folder"):
        load_run(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match=r"is not a run folder: it holds no checkpoint\.pt"):
        load_run(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", "half", "foreign", "config", "format"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: bytes | str) -> None:
    make(tmp_path)
    path = tmp_path / CHECKPOINT
    whole = torch.load(path, weights_only=True)
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    elif damage == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "foreign":
        torch.save({"state_dict": {}}, path)
    elif damage == "config":
        torch.save({**whole, "config": {}}, path)
    else:
        torch.save({**whole, "format": 99}, path)
    with pytest.raises(ValueError, match=r"checkpoint\.pt"):
        load_run(tmp_path)


def test_one_bit_of_a_weight_is_missed(tmp_path: Path) -> None:
    make(tmp_path)
    path = tmp_path / CHECKPOINT
    whole = torch.load(path, weights_only=True)
    weight = max(whole["weights"].values(), key=torch.numel).numpy().tobytes()
    data = bytearray(path.read_bytes())
    data[data.find(weight)] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"checkpoint\.pt.*checksum"):
        load_run(tmp_path)


def test_a_checkpoint_cannot_call_what_it_names(tmp_path: Path) -> None:
    make(tmp_path)
    path = tmp_path / CHECKPOINT
    whole = torch.load(path, weights_only=True)
    whole["config"]["pde"] = {"_target_": "os.makedirs", "name": str(tmp_path / "made")}
    del whole["fingerprint"]
    torch.save({**whole, "fingerprint": fingerprint(whole)}, path)
    with pytest.raises(ValueError, match=r"os\.makedirs"):
        load_run(tmp_path)
    assert not (tmp_path / "made").exists()


def test_a_run_with_weights_by_point_leaves_its_residual(tmp_path: Path) -> None:
    """The weights belong to the points of training; the results are at others."""
    config = {**CONFIG, "pde": {"_target_": "pinn.pdes.Heat", "hard": False}}
    pde = build(config["pde"])
    network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
    *_, last = train(pde, network, Adam(), Sobol(20, 8), weighting=RBA(), steps=2)
    save_run(tmp_path, last, config)
    with np.load(tmp_path / "solution.npz") as arrays:
        own = load_run(tmp_path).residual(torch.from_numpy(arrays["points"][:50]))
        np.testing.assert_allclose(arrays["residual"][:50], own.numpy(), rtol=1e-10, atol=1e-12)
