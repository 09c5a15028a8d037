"""What training shows while it runs, on a terminal and in a log."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from rich.console import Console

from pinn import Step, train
from pinn.cli.progress import Progress
from pinn.networks import MLP
from pinn.optimizers import Adam
from pinn.pdes import Potential
from pinn.samplers import Uniform

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def fake(step: int, seconds: float, stop: Any = None) -> Step:
    """A step with two terms, of which nothing is asked but its numbers."""
    unused: Any = None
    terms = {"interior": 0.25, "boundary": 0.5}
    return Step(step, seconds, "adam", 0.75, terms, {}, unused, unused, None, stop)


def log(steps: int, seconds_a_step: float, **arguments: Any) -> list[str]:
    """The lines written for a run."""
    out = io.StringIO()
    with Progress(steps, console=Console(file=out, width=20), **arguments) as progress:
        for step in range(1, steps + 1):
            progress.update(fake(step, step * seconds_a_step, "steps" if step == steps else None))
    return out.getvalue().splitlines()


def at_steps(lines: list[str]) -> list[int]:
    return [int(re.findall(r"step +(\d+)/", line)[0]) for line in lines]


def test_a_log_has_powers_of_ten_tenths_and_the_last() -> None:
    lines = log(2000, 1e-3)
    assert at_steps(lines) == [1, 10, 100, *range(200, 1001, 200), *range(1200, 2001, 200)]
    assert "loss 7.50e-01  interior 2.50e-01  boundary 5.00e-01" in lines[0]  # whole, however narrow
    assert "1e+03 steps/s  0:01 left" in lines[-6]
    assert lines[-1].endswith("ended after 0:02 (steps)")


def test_slow_steps_are_logged_every_few_seconds_and_less_and_less() -> None:
    lines = at_steps(log(2000, 1.0))
    assert lines[:4] == [1, 6, 10, 15]
    assert len(lines) < 100


def test_the_last_step_is_logged_when_training_breaks() -> None:
    out = io.StringIO()
    steps = iter([fake(1, 0.1), fake(2, 0.2), fake(3, 0.3)])
    with pytest.raises(StopIteration):
        _show(steps, out)
    assert at_steps(out.getvalue().splitlines()) == [1, 3]


def test_the_error_is_shown_until_the_next_one() -> None:
    out = io.StringIO()
    with Progress(3, label="heat", console=Console(file=out)) as progress:
        progress.update(fake(1, 0.1))
        progress.update(fake(2, 0.2), 0.125)
        progress.update(fake(3, 0.3))
    first, second, third = out.getvalue().splitlines()
    assert first.startswith("heat  step 1/3")
    assert "rel. error" not in first
    assert "rel. error 1.25e-01" in second
    assert "rel. error 1.25e-01" in third


@pytest.mark.parametrize(("budget_s", "left"), [(None, "0:50"), (20.0, "0:10"), (1000.0, "0:50"), (7200.0, "0:50")])
def test_time_left_is_the_nearer_of_steps_and_budget(budget_s: float | None, left: str) -> None:
    out = io.StringIO()
    with Progress(60, budget_s, console=Console(file=out)) as progress:
        for step in range(1, 11):
            progress.update(fake(step, float(step)))
    assert out.getvalue().splitlines()[-1].endswith(f"1 steps/s  {left} left")


def test_steps_longer_than_the_window_of_the_rate() -> None:
    lines = log(20, 60.0)
    assert lines[1].endswith("0.0167 steps/s  18:00 left")


def test_the_rate_is_that_of_the_last_seconds_of_training() -> None:
    out = io.StringIO()
    with Progress(1000, console=Console(file=out)) as progress:
        for step in range(1, 101):  # the clock is that of the steps, however long this loop takes
            progress.update(fake(step, 0.01 * step))
        for step in range(101, 121):
            progress.update(fake(step, float(step - 99)))
    assert out.getvalue().splitlines()[-1].endswith("1 steps/s  14:40 left")


def test_a_terminal_shows_rate_and_time_left_under_the_name() -> None:
    out = io.StringIO()
    console = Console(force_terminal=True, file=out, width=80, _environ={"TERM": "xterm"})
    with Progress(60, 20.0, "disk [red]", console=console) as progress:
        for step in range(1, 11):
            progress.update(fake(step, float(step)), 0.125)
    first, second = ESCAPE.sub("", out.getvalue()).splitlines()[-2:]
    assert re.search(r"disk \[red\] ━+[╸╺]?━+ 10/60 1 steps/s  0:10 left *$", first)
    assert second == "adam  loss 7.50e-01  interior 2.50e-01  boundary 5.00e-01  rel. error 1.25e-01"


def test_a_terminal_shows_a_bar_that_stays() -> None:
    out = io.StringIO()
    console = Console(force_terminal=True, file=out, width=90, _environ={"TERM": "xterm"})
    network = MLP(2, 1, width=4, depth=1, bounds=((0, 0), (1, 1)), generator=torch.Generator()).double()
    with Progress(4, None, "potential", console=console) as progress:
        for step in train(Potential(), network, Adam(steps=4), Uniform(interior=20)):
            progress.update(step, step.rel_l2)
    shown = ESCAPE.sub("", out.getvalue())
    assert "potential ━" in shown
    assert "4/4" in shown
    assert re.search(r"adam  loss \S+  interior \S+  point \S+  rel\. error \S+\n$", shown.rstrip(" ").rstrip("\r"))


def test_a_single_term_is_not_repeated() -> None:
    out = io.StringIO()
    unused: Any = None
    with Progress(1, console=Console(file=out)) as progress:
        progress.update(Step(1, 0.1, "adam", 0.5, {"interior": 0.5}, {}, unused, unused, None, "steps"))
    assert "interior" not in out.getvalue()


def _show(steps: Iterator[Step], out: io.StringIO) -> None:
    with Progress(1000, console=Console(file=out)) as progress:
        while True:
            progress.update(next(steps))
