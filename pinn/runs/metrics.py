"""`metrics.csv`: the figures of recorded steps."""

import csv
import io
import logging
from pathlib import Path
from typing import Any

from pinn.runs.atomic_write import atomic_write
from pinn.training.step import Step

log = logging.getLogger("pinn")
METRICS = "metrics.csv"


class MetricsFile:
    """`metrics.csv`: a row for each recorded step, on disk at once. Errors are NaN where no solution is known.

    The whole file is written again if a method that begins later brings figures of its own, such as its damping. With
    `after` the rows of an earlier run are kept up to that step. What cannot be written, on a full disk say, stays in
    memory and is written with the next row; `failed` says so.
    """

    def __init__(self, folder: str | Path, after: int = 0) -> None:
        self._path = Path(folder) / METRICS
        self._rows: list[dict[str, Any]] = []
        self._columns: list[str] = []
        self._whole = False  # whether the file on disk has all rows
        self.failed = False
        if after and self._path.is_file():
            with self._path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if None not in row.values() and int(row["step"]) <= after]
            self._rows = [{name: _read(text) for name, text in row.items() if text != ""} for row in rows]
            self._columns = list(dict.fromkeys(name for row in rows for name in row))

    def record(self, step: Step) -> dict[str, Any]:
        """Append the step, and return its row."""
        row = {"step": step.step, "seconds": step.seconds, "method": step.method, "loss": step.loss}
        row |= {f"loss_{name}": term for name, term in step.terms.items()}
        row |= {"rel_l2": step.rel_l2, "max_error": step.max_error, "heldout_residual": step.heldout_residual}
        row |= {"guard": len(step.findings), **step.figures}
        self._rows.append(row)
        new = [name for name in row if name not in self._columns]
        self._columns += new
        try:
            if new or not self._whole:
                with atomic_write(self._path) as temporary:
                    temporary.write_bytes(self._text(self._rows, header=True))
            else:
                with self._path.open("ab") as file:
                    file.write(self._text([row], header=False))
            self._whole, self.failed = True, False
        except OSError as error:
            if not self.failed:
                log.warning("%s could not be written (%s). Training goes on; make room on the disk.", METRICS, error)
            self._whole, self.failed = False, True
        return row

    def time_to(self) -> dict[str, float]:
        """Seconds until the error at a recorded step was first below 1e-1, 1e-2, …, as far as it came."""
        found: dict[str, float] = {}
        for row in self._rows:
            for k in range(1, 16):
                if row["rel_l2"] < 10.0**-k:
                    found.setdefault(f"1e-{k}", row["seconds"])
        return found

    def _text(self, rows: list[dict[str, Any]], *, header: bool) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns)
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()


def _read(text: str) -> Any:
    """A cell of the metrics file: a number where it is one."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text
