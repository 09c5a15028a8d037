"""The trials of one problem: frozen features from few and smooth ones on, then trained networks."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from pinn.methods.candidates import (
    Candidate,
    Locals,
    fronts,
    harmonics,
    local_families,
    penalising,
    sines,
    steady_features,
    trained,
)
from pinn.methods.choice import Choice
from pinn.methods.facts import Facts, facts_of
from pinn.methods.trial import Trial, tried
from pinn.operators import Strategy
from pinn.pdes import PDE
from pinn.pdes.corners import free_corners, free_holes

log = logging.getLogger("pinn")

_TRIAL, _SHORT = 0.25, 0.05
"""Parts of the budget that a trial of frozen features may take, and that of a trained network."""
_MOST_COLUMNS = 2600
_ABOVE, _DENSITY = 1.3, 2.6
"""Frequencies above those of the data, and functions for each cell of frequencies, with which waves are resolved."""
_GROWTH = 2.0
_WORTH = 0.7
_WINDOWS = 4
_BEGUN = 0.1
"""A residual at held-out points, in parts of the size of its terms, above which a network has not begun to fit."""


class Goal(Protocol):
    """What a search is after: see `Search`."""

    @property
    def good(self) -> float: ...
    @property
    def accepted(self) -> float: ...
    @property
    def share(self) -> float: ...


class Trials:
    """The trials of one problem so far."""

    def __init__(
        self,
        goal: Goal,
        pde: PDE,
        strategy: Strategy,
        seed: int,
        budget_s: float,
        rescale: Callable[[PDE], PDE],
        interrupted: Callable[[], bool],
    ) -> None:
        self._began, self._goal, self._pde, self._rescale = time.perf_counter(), goal, pde, rescale
        self._strategy, self._seed, self._budget_s, self._interrupted = strategy, seed, budget_s, interrupted
        whole = rescale(pde)
        self._problems = {(False, False, 1): whole}
        self._done: list[Trial] = []
        facts = facts_of(whole, seed=seed)
        # With penalised values corners and holes may be free, at which powers resolve what is singular.
        soft = None if facts.evolution or facts.corners or facts.holes else penalising(pde)
        self._penalised = False
        if soft is not None:
            facts = dataclasses.replace(facts, corners=free_corners(soft), holes=free_holes(soft))
            self._penalised = bool(facts.corners or facts.holes)
        self.facts = facts
        log.info("method: %s", self.facts.words)

    @property
    def _best(self) -> float:
        return min((trial.heldout for trial in self._done), default=float("inf"))

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def acceptable(self) -> bool:
        """Whether a candidate will do."""
        return self._best <= self._goal.accepted

    @property
    def _wanting(self) -> bool:
        """Whether something better is sought, and there is time for it."""
        spent = time.perf_counter() - self._began
        return self._best > self._goal.good and spent < self._goal.share * self._budget_s and not self._interrupted()

    def _run(self, candidate: Candidate, share: float = _TRIAL) -> Trial:
        key = (candidate.penalised, candidate.by_slabs, candidate.windows)
        if key not in self._problems:
            self._problems[key] = self._rescale(candidate.problem(self._pde))
        pde = self._problems[key]
        trial = tried(
            *(pde, candidate, self._strategy),
            seed=self._seed,
            budget_s=share * self._budget_s,
            interrupted=self._interrupted,
        )
        self._done.append(trial)
        log.info("  tried %s", trial.words)
        return trial

    def in_turn(self, candidates: Iterator[Candidate]) -> None:
        """One after the other while something better is sought."""
        for candidate in candidates:
            if not self._wanting:
                return
            self._run(candidate)

    def climb(self) -> None:
        """Random sines in all coordinates: few of them for the frequency, then more and finer ones while time allows.

        The first frequencies are those of the data of the equation, or those that so many functions resolve. In a plane
        with corners or holes the powers that are singular there join them if they help.
        """
        facts = self.facts
        smooth = {1: 20.0, 2: 6.0, 3: 4.0}.get(facts.dim, 3.0)
        frequency = [max(smooth, _ABOVE * one) for one in facts.frequencies]
        fewest = (300 if facts.dim > 1 else 120) / facts.components**0.5
        resolved = _DENSITY * math.prod(frequency) / facts.components
        width = round(max(fewest, min(resolved, _MOST_COLUMNS / facts.components)))
        last, frequency, local = self._tuned(width, frequency)
        finer = 0
        while self._wanting and _GROWTH * width * facts.components <= _MOST_COLUMNS:
            if last.seconds * _GROWTH**2.5 > _TRIAL * self._budget_s:
                return
            raised = 1.0 if last.heldout <= self._goal.accepted else _GROWTH ** (1 / facts.dim)
            width, finer = round(_GROWTH * width), finer + 1
            frequency = [raised * one for one in frequency]
            last = self._sines(width, frequency, local_families(facts, finer) if local else ())

    def _sines(self, width: int, frequency: list[float], local: Locals) -> Trial:
        penalised = bool(local) and self._penalised
        return self._run(steady_features(self.facts, width, frequency, local, penalised=penalised))

    def _tuned(self, width: int, frequency: list[float]) -> tuple[Trial, list[float], Locals]:
        """The best frequency for a width, doubled or halved while that helps; its trial; local ones if they help."""
        first = best = self._sines(width, frequency, ())
        local = () if self.facts.evolution else local_families(self.facts)
        if local and self._wanting:
            trial = self._sines(width, frequency, local)
            if trial.heldout < _WORTH * best.heldout:
                first = best = trial
            else:
                local = ()
        for factor in (2.0, 0.5):
            better = True
            while better and self._wanting and best.seconds < _SHORT * self._budget_s:
                other = [factor * one for one in frequency]
                trial = self._sines(width, other, local)
                better = trial.heldout < _WORTH * best.heldout
                if better:
                    best, frequency = trial, other
            if best is not first:
                break
        return best, frequency, local

    def train(self) -> None:
        """Short trainings of a few networks; window by window of time if those of all time have not begun to fit."""
        candidates = [trained(24, 2, "tanh", 1000), trained(24, 2, "sin", 1000), trained(32, 3, "tanh", 2000)]
        if self.facts.unknowns or self.facts.energy:
            candidates = candidates[:1]
        first = len(self._done)
        for candidate in candidates:
            if not self._interrupted():
                self._run(candidate, _SHORT)
        hard = all(trial.heldout > _BEGUN for trial in self._done[first:])
        timely = self._seconds < (1 - 2 * _TRIAL) * self._budget_s and not self._interrupted()
        if hard and timely and self.facts.evolution and not self.facts.unknowns:
            self._run(trained(20, 2, "tanh", 1000, windows=_WINDOWS), _TRIAL)

    def result(self) -> Choice:
        """The best, where a trained network is expected to go on to improve."""
        whole = [trial for trial in self._done if not trial.why]
        if not whole:
            reasons = "; ".join(trial.words for trial in self._done)
            raise ValueError(f"No method has solved this problem: {reasons}. Name network and optimizer yourself.")
        chosen = min(whole, key=self._expected)
        log.info("  chosen: %s", chosen.candidate.name)
        return Choice(chosen.candidate, self.facts, tuple(self._done), self._seconds)

    def _expected(self, trial: Trial) -> float:
        """The residual at the end of the run: that of a trained network falls in proportion to its time, at least."""
        left = max(self._budget_s - self._seconds, trial.seconds)
        return trial.heldout * (trial.seconds / left if trial.candidate.trained else 1.0)


def slabs(facts: Facts) -> Iterator[Candidate]:
    """Features in space for slabs of time, from few and smooth ones on."""
    plane = facts.dim == 3
    if facts.periodic:
        yield from (harmonics(facts, modes) for modes in ((5, 10) if plane else (24, 96, 256)))
    else:
        few = ((200, 5.0), (500, 10.0)) if plane else ((100, 8.0), (300, 30.0))
        yield from (sines(facts, width, frequency) for width, frequency in few)
        if local := local_families(facts):
            yield sines(facts, 400, 8.0, local)
    if not plane:
        yield fronts(facts, 8)
        if not facts.periodic:
            yield sines(facts, 700, 90.0)
