"""Training: one readable loop, as a generator."""

import dataclasses
import math
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from pinn.collocation import Collocation
from pinn.compiled import Compiled
from pinn.evaluate import Reference, rms
from pinn.guard import Finding, Guard
from pinn.networks import WithUnknowns
from pinn.objective import Evaluation, Objective
from pinn.operators import Auto, Estimate, Strategy
from pinn.optimizers import LBFGS, Adam, LevenbergMarquardt, Optimizer, Schedule
from pinn.optimizers.parameters import copied
from pinn.pdes import PDE
from pinn.samplers import Sampler, Sobol, Uniform
from pinn.stopping import Reason, Stopping
from pinn.typing import Field, Params
from pinn.weighting import Fixed, Weighting


@dataclass(frozen=True)
class Step:
    """Training after `step` steps and `seconds` of wall clock, compilation apart.

    `loss` and `terms` are the objective at the parameters from which the last step started; `params` are those at
    which it ended; `figures` are numbers of the method, such as its damping. `stop` says why training ends here, and is
    None before; `findings` are those of the guard so far. Errors and residuals are computed when they are asked for.
    """

    step: int
    seconds: float
    method: str
    loss: float
    terms: dict[str, float]
    params: Params
    objective: Objective
    heldout: Objective
    reference: Reference | None
    stop: Reason | None
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def field(self) -> Field:
        """The trained solution u, a function of one point of shape (d,)."""
        return self.objective.pde.solution(self.objective.field(self.params))

    @property
    def compile_s(self) -> float:
        """Seconds spent so far on tracing and compiling."""
        return self.objective.compiled.seconds if self.objective.compiled else 0.0

    @cached_property
    def rel_l2(self) -> float:
        """The relative L2 error against the exact solution; NaN where none is known."""
        return self.reference.relative_l2(self.field) if self.reference else math.nan

    @property
    def reference_error(self) -> float:
        """The relative L2 error of the reference itself, 0 for a closed form."""
        return self.reference.error if self.reference else 0.0

    @cached_property
    def max_error(self) -> float:
        """The largest error against the exact solution; NaN where none is known."""
        return self.reference.max_error(self.field) if self.reference else math.nan

    @property
    def start_residual(self) -> float:
        """`train_residual` as the last step found it, which costs nothing; 0 where the loss is something else."""
        energetic = any(c.energy is not None for c in self.objective.conditions)
        return 0.0 if self.objective.weights or energetic else math.sqrt(self.loss)

    @cached_property
    def train_residual(self) -> float:
        """‖r‖, the root mean square residual with the weights of the conditions, at the points of training."""
        return rms(self.objective.weighted({}).eager().residual(self.params))

    @cached_property
    def heldout_residual(self) -> float:
        """‖r‖ at points that training never sees."""
        return rms(self.heldout.eager().residual(self.params))


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

    Raises ValueError for bounds that are not positive and for a target error without exact solution,
    FloatingPointError where a term of the loss is not finite.
    """
    optimizer = optimizer or _usual(network)
    sampler = sampler or Sobol()
    steps = optimizer.steps if steps is None else steps
    if steps < 1:
        raise ValueError(f"Training needs steps >= 1, got steps={steps}.")
    if budget_s is not None and not 0 < budget_s < math.inf:
        raise ValueError(f"Training needs a finite budget_s > 0 seconds, got budget_s={budget_s}.")
    like = next(network.parameters())
    generator = torch.Generator().manual_seed(seed)
    conditions = pde.soft_conditions()
    compiled = Compiled() if compile else None
    samples = sampler.sample(conditions, generator, like)
    objective = Objective(pde, network, samples, strategy or Auto(), chunk_size, compiled)
    heldout = objective.at(_heldout(sampler).sample(conditions, torch.Generator().manual_seed(seed + 1), like))
    reference = Reference.of(pde.domain, pde.solution(pde.exact), like, pde.scored) if pde.exact else None

    def seconds() -> float:
        return time.perf_counter() - start - (compiled.seconds if compiled else 0.0)

    watch = (stopping or Stopping()).start(error_known=reference is not None)
    points, plain = Collocation(sampler, guard, generator), objective
    balance = (weighting or Fixed()).start(torch.Generator().manual_seed(seed + 2))
    findings: list[Finding] = []
    start = time.perf_counter()
    iteration = optimizer.start(dict(network.named_parameters()), steps)
    try:
        for number in range(1, steps + 1):
            if isinstance(strategy, Estimate) and iteration.redraws:
                plain = plain.using(strategy.reseeded(seed, number))
            objective = balance.applied(plain, iteration.params, number)
            evaluation = iteration.step(objective)
            _refuse_nan(evaluation, number)
            now = seconds()
            over = budget_s is not None and now >= budget_s
            stop: Reason | None = (
                "steps" if number == steps else "stalled" if iteration.stalled else "budget" if over else None
            )
            terms = {name: float(term) for name, term in evaluation.terms.items()}
            params = copied(iteration.params)
            found = network.values(params) if isinstance(network, WithUnknowns) else {}
            unknowns = {f"unknown_{name}": value for name, value in found.items()}
            figures = {**unknowns, **iteration.figures, **balance.figures}
            loss = float(evaluation.loss)
            step = Step(number, now, iteration.name, loss, terms, params, objective, heldout, reference, stop, figures)
            if not stop:
                step = _with(step, stop=watch.reason(step))  # pyright: ignore[reportArgumentType]  (cached properties)
            redraws = iteration.redraws
            finding = points.look(step, redraws=redraws)  # pyright: ignore[reportArgumentType]
            findings += [finding] if finding else []
            if step.stop == "stalled" and points.grew:
                step = _with(step, stop=None)
            yield _with(step, findings=tuple(findings))
            if step.stop:
                return
            plain = points.following(number, plain, params, redraws=redraws)
    finally:
        network.load_state_dict(iteration.params, strict=False)


def _with(step: Step, **changes: Any) -> Step:
    """The step with other facts, keeping what was computed of it."""
    kept = {name: value for name, value in vars(step).items() if name in _COMPUTED}
    other = dataclasses.replace(step, **changes)
    vars(other).update(kept)
    return other


_COMPUTED = ("rel_l2", "max_error", "train_residual", "heldout_residual")


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


def _refuse_nan(evaluation: Evaluation, step: int) -> None:
    for name, term in evaluation.terms.items():
        if not math.isfinite(term):
            if step == 1:
                raise FloatingPointError(
                    f"The term {name!r} of the loss is {float(term)} before training has begun: look at the numbers of "
                    "the equation, its data and the size of the domain."
                )
            raise FloatingPointError(
                f"Training diverged at step {step}: the term {name!r} of the loss is {float(term)}. "
                "Lower the learning rate (optimizer.lr) or look at the data of this condition."
            )
