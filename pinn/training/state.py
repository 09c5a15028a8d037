"""The state of a training: what changes from step to step, and how it is kept and restored."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from pinn.networks import WithUnknowns, trained_parameters
from pinn.objective import LossTerms, Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Strategy
from pinn.optimizers import Iteration, Optimizer
from pinn.optimizers.parameters import copied
from pinn.parallel import Ranks
from pinn.pdes import PDE
from pinn.samplers import Sampler, Uniform
from pinn.training.accuracy import Reference
from pinn.training.best import Best
from pinn.training.failures import clone_tensors, is_out_of_memory, not_enough_memory, on_device, refuse_nonfinite
from pinn.training.guard import Guard, GuardEvent
from pinn.training.memory import refuse_step
from pinn.training.points import PointScheduler
from pinn.training.step import Step, changed
from pinn.training.stopping import Reason, Stopping
from pinn.training.unused import refuse_unused
from pinn.typing import Params
from pinn.weighting import Fixed, Weighting
from pinn.weighting.by_noise import NoiseWeight, inverse_within


class TrainingState:
    """A training after `step` of `steps` steps and `seconds` of wall clock, compilation apart.

    `params` are the parameters now, `last_finite_params` those one step before, at which the loss is known to be
    finite.
    """

    def __init__(
        self,
        pde: PDE,
        network: nn.Module,
        optimizer: Optimizer,
        sampler: Sampler,
        strategy: Strategy,
        weighting: Weighting,
        stopping: Stopping,
        guard: Guard | None,
        *,
        steps: int,
        seed: int,
        chunk_size: int | None,
        compile: bool,
        ranks: Ranks,
    ) -> None:
        self._network, self._optimizer, self._strategy = network, optimizer, strategy
        self._seed, self._ranks, self._initial = seed, ranks, trained_parameters(network)
        self._like = next(iter(self._initial.values()))
        generator, conditions = torch.Generator().manual_seed(seed), pde.soft_conditions()
        samples = sampler.sample(conditions, generator, self._like)
        self._compiled = Compiled() if compile else None
        # Without the weights of `_weights`, at the points of now.
        self._plain = Objective(pde, network, samples, strategy, chunk_size, self._compiled, ranks=ranks)
        refuse_unused(self._plain, self._initial)
        unseen = Uniform(sampler.interior, sampler.boundary, every=0)
        self._heldout = self._plain.on_one_process().at(
            unseen.sample(conditions, torch.Generator().manual_seed(seed + 1), self._like)
        )
        exact = pde.solution(pde.exact) if pde.exact else None
        self._reference = Reference.of(pde.domain, exact, self._like, pde.scored) if exact else None
        known = self._reference is not None and not self._reference.zero
        self._stopper = stopping.start(error_known=known, estimable=self._reference is None and not pde.unknowns)
        self._points = PointScheduler(sampler, guard, generator)
        inverse = inverse_within(pde) if isinstance(weighting, Fixed) else None
        self._weights = (
            NoiseWeight(inverse)
            if inverse is not None and inverse.weight_found
            else weighting.start(torch.Generator().manual_seed(seed + 2))
        )
        # The residual of data is their noise, and that of an energy says little: there the end is the best.
        comparable = guard is not None and inverse is None and all(c.energy is None for c in self._plain.conditions)
        self._best = Best() if comparable else None
        self._look_every = guard.every if guard is not None else 0
        self._findings: list[GuardEvent] = []
        refuse_step(self._plain, self._initial, optimizer)
        self.steps, self.step, self.seconds = steps, 0, 0.0
        self._reseeded: int | None = None  # the step whose random directions the objective has
        self._iteration = self._start()
        self.params: Params = copied(self._iteration.params)
        self.last_finite_params: Params = self.params
        self._last: dict[str, Any] = {}  # what was told of the last step and does not follow from the parameters
        self._started = time.perf_counter()

    def advance(self) -> LossTerms:
        """Take one step; the objective at the parameters from which it started.

        Raises FloatingPointError for a number that is not finite, and NotEnoughMemoryError.
        """
        self.step += 1
        if self._strategy.random and self._iteration.accepts_new_points:
            self._reseed(self.step)
        self._objective = self._weights.applied(self._plain, self._iteration.params, self.step)
        try:
            loss_terms = self._iteration.step(self._objective)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise not_enough_memory(self._objective, self.params, self.step, self._iteration.name) from error
        refuse_nonfinite(loss_terms, self._objective, self.params, self.step)
        self.last_finite_params, self.params = self.params, copied(self._iteration.params)
        compile_s = self._compiled.seconds if self._compiled else 0.0
        self.seconds = time.perf_counter() - self._started - compile_s
        return loss_terms

    def observed(self, loss_terms: LossTerms, budget_s: float | None) -> Step:
        """What is to be told of the last step: its figures, what the guard has found, and whether training ends."""
        iteration = self._iteration
        step = Step(
            self.step,
            self.seconds,
            iteration.name,
            float(loss_terms.loss),
            {name: float(term) for name, term in loss_terms.terms.items()},
            self.params,
            self._objective,
            self._heldout,
            self._reference,
            self._bound_reached(budget_s),
            {**self._unknowns(), **iteration.figures, **self._weights.figures},
        )
        if not step.stop:
            step = changed(step, stop=self._stopper.reason(step))  # pyright: ignore[reportArgumentType]  (cached)
        event = self._points.check_overfitting(step, accepts_new_points=iteration.accepts_new_points)  # pyright: ignore
        self._findings += [event] if event else []
        if step.stop == "stalled" and self._points.grew:
            step = changed(step, stop=None)
        if self._best is not None and self._look_every and step.step % self._look_every == 0:
            self._best.look(step)
        if self._best is not None and step.stop and step.stop != "finished":
            step, kept = self._best.ended(step)
            self._findings += [kept] if kept else []
            self.params = step.params
        self._last = {"method": step.method, "loss": step.loss, "terms": step.terms, "figures": dict(step.figures)}
        self._last["stop"] = step.stop
        return changed(step, findings=tuple(self._findings), state_dict=self.state_dict)

    def told_again(self, state: Mapping[str, Any]) -> Step:
        """The step at which a state was taken, as it was told then."""
        self._restore(on_device(state, self._like.device))
        self.seconds, self._last = state["seconds"], dict(state["last"])
        if self._best is not None and (state.get("best") or {}).get("taken") and self._best.params is not None:
            self.params = self._best.params
        return Step(
            step=self.step,
            seconds=self.seconds,
            params=self.params,
            objective=self._objective,
            heldout=self._heldout,
            reference=self._reference,
            findings=tuple(self._findings),
            state_dict=self.state_dict,
            **self._last,
        )

    def move_points(self) -> None:
        """Draw the points of the next step if new ones are due."""
        self._plain = self._points.next_objective(
            self.step, self._plain, self.params, accepts_new_points=self._iteration.accepts_new_points
        )

    def state_dict(self) -> dict[str, Any]:
        """All that training needs to go on from here; the next step may change the tensors."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "reseeded": self._reseeded,
            "samples": {name: list(sample) for name, sample in self._plain.samples.items()},
            "findings": [dataclasses.asdict(event) for event in self._findings],
            "iteration": self._iteration.state_dict(),
            "balance": self._weights.state_dict(),
            "points": self._points.state_dict(),
            "watch": self._stopper.state_dict(),
            "best": None if self._best is None else self._best.state_dict(),
            "last": self._last,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`, at the points that follow it."""
        self._restore(on_device(state, self._like.device))  # a checkpoint is read to the CPU
        self.move_points()
        self.seconds, self.last_finite_params = state["seconds"], self.params
        self._started = time.perf_counter() - self.seconds

    def snapshot(self) -> dict[str, Any]:
        """The state in memory of its own."""
        return clone_tensors(self.state_dict())

    def roll_back(self, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """Go back to a snapshot, from there with smaller steps; the clock goes on. The snapshot with these steps."""
        self._restore(clone_tensors(snapshot))
        self.move_points()
        self._iteration.reduce_step()
        self.params = copied(self._iteration.params)
        return {**snapshot, "iteration": clone_tensors(self._iteration.state_dict())}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Everything as it was, but for the clock."""
        self.step = state["step"]
        self._plain = self._plain.at({name: tuple(sample) for name, sample in state["samples"].items()})
        self._reseed(state["reseeded"])
        self._iteration = self._start()
        self._objective = self._weights.load_state_dict(state["balance"], self._plain)
        self._iteration.load_state_dict(state["iteration"], self._objective)
        self._points.load_state_dict(state["points"])
        self._stopper.load_state_dict(state["watch"])
        if self._best is not None:
            self._best.load_state_dict(state.get("best"))
        self._findings = [GuardEvent(**event) for event in state["findings"]]
        self.params = copied(self._iteration.params)

    def _start(self) -> Iteration:
        return self._optimizer.start(self._initial, self.steps)

    def _reseed(self, step: int | None) -> None:
        """Give the objective the random directions of a step, or those of the strategy itself."""
        self._reseeded = step
        if self._strategy.random:
            strategy = self._strategy if step is None else self._strategy.reseeded(self._seed, step)
            self._plain = self._plain.using(strategy)

    def _bound_reached(self, budget_s: float | None) -> Reason | None:
        over = budget_s is not None and self._ranks.first(self.seconds >= budget_s)
        if self._iteration.finished:
            return "finished"
        return (
            "steps" if self.step == self.steps else "stalled" if self._iteration.stalled else "budget" if over else None
        )

    def _unknowns(self) -> dict[str, float]:
        """The unknown coefficients of an inverse problem."""
        values = self._network.values(self.params) if isinstance(self._network, WithUnknowns) else {}
        return {f"unknown_{name}": value for name, value in values.items()}
