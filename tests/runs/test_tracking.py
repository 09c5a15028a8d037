"""Tracking: what reaches a tracker, and that its failures end nothing but itself."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pinn.runs.tracking import MetricsAlone, Tracked, Tracker


class Memory:
    """A tracker that keeps what it is given, and fails where it is told to."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.calls: list[tuple[str, Any]] = []

    def _call(self, name: str, value: Any) -> None:
        self.calls.append((name, value))
        if name == self.fails:
            raise ConnectionError("the server is gone\nand more")

    def start(self, config: Mapping[str, Any], folder: Path) -> "Memory":
        self._call("start", (config, folder))
        return self

    def record(self, step: int, figures: Mapping[str, float]) -> None:
        self._call("record", (step, figures))

    def finish(self, summary: Mapping[str, Any]) -> None:
        self._call("finish", summary)


def test_a_tracker_gets_the_finite_numbers_of_a_row() -> None:
    memory = Memory()
    with Tracked(memory, {"seed": 0}, Path("run")) as tracked:
        tracked.record(5, {"step": 5, "method": "adam", "loss": 0.5, "guard": 1, "rel_l2": math.nan})
    tracked.finish({"status": "completed"})
    tracked.finish({"status": "twice"})
    assert memory.calls == [
        ("start", ({"seed": 0}, Path("run"))),
        ("record", (5, {"loss": 0.5, "guard": 1.0})),
        ("finish", {"status": "completed"}),
    ]


@pytest.mark.parametrize("fails", ["start", "record", "finish"])
def test_a_failure_is_one_warning(fails: str, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory(fails)
    with caplog.at_level(logging.WARNING, "pinn"), Tracked(memory, {}, Path()) as tracked:
        for step in range(3):
            tracked.record(step, {"loss": 1.0})
        tracked.finish({})
    (message,) = caplog.messages
    assert "Memory failed" in message
    assert "ConnectionError: the server is gone)" in message
    assert memory.calls[-1][0] == fails  # nothing is asked of it after its failure
    assert len(memory.calls) == {"start": 1, "record": 2, "finish": 5}[fails]


@pytest.mark.parametrize(("error", "status"), [(ValueError, "failed"), (KeyboardInterrupt, "interrupted")])
def test_a_run_that_ends_early_is_finished_as_such(error: type[BaseException], status: str) -> None:
    memory = Memory()
    with pytest.raises(error), Tracked(memory, {}, Path()):
        raise error("diverged")
    assert memory.calls[-1] == ("finish", {"status": status, "reason": "diverged"})


def test_metrics_alone_is_a_tracker() -> None:
    assert isinstance(MetricsAlone(), Tracker)
    tracked = Tracked(MetricsAlone(), {}, Path())
    tracked.record(1, {"loss": 1.0})
    tracked.finish({})
