"""The tracker `tracker=wandb`: a run of Weights & Biases, by default offline, in the run folder."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.optional import package
from pinn.runs.tracking import Tracking, final_figures, flattened

_ID = "wandb_run.json"
"""The file in a run folder that says which run of Weights & Biases it is, so that a resumed one goes on with that."""
_PICTURES = ("*.png",)


@dataclass(frozen=True)
class WandB:
    """Configuration, metrics named as in `metrics.csv`, the summary as `final.…`, and the plots of a run online.

    `offline` writes into `wandb/` of the run folder, for `wandb sync` to send later; otherwise to the server that
    `wandb login` knows, as `project` of `entity` (null: the user's own). `run_name` is by default the end of the run
    folder's path. A server that does not answer within `timeout_s` seconds counts as unreachable. Raises ValueError
    unless timeout_s > 0, MissingPackageError without the package.
    """

    project: str = "pinn"
    entity: str | None = None
    run_name: str | None = None
    offline: bool = True
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ValueError(f"WandB needs timeout_s > 0 seconds, got timeout_s={self.timeout_s}.")
        package("wandb", "wandb", "tracker=wandb")

    def start(self, config: Mapping[str, Any], folder: Path) -> Tracking:
        return _Run(self, config, folder.resolve())


class _Run:
    def __init__(self, tracker: WandB, config: Mapping[str, Any], folder: Path) -> None:
        wandb = package("wandb", "wandb", "tracker=wandb")
        self._wandb, self._folder, self._offline = wandb, folder, tracker.offline
        known = _stored_id(folder)
        settings = wandb.Settings(
            silent=True,
            console="off",
            init_timeout=tracker.timeout_s,
            disable_code=True,  # what is sent is the run's own configuration and figures
            disable_git=True,
            x_disable_stats=True,
        )
        self._run = wandb.init(
            project=tracker.project,
            entity=tracker.entity,
            name=tracker.run_name or f"{folder.parent.name}/{folder.name}",
            dir=str(folder),
            config=dict(config),
            mode="offline" if tracker.offline else "online",
            id=known,
            resume="allow" if known else None,
            reinit="create_new",  # the jobs of a sweep may share a process
            settings=settings,
        )
        (folder / _ID).write_text(json.dumps({"id": self._run.id}) + "\n", encoding="utf-8")
        _cut_links(folder / "wandb")

    def record(self, step: int, figures: Mapping[str, float]) -> None:
        self._run.log(dict(figures), step=step)

    def finish(self, summary: Mapping[str, Any]) -> None:
        words = {name: value for name, value in flattened(summary).items() if isinstance(value, str)}
        self._run.summary.update({**final_figures(summary), **words})
        if not self._offline:  # offline they lie beside it
            for pattern in _PICTURES:
                for path in sorted(self._folder.glob(pattern)):
                    self._run.log({path.stem: self._wandb.Image(str(path))})
        self._run.finish(exit_code=0 if summary.get("status") == "completed" else 1)
        _cut_links(self._folder / "wandb")


def _cut_links(folder: Path) -> None:
    """Remove links out of the folder, such as one to a log in the user's cache: a run with one is not loaded."""
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(folder.parent):
            path.unlink()


def _stored_id(folder: Path) -> str | None:
    """The run that this folder has been before; None if it has been none."""
    try:
        stored = json.loads((folder / _ID).read_text(encoding="utf-8"))["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stored if isinstance(stored, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", stored) else None
