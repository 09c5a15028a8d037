"""TensorBoard and MLflow: a run of the main job is read back with their own readers."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pinn import load_run
from pinn.cli import train, train_job
from pinn.optional import MissingPackageError
from pinn.trackers.mlflow import MLflow
from pinn.trackers.tensorboard import TensorBoard
from pinn.trackers.wandb import WandB

ROOT = Path(__file__).parents[2]
TINY = [
    "pde=heat",
    "pde.hard=false",  # so that there is more than one term
    "network.width=6",
    "network.depth=1",
    "sampler.interior=40",
    "sampler.boundary=10",
    "optimizer=adam",
    "optimizer.steps=6",
    "log_every=2",
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the main job in this process, without plots; returns its folder."""

    def job(*arguments: str) -> Path:
        folder = tmp_path / "run"
        monkeypatch.setattr(sys, "argv", ["train.py", *TINY, *arguments, f"hydra.run.dir={folder}"])
        monkeypatch.setattr(train_job, "draw", lambda *_: None)
        train.main()
        return folder

    return job


def metrics(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        return [{name: float(v) for name, v in row.items() if name != "method" and v} for row in csv.DictReader(file)]


def test_tensorboard_has_the_curves_of_metrics_csv(run: Any) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = run("tracker=tensorboard", "seed=4")
    events = accumulator.EventAccumulator(str(folder)).Reload()
    rows = metrics(folder)
    terms = {name for name in rows[0] if name.startswith("loss_")}
    assert {"loss_interior", "loss_boundary"} <= terms
    for name in {"loss", "rel_l2", "max_error", "heldout_residual", *terms}:
        scalars = events.Scalars(name)
        assert [event.step for event in scalars] == [1, 2, 4, 6]
        # The file holds single precision.
        assert [event.value for event in scalars] == pytest.approx([row[name] for row in rows], rel=1e-6)
    summary = json.loads((folder / "summary.json").read_text())
    assert events.Scalars("final.rel_l2")[-1].value == pytest.approx(summary["rel_l2"], rel=1e-6)
    tags = events.Tags()["tensors"]
    config = b"".join(events.Tensors(next(tag for tag in tags if tag.startswith("config")))[0].tensor_proto.string_val)
    assert b'"seed": 4' in config


def test_mlflow_has_parameters_metrics_and_summary(run: Any) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    folder = run("tracker=mlflow", "tracker.experiment=heating", "tracker.run_name=first", "seed=4")
    client = tracking.MlflowClient(tracking_uri=(folder / "mlruns").as_uri())
    (found,) = client.search_runs([client.get_experiment_by_name("heating").experiment_id])
    assert (found.info.run_name, found.info.status) == ("first", "FINISHED")
    params = {"seed": "4", "network.width": "6", "optimizer._target_": "pinn.optimizers.Adam"}
    assert params.items() <= found.data.params.items()
    rows = metrics(folder)
    for name in ("loss", "loss_interior", "loss_boundary", "rel_l2", "heldout_residual"):
        history = sorted(client.get_metric_history(found.info.run_id, name), key=lambda metric: metric.step)
        assert [(metric.step, metric.value) for metric in history] == [(row["step"], row[name]) for row in rows]
    summary = json.loads((folder / "summary.json").read_text())
    assert found.data.metrics["final.rel_l2"] == summary["rel_l2"]
    assert found.data.metrics["final.terms.boundary"] == summary["terms"]["boundary"]
    tags = {"pde": "heat", "stopped_by": "steps", "versions.torch": summary["versions"]["torch"]}
    assert tags.items() <= found.data.tags.items()


def test_a_server_that_is_down_ends_no_run(run: Any, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("mlflow")
    folder = run("tracker=mlflow", "tracker.tracking_uri=http://127.0.0.1:9", "tracker.timeout_s=1")
    said = "".join(capfd.readouterr())
    assert said.count("MLflow failed at its start (MlflowException") == 1
    assert "Traceback" not in said
    assert "Retrying" not in said
    assert json.loads((folder / "summary.json").read_text())["status"] == "completed"


def test_a_diverged_run_is_failed_in_mlflow(run: Any, tmp_path: Path) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    with pytest.raises(SystemExit, match="3"):
        run("tracker=mlflow", "optimizer.lr=1e200")
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "run" / "mlruns").as_uri())
    (found,) = client.search_runs([client.get_experiment_by_name("pinn").experiment_id])
    assert found.info.status == "FAILED"
    assert "diverged" in found.data.tags["reason"]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingPackageError, match=r'^tracker=mlflow needs mlflow: pip install "pinn-solver\[mlflow\]"'):
        MLflow()
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(MissingPackageError, match=r'pip install "pinn-solver\[tensorboard\]"'):
        TensorBoard()


def test_bad_settings_are_refused() -> None:
    pytest.importorskip("mlflow")
    pytest.importorskip("tensorboard")
    with pytest.raises(ValueError, match="timeout_s=0"):
        MLflow(timeout_s=0)
    with pytest.raises(ValueError, match="MLFLOW_TRACKING_PASSWORD"):
        MLflow("https://me:secret@example.org")
    with pytest.raises(ValueError, match="flush_s=-1"):
        TensorBoard(flush_s=-1)


