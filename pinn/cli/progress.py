"""The progress of training: a live display on a terminal, plain lines everywhere else."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from rich import progress as columns
from rich.console import Console, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from pinn.training.step import Step

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
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._step: Step | None = None
        self._written = True
        self._rel_l2 = math.nan
        self._last_line_s = 0.0
        self._display = _Display(
            columns.TextColumn("{task.description}", style="bold", markup=False),
            _Computed(self._bar, Column(ratio=1)),
            columns.TextColumn("{task.completed}/{task.total}"),
            _Computed(lambda: Text(self._pace(self._step) if self._step else "", style="cyan")),
            below=self._below,
            console=self._console,
            disable=not self._live,
            expand=True,
            refresh_per_second=8,
            speed_estimate_period=_WINDOW_S,
            get_time=lambda: (
                self._step.seconds if self._step else 0.0
            ),  # the clock of training, which leaves out what the display and files take
        )
        self._display.add_task(label, total=steps)
        (self._task,) = self._display.tasks

    def update(self, step: Step, rel_l2: float | None = None) -> None:
        """Show a step. An error costs an evaluation, so it is given when it is known and shown until the next one."""
        if rel_l2 is not None:
            self._rel_l2 = rel_l2
        self._step, self._written = step, self._live
        self._display.update(self._task.id, completed=step.step)
        if not self._live and self._due(step):
            self._write(step)

    def __enter__(self) -> "Progress":
        self._display.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._display.stop()
        if self._step and not self._written:
            self._write(self._step)

    def _write(self, step: Step) -> None:
        """The plain line of a step, never folded."""
        self._last_line_s, self._written = step.seconds, True
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
        # rich forgets the steps before its window, so that it knows no speed if one of them lasts longer than that.
        rate = self._task.speed or step.step / max(step.seconds, 1e-9)
        if step.stop:
            return f"{rate:.3g} steps/s  ended after {_clock(step.seconds)} ({step.stop})"
        left_s = (self._steps - step.step) / max(rate, 1e-9)
        if self._budget_s is not None:
            left_s = max(0.0, min(left_s, self._budget_s - step.seconds))
        return f"{rate:.3g} steps/s  {_clock(left_s)} left"

    def _bar(self) -> ProgressBar:
        """How much is done, by steps or by time, whichever ends first."""
        step = self._step
        if step is None:
            return ProgressBar(total=1.0, completed=0.0)
        by_time = step.seconds / self._budget_s if self._budget_s else 0.0
        return ProgressBar(total=1.0, completed=1.0 if step.stop else min(1.0, max(step.step / self._steps, by_time)))

    def _below(self) -> Text:
        """The method and the numbers of the last step."""
        text = Text(self._step.method if self._step else "", overflow="fold")
        for name, value in self._numbers(self._step) if self._step else ():
            text.append(f"  {name} ", style="dim")
            text.append(value)
        return text


class _Computed(columns.ProgressColumn):
    """A column whose content is computed when it is drawn, some times in a second, and not at every step."""

    def __init__(self, content: Callable[[], RenderableType], column: Column | None = None) -> None:
        super().__init__(column)
        self._content = content

    def render(self, task: columns.Task) -> RenderableType:
        return self._content()


class _Display(columns.Progress):
    """Columns, and below them a text that takes as many lines as it needs."""

    def __init__(self, *shown: columns.ProgressColumn, below: Callable[[], Text], **options: Any) -> None:
        self._below = below
        super().__init__(*shown, **options)

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if text := self._below():
            yield text


def _clock(seconds: float) -> str:
    """h:mm:ss, or m:ss below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
