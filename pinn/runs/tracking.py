"""Trackers: where the figures of a run go beside `metrics.csv`, which every run writes."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

log = logging.getLogger("pinn")


class Tracking(Protocol):
    """A tracker at work on one run: figures at recorded steps, then the summary, once, however the run ends."""

    def record(self, step: int, figures: Mapping[str, float]) -> None: ...

    def finish(self, summary: Mapping[str, Any]) -> None: ...


@runtime_checkable
class Tracker(Protocol):
    """Begins to track a run with its configuration, nested mappings of plain values, and its folder."""

    def start(self, config: Mapping[str, Any], folder: Path) -> Tracking: ...


@dataclass(frozen=True)
class MetricsAlone:
    """No tracker: the figures are in `metrics.csv` and `summary.json`."""

    def start(self, config: Mapping[str, Any], folder: Path) -> Tracking:
        return _Nowhere()


class Tracked:
    """The tracking of one run, which it never ends: where a tracker fails there is one warning and no more tracking.

        with Tracked(tracker, config, folder) as tracked:
            for step in train(…):
                tracked.record(step.step, metrics.record(step))
        tracked.finish(save_run(…))

    An exception that leaves the block finishes the tracking as `failed`, an interrupt as `interrupted`.
    """

    def __init__(self, tracker: Tracker, config: Mapping[str, Any], folder: Path) -> None:
        self._name = type(tracker).__name__
        self._tracking: Tracking | None = None
        self._tracking = self._tried("at its start", lambda: tracker.start(config, folder))

    def record(self, step: int, row: Mapping[str, Any]) -> None:
        """Hand on what is a finite number in a row of `metrics.csv`."""
        figures = {name: float(value) for name, value in row.items() if name != "step" and _finite(value)}
        if self._tracking:
            tracking = self._tracking
            self._tried(f"at step {step}", lambda: tracking.record(step, figures))

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Hand on the summary; there is nothing to track after it."""
        if self._tracking:
            tracking = self._tracking
            self._tried("at its end", lambda: tracking.finish(summary))
        self._tracking = None

    def __enter__(self) -> "Tracked":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is not None:
            self.finish({"status": "failed" if issubclass(kind, Exception) else "interrupted", "reason": str(error)})

    def _tried(self, when: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:  # whatever a package or a server does, the run is worth more
            reason = next(iter(str(error).splitlines()), "no message")[:200]
            log.warning(
                f"tracker: {self._name} failed {when} ({type(error).__name__}: {reason}). The run goes on without it; "
                "metrics.csv and summary.json have all figures."
            )
            self._tracking = None
            return None


def flattened(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values of nested mappings by dotted name.

    >>> flattened({"pde": {"nu": 0.1}, "seed": 0})
    {'pde.nu': 0.1, 'seed': 0}
    """
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        flat |= flattened(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def final_figures(summary: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers of a summary, by dotted names that begin with `final`.

    >>> final_figures({"steps": 3, "terms": {"interior": 0.5}, "rel_l2": math.nan, "status": "completed"})
    {'final.steps': 3.0, 'final.terms.interior': 0.5}
    """
    return {f"final.{name}": float(value) for name, value in flattened(summary).items() if _finite(value)}


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


class _Nowhere:
    def record(self, step: int, figures: Mapping[str, float]) -> None:
        pass

    def finish(self, summary: Mapping[str, Any]) -> None:
        pass
