"""Checkpoints: files that are whole or not there, and that tell when they are damaged."""

import io
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pinn.networks import state_at
from pinn.runs.atomic_write import PART, atomic_write
from pinn.runs.checksum import fingerprint
from pinn.runs.claim import UNDERWAY
from pinn.runs.sizes import refuse_compressed, refuse_expanded
from pinn.training.step import Step

log = logging.getLogger("pinn")

CHECKPOINT = "checkpoint.pt"
"""The checkpoint at the end of a run."""
BEST = "best.pt"
_FORMAT = 2
_KEYS = ("step", "config", "weights")


@dataclass(frozen=True)
class Checkpoint:
    """What a run can go on from: `config` it is built from, `weights` of the network, and the `state` of training.

    `state` is None where there is only a solution. `run_id` tells the checkpoints of one run from those of another;
    `stop` says why training had come to its end there, None if it had not.
    """

    path: Path
    step: int
    config: dict[str, Any]
    weights: dict[str, torch.Tensor]
    state: dict[str, Any] | None
    run_id: str | None = None
    stop: str | None = None


def new_run_id() -> str:
    """A name for a new run that no other has."""
    return secrets.token_hex(8)


def save_checkpoint(
    path: Path, step: Step, config: Mapping[str, Any], *, run_id: str | None = None, resumable: bool = True
) -> None:
    """Write the checkpoint of a step, whole or not at all. Raises OSError if the disk is full."""
    weights = state_at(step.objective.network, step.params)
    data = {"format": _FORMAT, "step": step.step, "config": dict(config), "weights": weights}
    data |= {"run_id": run_id, "stop": step.stop}
    if resumable:
        data["state"] = step.state_dict()
    _write(path, data)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write what has been read, to another place."""
    data = {"format": _FORMAT, "step": checkpoint.step, "config": checkpoint.config, "weights": checkpoint.weights}
    data |= {"run_id": checkpoint.run_id, "stop": checkpoint.stop}
    _write(path, data if checkpoint.state is None else {**data, "state": checkpoint.state})


def _write(path: Path, data: dict[str, Any]) -> None:
    data["fingerprint"] = fingerprint(data)
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            torch.save(data, file)
    except RuntimeError as error:  # torch's own writer says so if the disk is full
        raise OSError(f"{path} could not be written: {str(error).splitlines()[0]}") from error


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file, on the CPU, without executing anything in it.

    Raises FileNotFoundError if there is none, ValueError if it is damaged or of another program.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint {str(path)!r}.")
    content = io.BytesIO(path.read_bytes())  # what the disk says is an OSError, what torch says of the content is not
    try:
        refuse_compressed(content)
        data = torch.load(content, map_location="cpu", weights_only=True)
        refuse_expanded(data, content.getbuffer().nbytes)
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            given = data.get("format") if isinstance(data, dict) else type(data).__name__
            raise ValueError(f"format {given}, where {_FORMAT} is known")
        if data.pop("fingerprint", None) != fingerprint(data):  # torch itself checks no sums
            raise ValueError("its checksum does not fit")
        step, config, weights = (data[key] for key in _KEYS)
        if not (isinstance(step, int) and isinstance(config, dict) and isinstance(weights, dict) and weights):
            raise ValueError("step, config or weights are not what they should be")
        if not all(isinstance(value, torch.Tensor) for value in weights.values()):
            raise ValueError("its weights are no tensors")
        run_id, stop = (value if isinstance(value, str) else None for value in map(data.get, ("run_id", "stop")))
        return Checkpoint(path, step, config, weights, data.get("state"), run_id, stop)
    except MemoryError:
        raise
    except Exception as error:  # torch.load and zipfile raise many kinds, all meaning one thing here
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{str(path)!r} is damaged or not a checkpoint of pinn: {reason}") from error


def newest_checkpoint(folder: Path, *, resumable: bool = False) -> Checkpoint:
    """The last sound checkpoint of a run, on the CPU; one that is damaged is passed over with a warning.

    If it is to be `resumable`, those that hold a solution alone are passed over, too, and all have to be of one run.

    Raises FileNotFoundError for a folder without any, ValueError if all are damaged or of different runs.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no run folder {str(folder)!r}. Runs are under outputs/ and multirun/.")
    paths = [path for path in (folder / CHECKPOINT, *reversed(_underway(folder))) if path.is_file()]
    if not paths:
        raise FileNotFoundError(f"{str(folder)!r} is not a run folder: it holds no {CHECKPOINT}.")
    damage: list[str] = []
    sound: list[Checkpoint] = []
    for path in paths:
        try:
            checkpoint = load_checkpoint(path)
        except ValueError as error:
            damage.append(str(error))
            continue
        if checkpoint.state is None and resumable:
            continue
        sound.append(checkpoint)
        if path.name != CHECKPOINT and not resumable:
            break  # the numbered ones are in order; the last of all may be that of an earlier end
    if not sound and not damage:
        raise ValueError(f"{str(folder)!r} has no checkpoint to go on from, a solution alone. Train again.")
    if not sound:
        raise ValueError(damage[0] + ("" if len(damage) == 1 else f" ({len(damage)} files, all damaged)"))
    if resumable and len(ids := {checkpoint.run_id for checkpoint in sound if checkpoint.run_id}) > 1:
        raise ValueError(
            f"{str(folder)!r} holds checkpoints of {len(ids)} runs: "
            + ", ".join(f"{checkpoint.path.name} of {checkpoint.run_id}" for checkpoint in sound)
            + ". Move those of all but one elsewhere."
        )
    for problem in damage:
        log.warning("%s. An earlier checkpoint is used.", problem)
    return max(sound, key=lambda checkpoint: checkpoint.step)


