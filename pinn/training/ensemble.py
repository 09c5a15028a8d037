"""Many small trainings at once: one network for each seed, all of them in one batch of tensors."""

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.objective import Objective
from pinn.objective.energies import refuse_energies
from pinn.objective.stacked import StackedObjective
from pinn.operators import Auto, Strategy
from pinn.optimizers import Adam, LevenbergMarquardt, Optimizer, Schedule
from pinn.optimizers.batched import start_batched
from pinn.optimizers.parameters import copied
from pinn.pdes import PDE, TimeWindowed
from pinn.samplers import Sampler, Sobol
from pinn.training.accuracy import Reference
from pinn.typing import Params


@dataclass(frozen=True)
class EnsembleStep:
    """All trainings after `step` steps: shapes begin with S, the number of seeds.

    `losses` are those at which the last step started, NaN for a training that has failed; `params` and `buffers` are
    stacked. `alive` are those that have neither failed nor stalled.
    """

    step: int
    seconds: float
    method: str
    seeds: tuple[int, ...]
    losses: Tensor
    params: Params
    buffers: Params
    alive: Tensor
    failed: Tensor
    objective: Objective
    reference: Reference | None

    def state_dict(self, k: int) -> dict[str, Tensor]:
        """The parameters and buffers of the k-th network, as its own `state_dict` has them."""
        return {name: value[k].detach().clone() for name, value in {**self.params, **self.buffers}.items()}

    def rel_l2(self) -> list[float]:
        """The relative L2 error of each, NaN if none is known or the training has failed."""
        if self.reference is None:
            return [math.nan] * len(self.seeds)
        pde = self.objective.pde
        return [
            math.nan
            if bool(self.failed[k])
            else self.reference.relative_l2(pde.solution(self.objective.field(self.state_dict(k))))
            for k in range(len(self.seeds))
        ]


def train_ensemble(
    pde: PDE,
    networks: Sequence[nn.Module],
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    strategy: Strategy | None = None,
    *,
    seeds: Sequence[int] | None = None,
    steps: int | None = None,
    budget_s: float | None = None,
) -> Generator[EnsembleStep, None, None]:
    """Train one network for each seed in one batch (`vmap` over parameters and points), yielding after every step.

    Each comes to the numbers that `train(…, seed=seed)` comes to with its network, up to rounding: the points are those
    of its seed, each has its own damping, and a step that one refuses is no matter of the others. One whose numbers are
    no longer finite is left where it was. The networks are of one kind and size, and hold the trained parameters in
    the end. Methods: Adam, Levenberg–Marquardt, and one after the other (`Schedule`).

    Raises ValueError for another optimizer, energies, windows of time, and strategies that estimate.
    """
    optimizer, sampler = optimizer or Schedule((Adam(steps=30), LevenbergMarquardt())), sampler or Sobol()
    seeds = tuple(range(len(networks)) if seeds is None else seeds)
    _check(pde, networks, seeds, strategy)
    stages = optimizer.in_order if isinstance(optimizer, Schedule) else (optimizer,)
    planned = optimizer.steps if steps is None else steps
    like = next(networks[0].parameters())
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    samples = [sampler.sample(pde.soft_conditions(), generator, like) for generator in generators]
    objectives = [Objective(pde, network, s, strategy or Auto()) for network, s in zip(networks, samples, strict=True)]
    refuse_energies(objectives[0].conditions)
    params = _stacked([dict(network.named_parameters()) for network in networks])
    buffers = _stacked([dict(network.named_buffers()) for network in networks])
    reference = Reference.of(pde.domain, pde.solution(pde.exact), like, pde.scored) if pde.exact else None
    stacked = StackedObjective(objectives, buffers)
    failed = torch.zeros(len(seeds), dtype=torch.bool, device=like.device)
    number, start = 0, time.perf_counter()
    for stage, share in shares(stages, planned):
        iteration = start_batched(stage, params, share)
        iteration.failed |= failed
        for _ in range(share):
            losses, number = iteration.step(stacked), number + 1
            params, failed, seconds = iteration.params, iteration.failed, time.perf_counter() - start
            if iteration.accepts_new_points and sampler.every and number % sampler.every == 0:
                objectives = _redrawn(sampler, objectives, params, buffers, generators)
                stacked = StackedObjective(objectives, buffers)
            yield EnsembleStep(
                number,
                seconds,
                iteration.name,
                seeds,
                losses.masked_fill(failed, math.nan),
                copied(params),
                buffers,
                iteration.alive.clone(),
                failed.clone(),
                objectives[0],
                reference,
            )
            if not bool(iteration.alive.any()) or (budget_s is not None and seconds >= budget_s):
                break
        if budget_s is not None and time.perf_counter() - start >= budget_s:
            break
    with torch.no_grad():
        for k, network in enumerate(networks):
            network.load_state_dict({name: value[k] for name, value in params.items()}, strict=False)


def shares(stages: Sequence[Optimizer], steps: int) -> list[tuple[Optimizer, int]]:
    """The stages that have a part in so many steps, with their shares: the last one takes what is left.

    >>> [(type(stage).__name__, share) for stage, share in shares((Adam(steps=30), LevenbergMarquardt()), 40)]
    [('Adam', 30), ('LevenbergMarquardt', 10)]
    """
    found = []
    for k, stage in enumerate(stages):
        share = min(stage.steps, steps) if k + 1 < len(stages) else steps
        if share > 0:
            found.append((stage, share))
        steps -= share
    return found


def _stacked(parts: Sequence[Params]) -> dict[str, Tensor]:
    return {name: torch.stack([part[name].detach() for part in parts]) for name in parts[0]}


def _redrawn(
    sampler: Sampler, objectives: Sequence[Objective], params: Params, buffers: Params, generators: Sequence
) -> list[Objective]:
    """Each at the points that its own sampler draws next."""
    found = []
    for k, (objective, generator) in enumerate(zip(objectives, generators, strict=True)):
        own = {name: value[k] for name, value in {**params, **buffers}.items()}
        found.append(objective.at(sampler.redraw(objective, own, generator)))
    return found


def _check(pde: PDE, networks: Sequence[nn.Module], seeds: Sequence[int], strategy: Strategy | None) -> None:
    if not networks or len(networks) != len(seeds):
        raise ValueError(f"train_ensemble needs a network for each seed, got {len(networks)} for {len(seeds)} seeds.")
    if isinstance(pde, TimeWindowed):
        raise ValueError("train_ensemble trains no windows of time: use windows=1, or one run for each seed.")
    if strategy is not None and strategy.random:
        raise ValueError(f"train_ensemble needs an exact strategy, got {type(strategy).__name__}: use vjp=auto.")
    shapes = [{name: value.shape for name, value in network.state_dict().items()} for network in networks]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("train_ensemble needs networks of one kind and size.")
