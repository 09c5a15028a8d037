"""The progress of training: a live display on a terminal, plain lines everywhere else."""

import math
from collections import deque

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pinn import Step

_WINDOW_S = 5.0  # the rate is that of the last seconds: L-BFGS steps take longer than Adam's
_LINE_EVERY_S = 5.0


class Progress:
    """Shows step, loss by term, relative error, rate and time left, which ends at `steps` or after `budget_s` seconds.

        with Progress(steps, budget_s, "poisson") as progress:
            for step in pinn.train(…):
                progress.update(step)

    A plain line is written at powers of ten and tenths of `steps`, at the end, and otherwise after five seconds or a
    twentieth of the time so far, whichever is longer: a log stays short however long the run.
    """

    def __init__(
        self, steps: int, budget_s: float | None = None, label: str = "", *, console: Console | None = None
    ) -> None:
        self._steps, self._budget_s, self._label = steps, budget_s, label
        self._console = console or Console(highlight=False)
        live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._live = Live(console=self._console, refresh_per_second=8) if live else None
        self._recent: deque[tuple[float, int]] = deque([(0.0, 0)])
        self._rel_l2 = math.nan
        self._last_line_s = 0.0
        self._unwritten: Step | None = None

    def update(self, step: Step, rel_l2: float | None = None) -> None:
        """Show a step. An error costs an evaluation, so it is given when it is known and shown until the next one."""
        if rel_l2 is not None:
            self._rel_l2 = rel_l2
        self._recent.append((step.seconds, step.step))
        while len(self._recent) > 2 and self._recent[0][0] < step.seconds - _WINDOW_S:
            self._recent.popleft()
        if self._live:
            self._live.update(self._display(step))
            return
        self._unwritten = step
        if self._due(step):
            self._write()

    def __enter__(self) -> "Progress":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live:
            self._live.stop()
        elif self._unwritten:
            self._write()

    def _display(self, step: Step) -> Group:
        """Two lines: how far, and how good."""
        bar = Table.grid(padding=(0, 1), expand=True)
        for _ in range(4):
            bar.add_column(no_wrap=True)
        bar.columns[1].ratio = 1
        bar.add_row(
            Text(self._label, style="bold"),
            ProgressBar(total=1.0, completed=1.0 if step.stop else self._part_done(step)),
            Text(f"{step.step}/{self._steps}"),
            Text(self._pace(step), style="cyan"),
        )
        numbers = Text(step.method, overflow="fold")
        for name, value in self._numbers(step):
            numbers.append(f"  {name} ", style="dim")
            numbers.append(value)
        return Group(bar, numbers)

    def _write(self) -> None:
        """The plain line of the last step, never folded."""
        step, self._unwritten = self._unwritten, None
        assert step is not None
        self._last_line_s = step.seconds
        numbers = "  ".join(f"{name} {value}" for name, value in self._numbers(step))
        label = f"{self._label}  " if self._label else ""
        width = len(str(self._steps))
        line = f"{label}step {step.step:>{width}}/{self._steps}  {step.method}  {numbers}  {self._pace(step)}"
        print(line, file=self._console.file, flush=True)

    def _due(self, step: Step) -> bool:
        power_of_ten = set(str(step.step)[1:]) <= {"0"} and str(step.step)[0] == "1"
        tenth = step.step % max(self._steps // 10, 1) == 0
        late = step.seconds - self._last_line_s >= max(_LINE_EVERY_S, step.seconds / 20)
        return power_of_ten or tenth or late or step.stop is not None

    def _numbers(self, step: Step) -> list[tuple[str, str]]:
        """What is known of the step; a single term is the loss itself."""
        terms = step.terms if len(step.terms) > 1 else {}
        numbers = [("loss", step.loss), *terms.items()]
        if not math.isnan(self._rel_l2):
            numbers.append(("rel. error", self._rel_l2))
        return [(name, f"{value:.2e}") for name, value in numbers]

    def _pace(self, step: Step) -> str:
        """Steps per second, and the time left, or the time spent and what ended it."""
        rate = f"{self._rate:.3g} steps/s"
        if step.stop:
            return f"{rate}  ended after {_clock(step.seconds)} ({step.stop})"
        return f"{rate}  {_clock(self._left_s(step))} left"

    @property
    def _rate(self) -> float:
        (start, first), (end, last) = self._recent[0], self._recent[-1]
        return (last - first) / max(end - start, 1e-9)

    def _left_s(self, step: Step) -> float:
        by_steps = (self._steps - step.step) / max(self._rate, 1e-9)
        return by_steps if self._budget_s is None else max(0.0, min(by_steps, self._budget_s - step.seconds))

    def _part_done(self, step: Step) -> float:
        by_time = step.seconds / self._budget_s if self._budget_s else 0.0
        return min(1.0, max(step.step / self._steps, by_time))


def _clock(seconds: float) -> str:
    """h:mm:ss, or m:ss below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
