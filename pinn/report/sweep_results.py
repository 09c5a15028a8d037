"""The jobs of a sweep as their folders tell: what was asked of each, how it ended, and in groups over seeds."""

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from pinn.runs.results import Results
from pinn.runs.run import SUMMARY
from pinn.training.accuracy import score

SEED = "seed"
_NONE = "–"


@dataclass(frozen=True)
class Outcome:
    """How a job of a sweep ended. `reason` says why there are no numbers, `overrides` what was asked of it."""

    folder: Path
    overrides: Mapping[str, str]
    state: Literal["completed", "failed", "unfinished"]
    reason: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)

    def value(self, key: str) -> str:
        """What the job had for a key: as it was asked for, or by name in its summary, or in its configuration."""
        if key in self.overrides:
            return self.overrides[key]
        if isinstance(value := self.summary.get(key), (str, int, float)):
            return str(value)
        file = self.folder / "config.yaml"
        node: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
        for part in key.split("."):
            node = node.get(part) if isinstance(node, Mapping) else None
        return _NONE if node is None or isinstance(node, Mapping) else str(node)

    def number(self, metric: str) -> float:
        """A number of the summary, NaN if there is none."""
        value = self.summary.get(metric)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


@dataclass(frozen=True)
class Group:
    """The jobs that had the same values of the keys that were swept, in whatever else they differ."""

    values: tuple[str, ...]
    outcomes: tuple[Outcome, ...]

    def count(self, state: str) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)

    def numbers(self, metric: str) -> list[float]:
        """The metric of each completed job that has one."""
        numbers = [outcome.number(metric) for outcome in self.outcomes if outcome.state == "completed"]
        return [number for number in numbers if math.isfinite(number)]

    def statistics(self, metric: str) -> dict[str, float]:
        """Mean, standard deviation (NaN for one job), median and worst of the metric, median seconds; NaN for none."""
        numbers, seconds = self.numbers(metric), self.numbers("wall_s")
        return {
            "mean": statistics.fmean(numbers) if numbers else math.nan,
            "std": statistics.stdev(numbers) if len(numbers) > 1 else math.nan,
            "median": statistics.median(numbers) if numbers else math.nan,
            "worst": max(numbers, default=math.nan),
            "seconds": statistics.median(seconds) if seconds else math.nan,
        }

    def text(self, metric: str) -> list[str]:
        """The statistics as cells of a table; an error below three times that of its reference is not printed."""
        found = self.statistics(metric)
        floor = max((outcome.number("reference_error") for outcome in self.outcomes if outcome.summary), default=0.0)
        floor = floor if metric == "rel_l2" and math.isfinite(floor) else 0.0
        if math.isnan(found["median"]):
            return [_NONE, _NONE, _NONE, _NONE]
        spread = "" if math.isnan(found["std"]) else f" ± {found['std']:.1e}"
        mean = score(found["mean"], floor) if found["mean"] < 3 * floor else f"{found['mean']:.2e}{spread}"
        return [mean, score(found["median"], floor), score(found["worst"], floor), f"{found['seconds']:.1f}"]


def read(folder: Path) -> list[Outcome]:
    """The jobs of the sweep in `folder`, in their order.

    Raises FileNotFoundError if there are none, ValueError for the folder of a single run.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r}. Sweeps are under multirun/.")
    if (folder / ".hydra").is_dir():
        raise ValueError(f"{str(folder)!r} is a single run. Name the folder of a sweep, which holds one for each job.")
    files = sorted(folder.rglob(".hydra/overrides.yaml"), key=lambda file: _natural(file.parents[1]))
    if not files:
        raise FileNotFoundError(f"{str(folder)!r} holds no jobs of a sweep. Sweeps are under multirun/.")
    return [_read(file.parents[1], _overrides(file)) for file in files]


def swept(outcomes: Sequence[Outcome]) -> list[str]:
    """The keys in which what was asked of the jobs differs, apart from the seed, as they were typed."""
    keys = dict.fromkeys(key for outcome in outcomes for key in outcome.overrides)
    return [key for key in keys if key != SEED and len({outcome.overrides.get(key) for outcome in outcomes}) > 1]


def groups(outcomes: Sequence[Outcome], keys: Sequence[str]) -> list[Group]:
    """The jobs by their values of some keys. Raises ValueError for a key that no job has."""
    for key in keys:
        if all(outcome.value(key) == _NONE for outcome in outcomes):
            known = ", ".join(swept(outcomes)) or "none"
            raise ValueError(f"No job has a value for {key!r}. Keys that were swept: {known}.")
    found: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(tuple(outcome.value(key) for key in keys), []).append(outcome)
    return [Group(values, tuple(members)) for values, members in found.items()]


def best(outcomes: Sequence[Outcome], metric: str) -> Outcome:
    """The completed job with the smallest number. Raises ValueError if no job has one."""
    known = [o for o in outcomes if o.state == "completed" and math.isfinite(o.number(metric))]
    if not known:
        raise ValueError(f"No completed job has a number {metric!r}, so none is the best.")
    return min(known, key=lambda outcome: outcome.number(metric))


def metric_of(outcomes: Sequence[Outcome], wanted: str | None) -> str:
    """What is compared: the error, or the residual at held-out points if no job knows its error.

    Raises ValueError for a name that no summary holds as a number.
    """
    if wanted and any(o.summary for o in outcomes) and all(math.isnan(o.number(wanted)) for o in outcomes):
        names = sorted({name for o in outcomes for name in o.summary if math.isfinite(o.number(name))})
        raise ValueError(f"No {SUMMARY} holds a number {wanted!r}: use one of {', '.join(names)}.")
    known = any(math.isfinite(outcome.number("rel_l2")) for outcome in outcomes)
    return wanted or ("rel_l2" if known or not any(o.summary for o in outcomes) else "heldout_residual")


def _read(folder: Path, overrides: Mapping[str, str]) -> Outcome:
    results = Results(folder)
    if (failure := results.failure) is not None:
        return Outcome(folder, overrides, "failed", " ".join(failure.split()))
    if not (summary := results.summary):
        return Outcome(folder, overrides, "unfinished", _progress(results))
    status = summary.get("status", "completed")
    if status != "completed":
        return Outcome(folder, overrides, "unfinished", str(status), summary)
    return Outcome(folder, overrides, "completed", "", summary)


def _progress(results: Results) -> str:
    """How far an unfinished job has come."""
    rows = results.metrics()
    return f"at step {rows[-1]['step']} after {float(rows[-1]['seconds']):.1f} s" if rows else "no step recorded"


def _overrides(file: Path) -> dict[str, str]:
    """KEY=VALUE as typed; `~KEY` deletes one, which is a value too."""
    found = {}
    for text in yaml.safe_load(file.read_text(encoding="utf-8")) or []:
        key, _, value = str(text).partition("=")
        found[key.lstrip("+~")] = value if value or not key.startswith("~") else "deleted"
    return found


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Job 10 after job 9."""
    parts = re.findall(r"\d+|\D+", str(path))
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts]
