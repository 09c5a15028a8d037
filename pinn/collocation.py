"""The points of a run: when they are drawn anew, by the sampler's clock or because the guard says so."""

import dataclasses

import torch

from pinn.guard import Finding, Guard
from pinn.objective import Objective
from pinn.samplers import Sampler
from pinn.stopping import State
from pinn.typing import Params


class Collocation:
    """Draws the points that follow those of an objective."""

    def __init__(self, sampler: Sampler, guard: Guard | None, generator: torch.Generator) -> None:
        self._sampler, self._first, self._guard, self._generator = sampler, sampler, guard, generator
        self._wanted = False

    def look(self, state: State, *, redraws: bool) -> Finding | None:
        """What the guard finds after a step, if anything. `redraws`: whether the method welcomes new points."""
        guard, step = self._guard, state.step
        if guard is None or step % guard.every or not guard.fires(state.train_residual, state.heldout_residual):
            return None
        residuals = state.train_residual, state.heldout_residual
        if not redraws:
            return Finding(step, *residuals, "no new points, which this method does not welcome in mid-course")
        before = self._sampler.interior
        counts = {n: guard.grown(getattr(self._sampler, n), getattr(self._first, n)) for n in ("interior", "boundary")}
        if hasattr(self._sampler, "candidates"):
            counts["candidates"] = max(self._sampler.candidates, *counts.values())  # pyright: ignore
        self._sampler, self._wanted = dataclasses.replace(self._sampler, **counts), True
        more = f", {self._sampler.interior} in place of {before} in the domain" if counts["interior"] > before else ""
        return Finding(step, *residuals, f"new points{more}")

    def following(self, step: int, objective: Objective, params: Params, *, redraws: bool) -> Objective:
        """The objective of the next step: at new points where they are due."""
        due = self._sampler.every and step % self._sampler.every == 0
        if not redraws or not (due or self._wanted):
            return objective
        self._wanted = False
        return objective.at(self._sampler.redraw(objective, params, self._generator))
