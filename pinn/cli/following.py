"""Following a training: metrics, checkpoints and the display, until it ends, is interrupted, or diverges."""

import dataclasses
import logging
import math
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from pinn.cli.progress import Progress
from pinn.cli.signals import AbandonedStepError, SignalHandler
from pinn.parallel import Ranks
from pinn.pdes import scales_of
from pinn.runs.checkpoint import Checkpoints, set_aside_later
from pinn.runs.job import Job
from pinn.runs.metrics import MetricsFile
from pinn.runs.resuming import Resumed
from pinn.runs.tracking import Tracked
from pinn.training.failures import DivergedError, clone_tensors, is_out_of_memory
from pinn.training.step import Step
from pinn.trust.doubts import doubts

log = logging.getLogger("pinn")
T = TypeVar("T")
_ONE = Ranks()
_COPY_EVERY_S = 1.0
"""How often the state of a run that compiles is copied, and so what a signal in the midst of a step may cost."""
RETRY_S, PATIENCE_S = 10.0, 600.0
"""How often, and how long, a full disk is tried again for the results of a run."""


class Training:
    """One training of a job, or the rest of it from a checkpoint on, which leaves metrics and checkpoints behind.

    Of several ranks only the first writes and shows anything.
    """

    def __init__(
        self,
        job: Job,
        folder: Path,
        tracked: Tracked,
        interruption: SignalHandler,
        resumed: Resumed | None = None,
        ranks: Ranks = _ONE,
        run_id: str | None = None,
    ) -> None:
        config = job.config
        self._ranks, self._folder = ranks, folder
        self.job, self._resumed, self._tracked = job, resumed, tracked
        if resumed and ranks.rank == 0:
            set_aside_later(resumed.checkpoint)
        self._checkpoints = Checkpoints(folder, config, config["checkpoint_s"], config["keep_checkpoints"], run_id)
        self.metrics = MetricsFile(folder, after=resumed.checkpoint.step - resumed.ended if resumed else 0)
        self.interruption = interruption
        self.diverged: DivergedError | None = None
        self._first_loss = math.nan
        self._doubts: list[str] | None = None
        self._reported = 0  # findings of the guard that the log has
        self.reason = ""
        """Why it has ended, in words."""

    @property
    def status(self) -> str:
        """completed, interrupted or diverged."""
        return "diverged" if self.diverged else "interrupted" if self.interruption.signal else "completed"

    def doubts(self, step: Step) -> list[str]:
        """What speaks against the trained field, in words; computed once."""
        if self._doubts is None:
            first = self._first_loss if math.isfinite(self._first_loss) else step.loss
            stalled = step.stop in ("stalled", "stagnation") and not self._resumed
            objective = step.objective.on_one_process().eager()
            more = {"first_loss": first, "last_loss": step.loss, "residual": self._unsolved(step)}
            try:
                self._doubts = doubts(objective, step.params, stalled=stalled, heldout=step.heldout, **more)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("The field is not examined for jumps: there is not enough memory.")
                self._doubts = []
        return self._doubts

    def _unsolved(self, step: Step) -> float:
        """The residual of a run that has chosen its method and spent its time; 0 for others, and for noisy data."""
        pde = step.objective.pde
        own = self.job.config.get("method") is None or self.interruption.signal or scales_of(pde) is None
        return 0.0 if own or pde.unknowns else step.heldout_residual

    def follow(self, label: str) -> Step:
        """Train to the end; the last step. Raises DivergedError if not even the first step was good.

        A signal that comes while a step compiles, which takes minutes, ends the run with what it had a second before.
        """
        step: Step | None = None
        kept: Step | None = None  # with a copy of its state, since a step that fails half-way has changed its own
        state = self._resumed.checkpoint.state if self._resumed else None
        ended = self._resumed is not None and self._resumed.ended
        console = None if self._ranks.rank == 0 else Console(quiet=True)
        hurry = self.interruption.impatient() if self._compiles else nullcontext()
        with hurry, Progress(self.job.steps, self.job.config["budget_s"], label, console=console) as shown:
            try:
                for step in self.job.train(state, self._ranks, ended=ended):
                    self._share_interruption()
                    if self._ranks.rank == 0:
                        if self._to_be_kept(step, kept):
                            kept = dataclasses.replace(step, state_dict=partial(dict, clone_tensors(step.state_dict())))
                        self._record(step, shown)
                    if self.interruption.signal:
                        break
            except DivergedError as error:
                if step is None:
                    raise
                self.diverged = error
                step = dataclasses.replace(step, params=error.params)
            except AbandonedStepError:
                if kept is None:
                    raise SystemExit(self.interruption.exit_code) from None
                step = kept
            except RuntimeError as error:
                if self._ranks.size == 1:
                    raise
                raise self._lost(error, kept) from error
        assert step is not None, "training takes at least one step"
        self.reason = self._words(step)
        return step

    @property
    def _compiles(self) -> bool:
        """Whether a step may take minutes because a compiler is at work in it."""
        return self.job.config["compile"] and self._ranks.size == 1

    def _to_be_kept(self, step: Step, kept: Step | None) -> bool:
        """Whether to copy the state of a step, in case the next one does not come to its end."""
        return self._ranks.size > 1 or (
            self._compiles and (kept is None or step.seconds - kept.seconds > _COPY_EVERY_S)
        )

    def _share_interruption(self) -> None:
        """A signal to one rank ends all of them."""
        if not self._ranks.single_block and self._ranks.any(self.interruption.signal is not None):
            self.interruption.signal = self.interruption.signal or signal.SIGTERM

    def _record(self, step: Step, shown: Progress) -> None:
        """Metrics, the display, what the guard says, and a checkpoint if one is due."""
        if not math.isfinite(self._first_loss):
            self._first_loss = step.loss
        logged = bool(step.step % self.job.config["log_every"] == 0 or step.step == 1 or step.stop)
        if logged:
            self._tracked.record(step.step, self.metrics.record(step))
            self._checkpoints.compare(step)
        shown.update(step, step.rel_l2 if logged else None)
        for event in step.findings[self._reported :]:
            log.info(f"guard: {event}")
        self._reported = len(step.findings)
        if not step.stop and self._checkpoints.due(step):
            self._checkpoints.save(step)

    def _lost(self, error: RuntimeError, kept: Step | None) -> ConnectionError:
        """What to say if another rank has gone; the last step is kept."""
        if kept is not None:
            self._checkpoints.save(kept)
        reason = str(error).splitlines()[0].partition(". This is typically")[0]
        return ConnectionError(f"Another process was lost ({reason}). Go on with resume={self._folder}.")

    def _words(self, step: Step) -> str:
        if self.diverged:
            return str(self.diverged)
        if self.interruption.signal and not step.stop:
            return self.interruption.signal.name
        return self.job.stopping.words(step, step.stop)  # pyright: ignore[reportArgumentType]  (cached properties)


def retry_on_full_disk(save: Callable[[], T]) -> T:
    """Save the results of a training; on a full disk it is kept in memory and tried again for some minutes."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return save()
        except OSError as error:
            if time.monotonic() + RETRY_S > deadline:
                raise
            log.warning("The results could not be written (%s). Make room; the next try is in %g s.", error, RETRY_S)
            time.sleep(RETRY_S)
