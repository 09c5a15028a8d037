"""Many small trainings at once: one network for each seed, all of them in one batch of tensors."""

import dataclasses
import math
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.networks import refuse_unfit, trained_parameters
from pinn.objective import Objective
from pinn.objective.energies import refuse_energies
from pinn.objective.stacked import StackedObjective
from pinn.operators import Auto, Strategy
from pinn.optimizers import Adam, LevenbergMarquardt, Optimizer, Schedule
from pinn.optimizers.batched import start_batched
from pinn.optimizers.parameters import copied
from pinn.pdes import PDE, TimeWindowed
from pinn.samplers import Sampler, Sobol, Uniform
from pinn.training.accuracy import Reference, probe_points
from pinn.training.guard import Guard, GuardEvent
from pinn.training.memory import refuse_step
from pinn.training.step import Step
from pinn.training.stopping import Reason
from pinn.training.unused import refuse_unused
from pinn.trust.premises import examine_premises
from pinn.trust.scales import with_network
from pinn.typing import Params


@dataclass(frozen=True)
class EnsembleStep:
    """All trainings after `step` steps: shapes begin with S, the number of seeds.

    `losses` are those at which the last step started, NaN for a training that has failed; `params` are stacked. `alive`
    are those that have neither failed nor stalled. `stop` says why all end here, and is None before.
    """

    step: int
    seconds: float
    method: str
    seeds: tuple[int, ...]
    losses: Tensor
    params: Params
    alive: Tensor
    failed: Tensor
    objectives: Sequence[Objective]
    sampler: Sampler
    reference: Reference | None
    stop: Reason | None
    findings: Mapping[int, GuardEvent] = dataclasses.field(default_factory=dict)
    """What the guard has found first of a seed, by seed."""

    def __repr__(self) -> str:
        median, stop = float(self.losses.median()), f", ends by {self.stop}" if self.stop else ""
        return f"EnsembleStep({self.step}, {self.method}, {len(self.seeds)} seeds, median loss {median:.3e}{stop})"

    def params_of(self, k: int) -> dict[str, Tensor]:
        """The parameters of the k-th network."""
        return {name: value[k].clone() for name, value in self.params.items()}

    def rel_l2(self) -> list[float]:
        """The relative L2 error of each, NaN if none is known or the training has failed."""
        if self.reference is None:
            return [math.nan] * len(self.seeds)
        failed = self.failed.tolist()
        return [math.nan if failed[k] else self.member(k).rel_l2 for k in range(len(self.seeds))]

    def member(self, k: int) -> Step:
        """The step of the k-th training alone, from which none can go on."""
        objective, params = self.objectives[k], self.params_of(k)
        heldout = _heldout(objective, self.sampler, self.seeds[k])
        found = self.findings.get(self.seeds[k])
        with torch.no_grad():
            terms = {name: float(term) for name, term in objective.evaluate(params).terms.items()}
        loss = float(self.losses[k])
        return Step(
            self.step, self.seconds, self.method, loss, terms, params, objective, heldout, self.reference, self.stop,
            findings=(found,) if found else (),
        )  # fmt: skip


