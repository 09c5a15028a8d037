"""The runs behind the accuracy table: made once in processes of their own, read from their folders ever after."""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pinn.runs.results import Results

ROOT = Path(__file__).resolve().parents[1]
ROWS = ROOT / "configs" / "experiment" / "accuracy"
MARKS = (1e-3, 1e-6, 1e-9)
DONE = "done.json"


@dataclass(frozen=True)
class Result:
    """A run of one row with one seed. `failure` says why there are no numbers."""

    row: str
    seed: int
    error: float = math.nan
    seconds: float = math.nan
    reference_error: float = 0.0
    facts: dict = field(default_factory=dict)
    curve: list[tuple[float, float]] = field(default_factory=list)
    failure: str = ""

    def time_to(self, mark: float) -> float:
        """Seconds until the error was first at most `mark`; infinite if it never was."""
        return next((seconds for seconds, error in self.curve if error <= mark), math.inf)


@dataclass(frozen=True)
class Row:
    """All seeds of a row."""

    name: str
    results: tuple[Result, ...]

    @property
    def good(self) -> list[Result]:
        return [result for result in self.results if not result.failure]

    def median(self, key: str) -> float:
        values = [getattr(result, key) for result in self.good]
        return statistics.median(values) if values else math.nan

    @property
    def worst(self) -> float:
        return max((result.error for result in self.good), default=math.nan)

    def time_to(self, mark: float) -> float:
        """The median over the seeds; infinite if more than half never came there."""
        return statistics.median_high(result.time_to(mark) for result in self.good) if self.good else math.inf


def names() -> list[str]:
    """All rows that have a configuration."""
    return sorted(path.stem for path in ROWS.glob("*.yaml"))


def make(
    rows: Iterable[str], seeds: Sequence[int], folder: Path, threads: int, jobs: int, extra: Sequence[str]
) -> None:
    """Train what is not there yet, seed by seed, so that an interrupted table has all rows."""
    wanted = [(row, seed) for seed in seeds for row in rows]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda job: _train(job[0], job[1], folder, threads, extra), wanted))


def read(folder: Path, rows: Iterable[str]) -> list[Row]:
    """The rows of which there is at least one run in the folder."""
    made = []
    for row in rows:
        runs = sorted((folder / row).glob("seed_*"), key=lambda path: int(path.name.removeprefix("seed_")))
        results = tuple(_read(row, run) for run in runs if (run / DONE).is_file())
        if results:
            made.append(Row(row, results))
    return made


def command(row: str, seed: int | None = None) -> list[str]:
    """What a user types for the row."""
    chosen = [] if seed in (None, 0) else [f"seed={seed}"]
    return ["pinn", "train", f"experiment=accuracy/{row}", *chosen]


def _train(row: str, seed: int, folder: Path, threads: int, extra: Sequence[str]) -> None:
    run = folder / row / f"seed_{seed}"
    asked = {"threads": threads, "extra": list(extra)}
    if (run / DONE).is_file() and json.loads((run / DONE).read_text())["asked"] == asked:
        return
    run.mkdir(parents=True, exist_ok=True)
    (run / DONE).unlink(missing_ok=True)
    print(f"{row}, seed {seed} …", flush=True)
    options = [f"seed={seed}", f"threads={threads}", f"hydra.run.dir={run}", "log_every=5", *extra]
    arguments = [sys.executable, "-m", "pinn", "train", f"experiment=accuracy/{row}", *options]
    result = subprocess.run(arguments, capture_output=True, text=True)
    failure = "" if result.returncode == 0 else (result.stderr.strip().splitlines() or ["no message"])[-1]
    (run / DONE).write_text(json.dumps({"asked": asked, "failure": failure}))


def _read(row: str, run: Path) -> Result:
    seed = int(run.name.removeprefix("seed_"))
    failure = json.loads((run / DONE).read_text())["failure"]
    if failure:
        return Result(row, seed, failure=failure)
    results = Results(run)
    summary, curve = results.summary, results.curve("rel_l2")
    facts = {key: summary[key] for key in ("parameters", "dtype", "device", "threads", "steps", "stopped_by")}
    facts["points"] = summary["points"]
    return Result(row, seed, summary["rel_l2"], summary["wall_s"], summary["reference_error"], facts, curve)
