"""The gallery: every shipped problem with its equation, its command and the results of its run, on one page."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.report.templates import render
from pinn.runs.atomic_write import atomic_write
from pinn.runs.configs import config_folder
from pinn.runs.results import Results

CONFIGS = config_folder()
HEADER = ["problem", "equation", "relative L2 error", "max error", "seconds", "parameters", "command"]
PICTURES = ("comparison.png", "profiles.png", "history.png", "unknowns.png")


@dataclass(frozen=True)
class Entry:
    """A problem of the gallery: its run folder, what a user types for it, and how it went."""

    name: str
    folder: Path

    @property
    def equation(self) -> str:
        """The first line of its configuration."""
        return (CONFIGS / "pde" / f"{self.name}.yaml").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")

    @property
    def settings(self) -> list[str]:
        """What chooses it: settings of its own if there are any, otherwise the defaults."""
        own = CONFIGS / "experiment" / "gallery" / f"{self.name}.yaml"
        return [f"experiment=gallery/{self.name}"] if own.is_file() else [f"pde={self.name}"]

    @property
    def command(self) -> str:
        """What a user types."""
        return " ".join(["pinn", "train", *self.settings])

    @property
    def results(self) -> Results:
        """How its run went."""
        return Results(self.folder)

    @property
    def error(self) -> str:
        """The relative L2 error, `nan` if it is not known."""
        return _short(self.results.summary.get("rel_l2"))

    def row(self) -> list[str]:
        """Its cells under the `HEADER`."""
        if failure := self.results.failure:
            return [self.name, self.equation, f"failed: {failure}", *["–"] * 3, self.command]
        s = self.results.summary
        error = f"{self.error}, in doubt" if self.results.doubts else self.error
        return [
            *(self.name, self.equation, error, _short(s["max_error"])),
            *(f"{s['wall_s']:.0f}", str(s["parameters"]), self.command),
        ]

    def facts(self) -> list[str]:
        """What stands under its error: the steps and where they were made, then each unknown number."""
        s = self.results.summary
        unknowns = [
            f"{name} = {item['value']:.5g}" + (f" ± {1.96 * item['deviation']:.1g}" if item["deviation"] else "")
            for name, item in (s.get("unknowns") or {}).items()
        ]
        return [f"{s['steps']} steps, {s['parameters']} parameters, {s['dtype']} on {s['device']}", *unknowns]

    def pictures(self, page: Path) -> list[tuple[str, str]]:
        """Its pictures, by paths relative to the page, and their names."""
        paths = [self.folder / name for name in PICTURES if (self.folder / name).is_file()]
        return [(os.path.relpath(path, page.parent), path.stem) for path in paths]


def names() -> list[str]:
    """All problems that have a configuration and need no further argument."""
    return sorted(path.stem for path in (CONFIGS / "pde").glob("*.yaml"))


def write_gallery(entries: Sequence[Entry], path: Path) -> Path:
    """Write the page of the entries whose runs have ended."""
    page = render("gallery.html.j2", entries=entries, header=HEADER, path=path)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _short(value: Any) -> str:
    return f"{math.nan if value is None else value:.1e}"