def train_ensemble(
    pde: PDE,
    networks: Sequence[nn.Module],
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    strategy: Strategy | None = None,
    *,
    seeds: Sequence[int] | None = None,
    guard: Guard | None = None,
    steps: int | None = None,
    budget_s: float | None = None,
    scale: bool = True,
) -> Generator[EnsembleStep, None, None]:
    """Train one network for each seed in one batch (`vmap` over parameters and points), yielding after every step.

    Each comes to the numbers that `train(…, seed=seed)` comes to with its network, up to rounding: the points are those
    of its seed, each has its own damping, and a step that one refuses is no matter of the others. One whose numbers are
    no longer finite is left where it was. The networks are of one kind and size, and hold the trained parameters in
    the end. A `guard` tells of those that fit their points alone, and draws no others. Methods: Adam,
    Levenberg–Marquardt, and one after the other (`Schedule`).

    With `scale` the networks work in scaled variables, as in `train`.

    Parameters with requires_grad=False and buffers stay as they are, those of each network its own.

    Raises ValueError for another optimizer, energies, windows of time, strategies that estimate, and networks that are
    no field (`refuse_unfit`).
    """
    seeds = tuple(range(len(networks)) if seeds is None else seeds)
    _check(pde, networks, seeds, strategy)
    examine_premises(pde, next(networks[0].parameters()))
    optimizer, sampler = optimizer or Schedule((Adam(steps=30), LevenbergMarquardt())), sampler or Sobol()
    stages = optimizer.in_order if isinstance(optimizer, Schedule) else (optimizer,)
    planned = optimizer.steps if steps is None else steps
    like = next(iter(trained_parameters(networks[0]).values()))
    if scale:
        for network in networks:  # the scales are found once
            pde = with_network(pde, network)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    samples = [sampler.sample(pde.soft_conditions(), generator, like) for generator in generators]
    objectives = [Objective(pde, network, s, strategy or Auto()) for network, s in zip(networks, samples, strict=True)]
    refuse_energies(objectives[0].conditions)
    refuse_unused(objectives[0], trained_parameters(networks[0]))
    refuse_step(objectives[0], trained_parameters(networks[0]), optimizer, copies=len(seeds))
    params = _stacked([trained_parameters(network) for network in networks])
    fixed = _stacked([_fixed(network) for network in networks])
    reference = Reference.of(pde.domain, pde.solution(pde.exact), like, pde.scored) if pde.exact else None
    stacked = StackedObjective(objectives, fixed)
    watch = _Watch(guard, seeds, [_heldout(o, sampler, seed) for o, seed in zip(objectives, seeds, strict=True)], fixed)
    failed = torch.zeros(len(seeds), dtype=torch.bool, device=like.device)
    number, start, stop = 0, time.perf_counter(), None
    for stage, share in shares(stages, planned):
        iteration = start_batched(stage, params, share)
        iteration.failed |= failed
        for _ in range(share):
            losses, number = iteration.step(stacked), number + 1
            params, failed, alive = iteration.params, iteration.failed, iteration.alive
            seconds = time.perf_counter() - start
            over = budget_s is not None and seconds >= budget_s
            ended = not bool(alive.any())  # the next stage may go on, as in a `Schedule`
            stop = "steps" if number == planned else "budget" if over else None
            stop = stop or ("stalled" if ended and (stage is stages[-1] or bool(failed.all())) else None)
            known = losses.masked_fill(failed, math.nan)
            own = copied(params)
            watch.look(number, losses, stacked, params, ~failed, ends=bool(stop) or ended)
            yield EnsembleStep(
                number, seconds, iteration.name, seeds, known, own, alive, failed.clone(), tuple(objectives), sampler,
                reference, stop, dict(watch.findings),
            )  # fmt: skip
            if stop or ended:
                break
            if sampler.every and number % sampler.every == 0:
                objectives = _redrawn(sampler, objectives, params, generators)
                stacked = StackedObjective(objectives, fixed)
        if stop:
            break
    with torch.no_grad():
        for k, network in enumerate(networks):
            network.load_state_dict({name: value[k] for name, value in params.items()}, strict=False)


class _Watch:
    """Compares each seed's residual at held-out points with that at its points, as the guard of one run does.

    What it finds it only tells: more points for one would be another shape of tensors than that of the others.
    """

    def __init__(
        self, guard: Guard | None, seeds: Sequence[int], heldouts: Sequence[Objective], buffers: Params
    ) -> None:
        self._guard, self._seeds = guard, seeds
        self._heldout = StackedObjective(heldouts, buffers) if guard else None
        self.findings: dict[int, GuardEvent] = {}

    @torch.no_grad()
    def look(
        self, step: int, losses: Tensor, stacked: StackedObjective, params: Params, sound: Tensor, *, ends: bool
    ) -> None:
        """Look at the seeds that are `sound`, every so many steps and where a stage ends."""
        if self._guard is None or self._heldout is None or (step % self._guard.every and not ends):
            return
        unseen = self._heldout.loss(params).sqrt().cpu().tolist()
        own = torch.maximum(losses, stacked.loss(params)).sqrt().cpu().tolist()
        for k, (seed, good) in enumerate(zip(self._seeds, sound.cpu().tolist(), strict=True)):
            if good and seed not in self.findings and self._guard.fires(own[k], unseen[k]):
                action = "no new points, which a batch of seeds does not draw for one of them"
                self.findings[seed] = GuardEvent(step, own[k], unseen[k], action)


def _heldout(objective: Objective, sampler: Sampler, seed: int) -> Objective:
    """The same objective at points that no training of that seed has seen."""
    unseen, like = Uniform(sampler.interior, sampler.boundary, every=0), next(objective.network.parameters())
    generator = torch.Generator().manual_seed(seed + 1)
    return objective.at(unseen.sample(objective.pde.soft_conditions(), generator, like))


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


def _fixed(network: nn.Module) -> dict[str, Tensor]:
    """What training leaves as it is: buffers, and parameters that ask for no gradient."""
    held = {name: value for name, value in network.named_parameters() if not value.requires_grad}
    return {**dict(network.named_buffers()), **held}


def _redrawn(
    sampler: Sampler, objectives: Sequence[Objective], params: Params, generators: Sequence[torch.Generator]
) -> list[Objective]:
    """Each at the points that its own sampler draws next."""
    return [
        objective.at(sampler.redraw(objective, {name: value[k] for name, value in params.items()}, generator))
        for k, (objective, generator) in enumerate(zip(objectives, generators, strict=True))
    ]


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
    for network in networks:
        refuse_unfit(network, probe_points(pde.domain, network))
        if trained_parameters(network).keys() != trained_parameters(networks[0]).keys():
            raise ValueError("train_ensemble needs the same parameters with requires_grad in all networks.")
