"""Training: one readable loop, as a generator."""

import dataclasses
import logging
import math
import time
from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch import nn

from pinn.networks import WithUnknowns
from pinn.objective import LossTerms, Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Auto, Strategy
from pinn.optimizers import LBFGS, Adam, Iteration, LevenbergMarquardt, Optimizer, Schedule
from pinn.optimizers.parameters import copied
from pinn.parallel import Ranks
from pinn.pdes import PDE
from pinn.samplers import Sampler, Sobol, Uniform
from pinn.training.accuracy import Reference
from pinn.training.failures import (
    DivergedError,
    bad_term,
    clone_tensors,
    first_nonfinite_point,
    is_out_of_memory,
    not_enough_memory,
    on_device,
)
from pinn.training.guard import Guard, GuardEvent
from pinn.training.points import PointScheduler
from pinn.training.step import Step, changed
from pinn.training.stopping import Reason, Stopping
from pinn.typing import Params
from pinn.weighting import Fixed, Weighting

log = logging.getLogger("pinn")
_ONE = Ranks()
_GOOD_EVERY = 25
"""Steps between states to which a training that diverges may go back."""


def train(
    pde: PDE,
    network: nn.Module,
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    strategy: Strategy | None = None,
    *,
    weighting: Weighting | None = None,
    stopping: Stopping | None = None,
    guard: Guard | None = None,
    steps: int | None = None,
    budget_s: float | None = None,
    seed: int = 0,
    chunk_size: int | None = None,
    compile: bool = False,
    retries: int = 0,
    ranks: Ranks = _ONE,
    state: Mapping[str, Any] | None = None,
) -> Generator[Step, None, None]:
    """Train `network` to solve `pde`, yielding after every step.

    Defaults: Adam, then Levenberg–Marquardt up to 4000 parameters and L-BFGS above; Sobol points; the strategy `Auto`;
    the terms of the loss with the weights of their conditions, and no others from a `weighting`. The run has the dtype
    and device of the network and ends after `steps` steps (default: the optimizer's own number),
    after `budget_s` seconds, when the optimizer stalls, or as `stopping` says. A `guard` sees to it that the network
    does not fit its points alone. At most `chunk_size` points are differentiated at a time, to bound memory; `compile`
    turns gradients and Jacobians into compiled graphs, whose making is left out of the clock. When the loop ends,
    however it ends, the network holds the trained parameters.

    A strategy that estimates takes new directions at every step, a function of its own seed, `seed` and the step, as
    long as the optimizer welcomes new points.

    With several `ranks`, each calls this with the same arguments, evaluates its share of the points, and comes to the
    same parameters.

    With the `state` of a step of an earlier training with the same arguments it goes on from there, and every number
    is bit for bit what it would have been without the break, on the same device with as many threads; `steps` and
    `budget_s` are those of both together. Where a number is not finite, training goes back to an earlier step and takes
    smaller ones, at most `retries` times, and then ends.

    Raises ValueError for bounds that are not positive, for a target error without exact solution and where the state is
    at its end; DivergedError, a FloatingPointError that has the last good parameters, where a term of the loss is not
    finite; NotEnoughMemoryError.
    """
    optimizer = optimizer or _usual(network)
    sampler = sampler or Sobol()
    strategy = strategy or Auto()
    steps = optimizer.steps if steps is None else steps
    if steps < 1:
        raise ValueError(f"Training needs steps >= 1, got steps={steps}.")
    if budget_s is not None and not 0 < budget_s < math.inf:
        raise ValueError(f"Training needs a finite budget_s > 0 seconds, got budget_s={budget_s}.")
    if retries < 0:
        raise ValueError(f"Training needs retries >= 0, got retries={retries}.")
    if min(sampler.interior, sampler.boundary) < ranks.blocks:
        raise ValueError(
            f"{ranks.blocks} blocks of points need a point each: raise sampler.interior and sampler.boundary."
        )
    like = next(network.parameters())
    generator = torch.Generator().manual_seed(seed)
    conditions = pde.soft_conditions()
    compiled = Compiled() if compile else None
    samples = sampler.sample(conditions, generator, like)
    plain = Objective(pde, network, samples, strategy, chunk_size, compiled, ranks=ranks)
    heldout = plain.on_one_process().at(
        _heldout(sampler).sample(conditions, torch.Generator().manual_seed(seed + 1), like)
    )
    reference = Reference.of(pde.domain, pde.solution(pde.exact), like, pde.scored) if pde.exact else None
    watch = (stopping or Stopping()).start(error_known=reference is not None)
    points = PointScheduler(sampler, guard, generator)
    balance = (weighting or Fixed()).start(torch.Generator().manual_seed(seed + 2))
    findings: list[GuardEvent] = []
    initial = dict(network.named_parameters())
    iteration = optimizer.start(initial, steps)
    reseeded: int | None = None

    def seeded(objective: Objective, number: int | None) -> Objective:
        return objective.using(strategy.reseeded(seed, number)) if number else objective

    def seconds() -> float:
        return time.perf_counter() - start - (compiled.seconds if compiled else 0.0)

    def now_kept() -> dict[str, Any]:
        return {
            "step": number,
            "seconds": now,
            "reseeded": reseeded,
            "samples": {name: list(sample) for name, sample in plain.samples.items()},
            "findings": [dataclasses.asdict(finding) for finding in findings],
            "iteration": iteration.state_dict(),
            "balance": balance.state_dict(),
            "points": points.state_dict(),
            "watch": watch.state_dict(),
        }

    def taken_up(state: Mapping[str, Any]) -> tuple[Iteration, Objective]:
        """The iteration and the objective of a state, and everything else as it was then."""
        state = on_device(state, like.device)  # a checkpoint is read to the CPU
        objective = seeded(
            plain.at({name: tuple(sample) for name, sample in state["samples"].items()}), state["reseeded"]
        )
        other = optimizer.start(initial, steps)
        other.load_state_dict(state["iteration"], balance.load_state_dict(state["balance"], objective))
        points.load_state_dict(state["points"])
        watch.load_state_dict(state["watch"])
        findings[:] = [GuardEvent(**finding) for finding in state["findings"]]
        return other, points.next_objective(
            state["step"], objective, other.params, accepts_new_points=other.accepts_new_points
        )

    number, now, start = 0, 0.0, time.perf_counter()
    if state is not None:
        number, now, reseeded = state["step"], state["seconds"], state["reseeded"]
        _refuse_finished(number, steps, now, budget_s)
        iteration, plain = taken_up(state)
        start = time.perf_counter() - now
    sound = params = copied(iteration.params)
    good: dict[str, Any] | None = None
    try:
        while number < steps:
            number += 1
            if strategy.random and iteration.accepts_new_points:
                plain, reseeded = seeded(plain, number), number
            objective = balance.applied(plain, iteration.params, number)
            try:
                evaluation = iteration.step(objective)
                _refuse_nan(evaluation, objective, params, number)
            except FloatingPointError as error:
                if not (retries and good):
                    raise DivergedError(str(error), number, sound) from None
                retries -= 1
                log.warning("%s Training goes back to step %d and goes on with smaller steps.", error, good["step"])
                number, reseeded = good["step"], good["reseeded"]
                iteration, plain = taken_up(clone_tensors(good))
                iteration.reduce_step()
                params = copied(iteration.params)
                continue
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                raise not_enough_memory(objective, params, number, iteration.name) from error
            sound, params = params, copied(iteration.params)
            now = seconds()
            over = budget_s is not None and ranks.first(now >= budget_s)
            stop: Reason | None = (
                "steps" if number == steps else "stalled" if iteration.stalled else "budget" if over else None
            )
            terms = {name: float(term) for name, term in evaluation.terms.items()}
            found = network.values(params) if isinstance(network, WithUnknowns) else {}
            unknowns = {f"unknown_{name}": value for name, value in found.items()}
            figures = {**unknowns, **iteration.figures, **balance.figures}
            loss = float(evaluation.loss)
            step = Step(number, now, iteration.name, loss, terms, params, objective, heldout, reference, stop, figures)
            if not stop:
                step = changed(step, stop=watch.reason(step))  # pyright: ignore[reportArgumentType]  (cached properties)
            accepts_new_points = iteration.accepts_new_points
            finding = points.check_overfitting(step, accepts_new_points=accepts_new_points)  # pyright: ignore[reportArgumentType]
            findings += [finding] if finding else []
            if step.stop == "stalled" and points.grew:
                step = changed(step, stop=None)
            yield changed(step, findings=tuple(findings), state_dict=now_kept)
            if step.stop:
                return
            if retries and (number % _GOOD_EVERY == 0 or good is None):
                good = clone_tensors(now_kept())
            plain = points.next_objective(number, plain, params, accepts_new_points=accepts_new_points)
    except DivergedError:
        params = sound
        raise
    finally:
        network.load_state_dict(params, strict=False)


