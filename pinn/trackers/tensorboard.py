"""The tracker `tracker=tensorboard`: an event file in the run folder. `tensorboard --logdir outputs` shows all runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.optional import package
from pinn.runs.tracking import Tracking, final_figures, flattened


@dataclass(frozen=True)
class TensorBoard:
    """Scalars named as in `metrics.csv`; configuration and summary as text, and in the table of hyperparameters.

    `flush_s` is how often the file is written, in seconds. Raises ValueError unless flush_s > 0, MissingPackageError
    without the package.
    """

    flush_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.flush_s > 0:
            raise ValueError(f"TensorBoard needs flush_s > 0 seconds, got flush_s={self.flush_s}.")
        package("tensorboard", "tensorboard", "tracker=tensorboard")

    def start(self, config: Mapping[str, Any], folder: Path) -> Tracking:
        return _Events(config, folder, self.flush_s)


class _Events:
    def __init__(self, config: Mapping[str, Any], folder: Path, flush_s: float) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._config = config
        self._writer = SummaryWriter(str(folder), flush_secs=flush_s)  # pyright: ignore[reportArgumentType]
        self._writer.add_text("config", _preformatted(config))

    def record(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def finish(self, summary: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard.summary import hparams

        chosen = {
            name: v if isinstance(v, (bool, int, float)) else str(v) for name, v in flattened(self._config).items()
        }
        final = final_figures(summary)
        # SummaryWriter.add_hparams would put them into a folder, and so a run, of their own.
        for event in hparams(chosen, final):
            self._writer.file_writer.add_summary(event)  # pyright: ignore[reportOptionalMemberAccess]
        for name, value in final.items():
            self._writer.add_scalar(name, value, summary.get("steps"))
        self._writer.add_text("summary", _preformatted(summary))
        self._writer.close()


def _preformatted(values: Mapping[str, Any]) -> str:
    """Markdown that shows values as they are: four spaces make code."""
    return "\n".join(f"    {line}" for line in json.dumps(values, indent=2, default=str).splitlines())
