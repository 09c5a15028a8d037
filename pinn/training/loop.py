"""Training: one readable loop, as a generator."""

import logging
import math
from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch import nn

from pinn.networks import refuse_unfit
from pinn.operators import Auto, Strategy
from pinn.optimizers import Optimizer, usual_optimizer
from pinn.parallel import Ranks
from pinn.pdes import PDE, Window
from pinn.samplers import Sampler, Sobol
from pinn.training.accuracy import probe_points, refuse_unresolved
from pinn.training.failures import DivergedError
from pinn.training.guard import Guard
from pinn.training.state import TrainingState
from pinn.training.step import Step
from pinn.training.stopping import Stopping
from pinn.trust.premises import examine_premises
from pinn.trust.scales import with_network
from pinn.weighting import Fixed, Weighting

log = logging.getLogger("pinn")
_ONE = Ranks()
_SNAPSHOT_EVERY = 25
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
    ended: bool = False,
    scale: bool = True,
) -> Generator[Step, None, None]:
    """Train `network` to solve `pde`, yielding after every step.

    Defaults: Adam, then Levenberg–Marquardt up to 4000 parameters and L-BFGS above; Sobol points; the strategy `Auto`;
    the terms of the loss with the weights of their conditions, and no others from a `weighting`. The run has the dtype
    and device of the network and ends after `steps` steps (default: the optimizer's own number), after `budget_s`
    seconds, when the optimizer stalls, or as `stopping` says. A `guard` sees to it that the network does not fit its
    points alone. At most `chunk_size` points are differentiated at a time, to bound memory; `compile` turns gradients
    and Jacobians into compiled graphs, whose making is left out of the clock. When the loop ends, however it ends, the
    network holds the trained parameters; those with requires_grad=False, and buffers, stay as they are.

    A strategy that estimates takes new directions at every step, a function of its own seed, `seed` and the step, as
    long as the optimizer welcomes new points. With several `ranks`, each calls this with the same arguments, evaluates
    its share of the points, and comes to the same parameters.

    With the `state` of a step of an earlier training with the same arguments it goes on from there, and every number
    is bit for bit what it would have been without the break, on the same device with as many threads; `steps` and
    `budget_s` are those of both together. If a number is not finite, training goes back to an earlier step and takes
    smaller ones, at most `retries` times, and then ends.

    A `state` that is at its end, such as that of a run that was killed while it wrote its results, is told once more if
    it is said to have `ended`: no step is taken, and the one at which it was taken is yielded.

    No unit matters: the network is told the sizes of what it has to give, and, if it is one of this library that has
    no bounds, those of the domain (`pinn.trust.scales`); both are buffers of it, so that it gives u in the units of
    `pde`. Losses and residuals are parts of the sizes of their terms. With `scale=False` all is taken as it stands.

    Raises ValueError for bounds that are not positive, for a target error without exact solution, for conditions that
    contradict each other, for a network that is no field (`refuse_unfit`) and if the state is at its end;
    DivergedError, a FloatingPointError that has the last good parameters, if a term of the loss is not finite;
    NotEnoughMemoryError.
    """
    optimizer = optimizer or usual_optimizer(network)
    sampler = sampler or Sobol()
    steps = optimizer.steps if steps is None else steps
    _check_bounds(steps, budget_s, retries, sampler, ranks)
    pde = _prepared(pde, network, resumed=state is not None, scale=scale)
    training = TrainingState(
        pde,
        network,
        optimizer,
        sampler,
        strategy or Auto(),
        weighting or Fixed(),
        stopping or Stopping(),
        guard,
        steps=steps,
        seed=seed,
        chunk_size=chunk_size,
        compile=compile,
        ranks=ranks,
    )
    if state is not None and not ended:
        _refuse_finished(state["step"], steps, state["seconds"], budget_s)
        training.load_state_dict(state)
    try:
        if state is not None and ended:
            yield training.told_again(state)
            return
        yield from _steps(training, budget_s, retries)
    except DivergedError as error:
        training.params = error.params
        raise
    finally:
        network.load_state_dict(training.params, strict=False)


def _steps(training: TrainingState, budget_s: float | None, retries: int) -> Generator[Step, None, None]:
    """The loop: step after step, to the end or to a number that is not finite."""
    rollback_state: Mapping[str, Any] | None = None
    while training.step < training.steps:
        try:
            loss_terms = training.advance()
        except FloatingPointError as error:
            if not (retries and rollback_state):
                raise DivergedError(str(error), training.step, training.last_finite_params) from None
            retries -= 1
            to = rollback_state["step"]
            log.warning("%s Training goes back to step %d and goes on with smaller steps.", error, to)
            rollback_state = training.roll_back(rollback_state)
            continue
        step = training.observed(loss_terms, budget_s)
        yield step
        if step.stop:
            return
        if retries and (training.step % _SNAPSHOT_EVERY == 0 or rollback_state is None):
            rollback_state = training.snapshot()
        training.move_points()


def refuse_budget(budget_s: float | None) -> None:
    """Raise ValueError unless it is a finite number of seconds above 0, or None for no bound."""
    if budget_s is not None and not 0 < budget_s < math.inf:
        raise ValueError(f"Training needs a finite budget_s > 0 seconds, got budget_s={budget_s}.")


def _check_bounds(steps: int, budget_s: float | None, retries: int, sampler: Sampler, ranks: Ranks) -> None:
    if steps < 1:
        raise ValueError(f"Training needs steps >= 1, got steps={steps}.")
    refuse_budget(budget_s)
    if retries < 0:
        raise ValueError(f"Training needs retries >= 0, got retries={retries}.")
    if min(sampler.interior, sampler.boundary) < ranks.blocks:
        raise ValueError(
            f"{ranks.blocks} blocks of points need a point each: raise sampler.interior and sampler.boundary."
        )


def _prepared(pde: PDE, network: nn.Module, *, resumed: bool, scale: bool) -> PDE:
    """The problem as it is trained, if neither it nor the network has to be refused. Raises ValueError."""
    like = next(network.parameters())
    refuse_unresolved(pde.domain, like.dtype)
    _refuse_inputs(pde, network)
    continued = isinstance(pde, Window) and pde.previous is not None  # by a field that is no data of the problem
    if not resumed and not continued:
        examine_premises(pde, like)
    refuse_unfit(network, probe_points(pde.domain, network))
    return with_network(pde, network) if scale else pde


def _refuse_inputs(pde: PDE, network: nn.Module) -> None:
    """Raise ValueError for a network that takes points of another number of coordinates than those of the PDE."""
    d, like = len(pde.domain.embedded_bounds[0]), next(network.parameters())
    first = next((value for value in network.parameters() if value.dim() == 2), None)
    if first is None or first.shape[1] == d:
        return
    try:
        with torch.no_grad():
            network(like.new_zeros(1, d))
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"The network takes {first.shape[1]} inputs, and a point of {pde.domain} has {d} coordinates: give it "
            f"inputs={d}."
        ) from error


def _refuse_finished(done: int, steps: int, spent: float, budget_s: float | None) -> None:
    if done >= steps:
        raise ValueError(f"There is nothing left to do: {done} steps of {steps} are done. Ask for more (steps=…).")
    if budget_s is not None and spent >= budget_s:
        raise ValueError(
            f"There is nothing left to do: {spent:.1f} s of budget_s={budget_s:g} are spent. Ask for more (budget_s=…)."
        )
