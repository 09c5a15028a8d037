"""What a run folder tells without its field: how the run ended, and the figures of its recorded steps."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.runs.job import FAILURE
from pinn.runs.metrics import METRICS
from pinn.runs.run import SUMMARY, read_summary

DIVERGED = 3
"""The exit code of a run that met a number that is not finite."""
DOUBTED = 4
"""That of a run that speaks against itself: a jump that its equation does not see, a training that stalled."""


@dataclass(frozen=True)
class Results:
    """The results in the folder of a run, of one that still goes on or has failed as well."""

    folder: Path

    @property
    def failure(self) -> str | None:
        """Why the job has failed; None if it has not."""
        file = self.folder / FAILURE
        return file.read_text(encoding="utf-8").strip() if file.is_file() else None

    @property
    def ended(self) -> bool:
        """Whether there is a summary, or a failure."""
        return (self.folder / SUMMARY).is_file() or (self.folder / FAILURE).is_file()

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the run at its end; empty as long as there are none. Raises ValueError for a damaged file."""
        return read_summary(self.folder)

    @property
    def doubts(self) -> list[str]:
        """What speaks against the trained field, in words, as the run itself has found at its end."""
        told = self.summary.get("doubts")
        return [str(doubt) for doubt in told] if isinstance(told, list) else []

    def metrics(self) -> list[dict[str, str]]:
        """The rows of the metrics file as texts; a row that is only half written is left out."""
        file = self.folder / METRICS
        if not file.is_file():
            return []
        with file.open(newline="", encoding="utf-8") as lines:
            return [row for row in csv.DictReader(lines) if None not in row.values()]

    def curve(self, name: str) -> list[tuple[float, float]]:
        """Seconds of training and a figure such as `rel_l2`, at each recorded step that has it."""
        return [(float(row["seconds"]), float(row[name])) for row in self.metrics() if row.get(name)]

    def fail(self, reason: str) -> None:
        """Leave in the folder why the job has failed."""
        (self.folder / FAILURE).write_text(reason, encoding="utf-8")