def set_aside_later(checkpoint: Checkpoint) -> None:
    """Move what a run has kept of later steps, if it goes on from an earlier one, out of the way of what comes now.

    Otherwise the larger numbers of the old steps would hide the new ones.
    """
    folder = checkpoint.path.parent
    folder = folder.parent if folder.name == UNDERWAY else folder
    later = [path for path in _underway(folder) if path.stem > f"step-{checkpoint.step:09d}"]
    if checkpoint.path.name != CHECKPOINT and (last := folder / CHECKPOINT).is_file():
        try:
            later += [last] if load_checkpoint(last).step > checkpoint.step else []
        except ValueError:
            later.append(last)
    if later:
        aside = folder / UNDERWAY / f"later-than-{checkpoint.step}"
        aside.mkdir(exist_ok=True)
        for path in later:
            path.replace(aside / path.name)
        log.info("%d later checkpoints are now in %s", len(later), aside)


class Checkpoints:
    """The checkpoints of a run underway: the last `keep`, one every `every_s` seconds (None: none), and the best.

    The best one has the smallest residual at held-out points, and holds a solution alone. A disk that is full, or that
    may not be written to, ends no training: there is one warning, and the next checkpoint is tried in its turn.
    """

    def __init__(
        self, folder: Path, config: Mapping[str, Any], every_s: float | None, keep: int, run_id: str | None = None
    ) -> None:
        if every_s is not None and not every_s >= 0:
            raise ValueError(f"checkpoint_s={every_s} is not valid: expected seconds >= 0, or null for none.")
        if keep < 1:
            raise ValueError(f"keep_checkpoints={keep} is not valid: expected an integer >= 1.")
        self._folder, self._config, self._every_s, self._keep = folder / UNDERWAY, config, every_s, keep
        for half in self._folder.glob(f"*{PART}"):  # of a process that was killed while it wrote
            half.unlink(missing_ok=True)
        self._run_id = run_id
        self._last_s: float | None = None
        self._best = float("inf")
        self.failed = False
        """Whether the last one could not be written."""

    def due(self, step: Step) -> bool:
        """Whether it is time for one; the first comes `every_s` seconds after the first step seen."""
        if self._last_s is None:
            self._last_s = step.seconds
            return self._every_s == 0
        return self._every_s is not None and step.seconds - self._last_s >= self._every_s

    def save(self, step: Step) -> None:
        """Write one, and remove those that are too old."""
        self._last_s = step.seconds
        self._try(
            lambda: save_checkpoint(self._folder / f"step-{step.step:09d}.pt", step, self._config, run_id=self._run_id)
        )
        if not self.failed:
            for path in _underway(self._folder.parent)[: -self._keep]:
                path.unlink(missing_ok=True)

    def compare(self, step: Step) -> None:
        """Keep the step if it is the best so far."""
        if step.heldout_residual < self._best:
            self._best = step.heldout_residual
            self._try(
                lambda: save_checkpoint(self._folder / BEST, step, self._config, run_id=self._run_id, resumable=False)
            )

    def _try(self, write: Callable[[], None]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write()
            self.failed = False
        except OSError as error:
            if not self.failed:
                log.warning("A checkpoint could not be written (%s). Training goes on; make room on the disk.", error)
            self.failed = True


def _underway(folder: Path) -> list[Path]:
    """The checkpoints on the way, in order of their steps."""
    return sorted((folder / UNDERWAY).glob("step-*.pt"))
