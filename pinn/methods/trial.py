"""Short trainings, of which the residual at held-out points says how good a candidate is."""

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from pinn.domains import TimeDomain
from pinn.methods.candidates import Candidate
from pinn.operators import NotDiagonalError, Strategy
from pinn.pdes import PDE, TimeWindowed, unscaled
from pinn.runs.run import build_network
from pinn.training.failures import is_out_of_memory
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.time_marching import train_windows
from pinn.trust.scales import scale_network

_PACE = 0.2
"""The part of its budget after which slabs of time should have come as far in time."""
_FAULTS = (ValueError, FloatingPointError, MemoryError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Trial:
    """What became of a candidate: ‖r‖ at held-out points after some seconds, infinite with the reason if it failed."""

    candidate: Candidate
    heldout: float
    seconds: float
    why: str = ""

    @property
    def words(self) -> str:
        """The trial in a line of the log."""
        found = f"failed: {self.why}" if self.why else f"residual {self.heldout:.1e} at held-out points"
        return f"{self.candidate.name}: {found} ({self.seconds:.1f} s)"


def tried(
    pde: PDE,
    candidate: Candidate,
    strategy: Strategy,
    *,
    seed: int,
    budget_s: float,
    interrupted: Callable[[], bool] = lambda: False,
) -> Trial:
    """Train a candidate for a problem with its scales, for `budget_s` seconds at most.

    One that the problem refuses, that diverges, or, slab by slab, does not come to the end of time, has failed.
    """
    began = time.perf_counter()
    try:
        network = build_network(candidate.network, pde, torch.Generator().manual_seed(seed)).double()
        scale_network(network, pde)
        with silent():
            windowed = isinstance(pde, TimeWindowed)
            method: Callable[..., Generator[Step, None, None]] = train_windows if windowed else train
            steps = method(
                *(pde, network, candidate.optimizer, candidate.sampler, strategy),
                budget_s=budget_s,
                seed=seed,
                scale=False,
            )
            last = next(steps)
            for step in steps:
                last = step
                if interrupted() or (candidate.by_slabs and _too_slow(step, pde, budget_s)):
                    break
            heldout = last.heldout_residual
    except NotDiagonalError:
        raise
    except _FAULTS as error:
        if isinstance(error, RuntimeError) and not is_out_of_memory(error):
            raise
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        return Trial(candidate, math.inf, time.perf_counter() - began, reason)
    seconds = time.perf_counter() - began
    if candidate.by_slabs and last.stop != "finished":
        return Trial(candidate, math.inf, seconds, "it has not come to the end of time")
    return Trial(candidate, heldout if math.isfinite(heldout) else math.inf, seconds)


def _too_slow(step: Step, pde: PDE, budget_s: float) -> bool:
    """Whether slabs of time would take several times the budget at the pace that they have come to."""
    domain = unscaled(pde).domain
    assert isinstance(domain, TimeDomain)
    done = (step.figures["time"] - domain.start) / domain.duration
    return step.seconds > _PACE * budget_s and done < _PACE


@contextmanager
def silent() -> Iterator[None]:
    """What a trial would say is said by the run itself."""
    log = logging.getLogger("pinn")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)
