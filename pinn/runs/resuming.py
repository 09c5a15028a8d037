"""Going on with a run: `pinn train resume=RUN`, with the configuration that the run itself has kept."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.runs.checkpoint import CHECKPOINT, Checkpoint, load_checkpoint, newest_checkpoint
from pinn.runs.claim import folder_of
from pinn.runs.job import NO_TRACKER
from pinn.runs.run import SOLUTION, read_summary
from pinn.runs.trusted import RENAMED, TARGET, refuse_interpolations, refuse_links

log = logging.getLogger("pinn")

KEYS = (
    *("steps", "budget_s", "target_error", "target_residual", "patience", "retries"),
    *("device", "threads", "chunk_size", "compile", "log_every", "plots", "checkpoint_s", "keep_checkpoints"),
    *("estimate_error", "units"),
    "tracker",
)
"""What may be given anew; everything else is the run's own."""
_OWN_PLACE = {
    "pinn.runs.tracking.MetricsAlone": None,
    "pinn.trackers.tensorboard.TensorBoard": None,
    "pinn.trackers.mlflow.MLflow": "tracking_uri",
}
"""Trackers that write into the run folder, and the argument that would send them elsewhere."""


@dataclass(frozen=True)
class Resumed:
    """The checkpoint that a run goes on from, and its configuration, with what was given anew."""

    checkpoint: Checkpoint
    config: dict[str, Any]
    ended: bool = False
    """Whether training was at its end, and only its results were not written."""

    @classmethod
    def of(cls, source: str, given: Mapping[str, Any], overrides: Sequence[str]) -> "Resumed":
        """The run in a folder, or at one of its checkpoints.

        `given` is the configuration that was composed now, of which the keys in `overrides` hold. Raises ValueError
        for a key that cannot change in mid-course and where there is no checkpoint to go on from.
        """
        keys = [override.lstrip("+~").partition("=")[0] for override in overrides]
        anew = list(dict.fromkeys(key.partition(".")[0] if key.startswith("tracker") else key for key in keys))
        anew = [key for key in anew if key not in ("resume", "sweep.resume")]
        if wrong := [key for key in anew if key not in KEYS]:
            raise ValueError(
                f"{wrong[0]} cannot change with resume={source}: a run goes on with its own configuration. "
                f"These may change: {', '.join(KEYS)}."
            )
        path = Path(source)
        refuse_links(folder_of(path))
        checkpoint = load_checkpoint(path) if path.is_file() else newest_checkpoint(path, resumable=True)
        if checkpoint.state is None:
            raise ValueError(f"resume={source}: {checkpoint.path.name} holds a solution, but no state to go on from.")
        refuse_interpolations(checkpoint.config)
        config = {"tracker": NO_TRACKER, **checkpoint.config}
        if "tracker" not in anew and not _in_its_folder(config["tracker"]):
            config["tracker"] = NO_TRACKER
            log.warning(
                "The run was tracked elsewhere, and where is not taken from its folder. To go on tracking, say so "
                "again: tracker=mlflow tracker.tracking_uri=…"
            )
        if not anew and _ended_without_results(checkpoint):
            return cls(checkpoint, config, ended=True)
        resumed = [*config.get("resumed", []), checkpoint.step]
        return cls(checkpoint, {**config, **{key: given[key] for key in anew}, "resumed": resumed})


def ended_job(folder: Path, overrides: Sequence[str]) -> float | None:
    """The relative L2 error with which a job of a sweep has ended; None if it has not.

    Raises ValueError with the reason if it has diverged, and if the folder has a job that was asked for something else.
    """
    summary = read_summary(folder)
    if summary:
        _refuse_another(folder, summary.get("overrides"), overrides)
    if summary.get("status") == "diverged":
        raise ValueError(str(summary.get("reason")))
    if summary.get("status") != "completed":
        return None
    log.info("%s: the job has ended before, and is left out", folder)
    error = summary.get("rel_l2")
    return math.nan if error is None else float(error)


def cut_job(folder: Path, overrides: Sequence[str]) -> Resumed | None:
    """The job of a sweep to go on with; None if it left nothing to go on from, so that it begins again.

    Raises ValueError if the folder has a job that was asked for something else.
    """
    try:
        resumed = Resumed.of(str(folder), {}, [])
    except FileNotFoundError:
        return None
    _refuse_another(folder, resumed.config.get("overrides"), overrides)
    return resumed


def _refuse_another(folder: Path, then: Any, now: Sequence[str]) -> None:
    if then != list(now):
        raise ValueError(
            f"{str(folder)!r} has another job ({' '.join(map(str, then or []))}): sweep.resume=true needs the same "
            "command as before."
        )


def _ended_without_results(checkpoint: Checkpoint) -> bool:
    """Whether a run was ended by something else than its own last word, after its last step."""
    state = checkpoint.state or {}
    state = state.get("step", {}) if "window" in state else state
    if checkpoint.stop is None or checkpoint.path.name != CHECKPOINT or not state.get("last", {}).get("stop"):
        return False
    folder = checkpoint.path.parent
    try:
        summary = read_summary(folder)
    except ValueError:
        return True
    return summary.get("steps") != checkpoint.step or not (folder / SOLUTION).is_file()


def _in_its_folder(tracker: Any) -> bool:
    """Whether a tracker writes into the run folder alone."""
    name = tracker.get(TARGET) if isinstance(tracker, Mapping) else None
    name = RENAMED.get(str(name), str(name))
    if name not in _OWN_PLACE:
        return False
    address = _OWN_PLACE[name]
    return address is None or tracker.get(address) is None