@pytest.mark.slow
def test_each_job_of_a_sweep_is_a_run_of_its_own(tmp_path: Path) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    pytest.importorskip("sqlalchemy")
    store = f"sqlite:///{tmp_path}/runs.db"
    tracker = ["tracker=mlflow", f"tracker.tracking_uri={store}"]
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), "-m", *TINY, *tracker, "seed=0,1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command.append("hydra.sweep.dir=sweep")
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=120)
    assert result.returncode == 0, result.stderr
    client = tracking.MlflowClient(tracking_uri=store)
    runs = client.search_runs([client.get_experiment_by_name("pinn").experiment_id])
    assert {(run.info.run_name, run.data.params["seed"]) for run in runs} == {("sweep/0", "0"), ("sweep/1", "1")}
    for run in runs:
        summary = json.loads((tmp_path / run.info.run_name / "summary.json").read_text())
        assert run.data.metrics["final.rel_l2"] == summary["rel_l2"]
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert {"config.yaml", "metrics.csv", "summary.json", "history.png"} <= files


def test_a_resumed_run_goes_on_in_the_same_run_of_mlflow(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    folder = run("tracker=mlflow", "seed=4")
    first = metrics(folder)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    train.main([f"resume={folder}", "steps=12"])
    client = tracking.MlflowClient(tracking_uri=(folder / "mlruns").as_uri())
    (found,) = client.search_runs([client.get_experiment_by_name("pinn").experiment_id])
    assert found.info.status == "FINISHED"
    rows = metrics(folder)
    assert rows[: len(first)] == first
    history = sorted(client.get_metric_history(found.info.run_id, "loss"), key=lambda metric: metric.step)
    assert [metric.step for metric in history] == [1, 2, 4, 6, 8, 10, 12]  # none twice
    assert [metric.value for metric in history] == [row["loss"] for row in rows]
    assert found.data.params["steps"] == "None"
    assert found.data.tags["resumed.steps"] == "12"
    assert found.data.metrics["final.steps"] == 12


def test_a_store_without_the_run_gets_a_new_one(run: Any, tmp_path: Path) -> None:
    """The file of a stranger's folder names a run, and no path."""
    tracking = pytest.importorskip("mlflow.tracking")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mlflow_run.json").write_text('{"id": "../../evil"}')
    folder = run("tracker=mlflow")
    client = tracking.MlflowClient(tracking_uri=(folder / "mlruns").as_uri())
    (found,) = client.search_runs([client.get_experiment_by_name("pinn").experiment_id])
    assert json.loads((folder / "mlflow_run.json").read_text()) == {"id": found.info.run_id}


class Spy:
    """The part of wandb's interface that the tracker uses, which writes down what it is told."""

    def __init__(self) -> None:
        self.id, self.summary = "abc123", {}
        self.given: dict[str, Any] = {}
        self.rows: list[tuple[int | None, dict[str, float]]] = []
        self.code: int | None = None

    def Settings(self, **options: Any) -> dict[str, Any]:
        return options

    def init(self, **options: Any) -> "Spy":
        self.given = options
        return self

    def log(self, figures: dict[str, float], step: int | None = None) -> None:
        self.rows.append((step, figures))

    def Image(self, path: str) -> str:
        return path

    def finish(self, exit_code: int) -> None:
        self.code = exit_code


def test_wandb_has_the_curves_and_a_resumed_run_goes_on(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy()
    monkeypatch.setitem(sys.modules, "wandb", spy)
    folder = run("tracker=wandb", "tracker.project=heating", "seed=4")
    assert spy.given["mode"] == "offline"
    assert spy.given["dir"] == str(folder)
    assert (spy.given["project"], spy.given["id"], spy.given["resume"]) == ("heating", None, None)
    assert spy.given["config"]["seed"] == 4
    rows = metrics(folder)
    assert [step for step, _ in spy.rows] == [1, 2, 4, 6]
    assert [figures["loss"] for _, figures in spy.rows] == [row["loss"] for row in rows]
    assert spy.summary["final.rel_l2"] == json.loads((folder / "summary.json").read_text())["rel_l2"]
    assert spy.code == 0
    again = Spy()
    monkeypatch.setitem(sys.modules, "wandb", again)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    train.main([f"resume={folder}", "steps=8", "tracker=wandb", "tracker.project=heating"])
    assert (again.given["id"], again.given["resume"]) == ("abc123", "allow")
    assert [step for step, _ in again.rows] == [8]


def test_wandb_that_is_not_there_is_named_and_bad_settings_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingPackageError, match=r'^tracker=wandb needs wandb: pip install "pinn-solver\[wandb\]"'):
        WandB()
    with pytest.raises(ValueError, match="timeout_s=0"):
        WandB(timeout_s=0)


def test_wandb_itself_writes_a_run_offline(run: Any) -> None:
    """With the real package, where it is installed: a file in the run folder, and no link out of it."""
    pytest.importorskip("wandb")
    folder = run("tracker=wandb")
    (file,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    assert file.stat().st_size > 1000
    assert load_run(folder).summary["status"] == "completed"
    assert json.loads((folder / "wandb_run.json").read_text())["id"] in file.name