def _usual(network: nn.Module) -> Optimizer:
    """Some steps of Adam, then Levenberg–Marquardt while its matrices of P × P are small, L-BFGS otherwise.

    At P = 4000 a step of Levenberg–Marquardt takes seconds on one core.
    """
    parameters = sum(parameter.numel() for parameter in network.parameters())
    if parameters <= 4000:
        return Schedule((Adam(steps=30), LevenbergMarquardt()))
    return Schedule((Adam(steps=500), LBFGS()))


def _heldout(sampler: Sampler) -> Sampler:
    """Independent uniform points, as many as training has."""
    return Uniform(sampler.interior, sampler.boundary, every=0)


def _refuse_nan(evaluation: LossTerms, objective: Objective, params: Params, step: int) -> None:
    if (term := bad_term(evaluation)) is None:
        return
    if step == 1:
        raise FloatingPointError(
            f"The term {term!r} of the loss is {float(evaluation.terms[term])} before training has begun"
            f"{first_nonfinite_point(objective, params, term)}. Look at the numbers of the equation, its data and the "
            "size of the domain."
        )
    raise FloatingPointError(
        f"Training diverged at step {step}: the term {term!r} of the loss is {float(evaluation.terms[term])}"
        f"{first_nonfinite_point(objective, params, term)}. Take smaller steps (optimizer.lr, more optimizer.damping), "
        "let training go back and try again (retries=3), or look at the data of this condition."
    )


def _refuse_finished(done: int, steps: int, spent: float, budget_s: float | None) -> None:
    if done >= steps:
        raise ValueError(f"There is nothing left to do: {done} steps of {steps} are done. Ask for more (steps=…).")
    if budget_s is not None and spent >= budget_s:
        raise ValueError(
            f"There is nothing left to do: {spent:.1f} s of budget_s={budget_s:g} are spent. Ask for more (budget_s=…)."
        )
