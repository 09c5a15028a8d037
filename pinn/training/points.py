"""The points of a run: when new ones are drawn, by the sampler's clock or because the guard says so."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch

from pinn.objective import Objective
from pinn.samplers import RAD, Sampler
from pinn.training.guard import Guard, GuardEvent
from pinn.training.stopping import State
from pinn.typing import Params

_CANDIDATES = 50  # for each point that the guard asks for


class PointScheduler:
    """Draws the points that follow those of an objective."""

    def __init__(self, sampler: Sampler, guard: Guard | None, generator: torch.Generator) -> None:
        self._sampler, self._first, self._guard, self._generator = sampler, sampler, guard, generator
        self._wanted = False
        self.grew = False
        """Whether the last look asked for more points than before."""

    def state_dict(self) -> dict[str, Any]:
        """The numbers of points, which the guard may have raised, and the state of the generator."""
        counts = self._sampler.counts(self._sampler.interior, self._sampler.boundary)
        return {"counts": counts, "wanted": self._wanted, "grew": self.grew, "generator": self._generator.get_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._sampler = dataclasses.replace(self._sampler, **state["counts"])
        self._wanted, self.grew = state["wanted"], state["grew"]
        self._generator.set_state(state["generator"])

    def check_overfitting(self, state: State, *, accepts_new_points: bool) -> GuardEvent | None:
        """What the guard finds after a step, if anything. `accepts_new_points`: of the method."""
        guard, step = self._guard, state.step
        self.grew = False
        # A method that stalls may have fitted its points to the last digit.
        if guard is None or (step % guard.every and state.stop != "stalled"):
            return None
        # The residual at the start of the step is there already; that at its end is needed only when they part.
        parted = guard.fires(state.start_residual, state.heldout_residual)
        parted = parted and guard.fires(state.train_residual, state.heldout_residual)
        gap = None if parted else state.energy_gap
        if not parted and not (gap and gap.overfitted):
            return None
        event = self._event(state, accepts_new_points=accepts_new_points)
        return dataclasses.replace(event, action=f"{gap}; {event.action}") if gap else event

    def _event(self, state: State, *, accepts_new_points: bool) -> GuardEvent:
        """What is done about a network that has fitted its points."""
        guard, step = self._guard, state.step
        assert guard is not None
        residuals = state.train_residual, state.heldout_residual
        if not accepts_new_points:
            return GuardEvent(step, *residuals, "no new points, which this method does not welcome in mid-course")
        sampler, first = self._sampler, self._first
        before, interior = sampler.interior, guard.grown(sampler.interior, first.interior)
        if state.stop and not (state.stop == "stalled" and interior > before):
            return GuardEvent(step, *residuals, "no new points, since training ends here")
        self._sampler = sampler.with_points(interior, guard.grown(sampler.boundary, first.boundary))
        self._wanted, self.grew = True, interior > before
        more = f", {self._sampler.interior} in place of {before} in the domain" if self.grew else ""
        return GuardEvent(step, *residuals, f"new points by residual{more}")

    def next_objective(self, step: int, objective: Objective, params: Params, *, accepts_new_points: bool) -> Objective:
        """The objective of the next step: at new points if they are due."""
        due = self._sampler.every and step % self._sampler.every == 0
        if not accepts_new_points or not (due or self._wanted):
            return objective
        sampler = self._asked_for() if self._wanted else self._sampler
        self._wanted = False
        return objective.at(sampler.redraw(objective, params, self._generator))

    def _asked_for(self) -> Sampler:
        """The sampler of the guard's own redraws, which follow the residual.

        Even points miss what they have missed before: with Burgers' front (ν = 0.01/π, 300 fixed points at first, 444
        parameters, Levenberg–Marquardt, three seeds) the residual held out after 300 steps is 2, 7 and 0.3 where the
        guard's redraws are even, 0.006, 0.2 and 0.09 where they follow the residual.
        """
        sampler = self._sampler
        if sampler.follows_residual:
            return sampler
        return RAD(sampler.interior, sampler.boundary, candidates=_CANDIDATES * max(sampler.interior, sampler.boundary))
