"""The tracker `tracker=mlflow`: a run in an MLflow store, by default one of its own in the run folder."""

import json
import logging
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.optional import package
from pinn.runs.tracking import Tracking, final_figures, flattened

STORE = "mlruns"
_ID = "mlflow_run.json"
"""The file in a run folder that says which run of a store it is, so that a resumed one goes on in that."""
_PARAMS_AT_ONCE, _METRICS_AT_ONCE = 100, 1000
"""The limits of MLflow's REST API for one request."""

_FILES = ("*.png", "*.pdf", "config.yaml", "summary.json", "metrics.csv")
_STATUS = {"completed": "FINISHED", "interrupted": "KILLED"}


@dataclass(frozen=True)
class MLflow:
    """Parameters from the configuration, metrics named as in `metrics.csv`, the summary as metrics `final.…` and tags.

    `tracking_uri` is a server (http://…), a database (sqlite:///runs.db) or a folder; null: `mlruns` in the run folder.
    A store elsewhere also gets the files of the run. A resumed run goes on in the same run of the store. `run_name` is
    by default the end of the run folder's path. A server that does not answer within `timeout_s` seconds counts as
    unreachable. Raises ValueError unless timeout_s > 0, and for a password in the address, which would be saved with
    the run; MissingPackageError without the package.
    """

    tracking_uri: str | None = None
    experiment: str = "pinn"
    run_name: str | None = None
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ValueError(f"MLflow needs timeout_s > 0 seconds, got timeout_s={self.timeout_s}.")
        if re.search(r"://[^/]*:[^/]*@", self.tracking_uri or ""):
            raise ValueError(
                "MLflow takes no password in tracking_uri, which is saved with the run: set the environment variables "
                "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        _settle(self.timeout_s)
        package("mlflow", "mlflow", "tracker=mlflow")

    def start(self, config: Mapping[str, Any], folder: Path) -> Tracking:
        return _Run(self, config, folder.resolve())


class _Run:
    """One run by MLflow's client, which, unlike its module-level functions, has no current run to share with others."""

    def __init__(self, tracker: MLflow, config: Mapping[str, Any], folder: Path) -> None:
        from mlflow.entities import Param
        from mlflow.tracking import MlflowClient

        self._files = folder if tracker.tracking_uri else None
        self._client = MlflowClient(tracking_uri=tracker.tracking_uri or (folder / STORE).as_uri())
        before = self._run_before(folder)
        name = tracker.run_name or f"{folder.parent.name}/{folder.name}"
        if before is None:
            self._id = self._client.create_run(self._experiment(tracker.experiment), run_name=name).info.run_id
            (folder / _ID).write_text(json.dumps({"id": self._id}) + "\n", encoding="utf-8")
        else:
            self._id = before.info.run_id
            self._client.update_run(self._id, status="RUNNING")
        self._last = _last_step(self._client, self._id) if before else -1
        self._client.set_tag(self._id, "folder", str(folder))
        known = before.data.params if before else {}
        params = {_allowed(key): str(value) for key, value in flattened(config).items()}
        new = [Param(key, value) for key, value in params.items() if key not in known]
        for k in range(0, len(new), _PARAMS_AT_ONCE):
            self._client.log_batch(self._id, params=new[k : k + _PARAMS_AT_ONCE])
        for key, value in params.items():  # a parameter cannot change; what was given anew stands beside it
            if key in known and known[key] != value:
                self._client.set_tag(self._id, f"resumed.{key}", value)

    def record(self, step: int, figures: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        if step <= self._last and not any(name.startswith("final.") for name in figures):
            return  # the run goes on from a checkpoint before, and comes to the same bits
        now = int(1000 * time.time())
        metrics = [Metric(_allowed(name), value, now, step) for name, value in figures.items()]
        for k in range(0, len(metrics), _METRICS_AT_ONCE):
            self._client.log_batch(self._id, metrics=metrics[k : k + _METRICS_AT_ONCE])

    def finish(self, summary: Mapping[str, Any]) -> None:
        self.record(int(summary.get("steps", 0)), final_figures(summary))
        for name, value in flattened(summary).items():
            if isinstance(value, str):
                self._client.set_tag(self._id, _allowed(name), value)
        for pattern in _FILES if self._files else ():
            for path in sorted(self._files.glob(pattern)):  # pyright: ignore[reportOptionalMemberAccess]
                self._client.log_artifact(self._id, str(path))
        self._client.set_terminated(self._id, _STATUS.get(str(summary.get("status")), "FAILED"))

    def _run_before(self, folder: Path) -> Any:
        """The run of the store that this folder has been before; None if it has been none, or that is gone."""
        from mlflow.exceptions import MlflowException

        try:
            stored = json.loads((folder / _ID).read_text(encoding="utf-8"))["id"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not isinstance(stored, str) or not re.fullmatch(r"[0-9a-f]{32}", stored):
            return None
        try:
            found = self._client.get_run(stored)
        except MlflowException:
            return None
        return found if found.info.lifecycle_stage == "active" else None

    def _experiment(self, name: str) -> str:
        """The experiment of that name, made if there is none, unless another job of a sweep has just made it."""
        from mlflow.exceptions import MlflowException

        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return self._client.create_experiment(name)
            except MlflowException:
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        return experiment.experiment_id


def _last_step(client: Any, run_id: str) -> int:
    """The last step that a run has recorded, -1 if it has none."""
    return max((metric.step for metric in client.get_metric_history(run_id, "loss")), default=-1)


def _settle(timeout_s: float) -> None:
    """MLflow is set by environment variables, on import and later; those of the user come first."""
    settings = {
        # Its own defaults would hold up training for minutes if a server is down.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(math.ceil(timeout_s)),
        # A store of files needs no database, but MLflow wants it to be asked for.
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it would tell of each attempt


def _allowed(name: str) -> str:
    """A name with the characters that MLflow takes."""
    return re.sub(r"[^\w\-. :/]", "_", name)
