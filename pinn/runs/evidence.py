"""What can be found out about a run afterwards: its residual at fresh points, and how far other runs are from it."""

import dataclasses
import math
import zipfile
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.domains.npz import refuse_decompression
from pinn.networks import trained_parameters
from pinn.objective import Objective
from pinn.optimizers import LevenbergMarquardt, Optimizer, Schedule
from pinn.pdes import TimeWindowed
from pinn.runs.job import Job, stored_config
from pinn.runs.run import Run
from pinn.samplers import Sampler, Uniform
from pinn.training.accuracy import Reference, chunks, evaluation_points, relative_l2, rms
from pinn.trust import Examination, examined
from pinn.trust.narrow import missed
from pinn.typing import Field, Points

_FRESH = 104_729  # added to the seed of a run: its own draws for training and validation begin at the seed itself
_CHUNK = 2048
_DENSE = 4000  # parameters up to which a step of Levenberg–Marquardt is cheap


@dataclass(frozen=True)
class Residuals:
    """The residual at some points: ‖r‖ with the weights of the conditions, and by condition without them."""

    points: int
    total: float
    rms: dict[str, float]
    largest: dict[str, float]


@dataclass(frozen=True)
class Evidence:
    """All figures on which a verdict rests.

    `train` is ‖r‖ at the points of training, `fresh` and `finer` at as many and at four times as many new ones,
    `untrained` that of the network before training. `seeds` and `refined` are relative L2 differences of other fields
    from that of the run, infinite if training diverged; `errors` its relative L2 errors against what is known.
    `examination` is of the field itself: jumps that the equation does not see, the error by the linearised equation,
    and what nothing determines. `missed` tells of data that as many points as training had do not see.
    """

    train: float
    fresh: Residuals
    finer: Residuals
    untrained: float
    seeds: dict[str, float] = field(default_factory=dict)
    refined: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    examination: Examination | None = None
    missed: tuple[str, ...] = ()


def residuals(run: Run, network: nn.Module, factor: int) -> Residuals:
    """The residual of a network at `factor` times as many points as training had at last, which nobody has seen."""
    base = _sampler(run)
    draw = Uniform(factor * base.interior, factor * base.boundary, every=0)
    generator = torch.Generator().manual_seed(run.config["seed"] + _FRESH)
    samples = draw.sample(run.pde.soft_conditions(), generator, run.like)
    objective = Objective(_job(run).pde, network, samples, run.strategy, chunk_size=_CHUNK)
    params = {name: value.detach() for name, value in network.named_parameters()}
    own = dataclasses.replace(objective, pde=run.pde)
    found = {name: r.detach().reshape(len(r), -1) for name, r in own.residuals(params).items()}
    return Residuals(
        len(samples["interior"][0]),
        rms(objective.residual(params).detach()),
        {name: float(r.square().sum(1).mean().sqrt()) for name, r in found.items()},
        {name: float(r.abs().max()) for name, r in found.items()},
    )


def untrained(run: Run) -> nn.Module:
    """The network of a run before its first step."""
    return _job(run).network.to(run.like)


def another_seed(run: Run, seed: int) -> float:
    """The relative L2 difference to the same job with another seed."""
    return _difference(run, Job.of_run(stored_config(run, seed=seed), run.trust, root=run.folder))


def refined(run: Run, factor: int, budget_s: float) -> float:
    """How far the field moves when training goes on for `budget_s` seconds at `factor` times as many points.

    Where a method of first order has trained a network that Levenberg–Marquardt can, the latter goes on: what the
    former has left undone shows as well. A run in windows of time has no whole field from which to go on.
    """
    assert not isinstance(run.pde, TimeWindowed)
    free: dict[str, Any] = {"target_error": None, "target_residual": None, "patience": None, "steps": None}
    job = Job.of_run(stored_config(run, budget_s=budget_s, guard=False, **free), run.trust, root=run.folder)
    job.network.load_state_dict(run.network.state_dict())
    optimizer = _last(job.optimizer)
    small = sum(parameter.numel() for parameter in trained_parameters(job.network).values()) <= _DENSE
    squares = all(condition.energy is None for condition in run.pde.soft_conditions())
    if optimizer.first_order and small and squares:
        optimizer = LevenbergMarquardt()
    return _difference(run, dataclasses.replace(job, optimizer=optimizer, sampler=_enlarged(_sampler(run), factor)))


def known_error(run: Run) -> float | None:
    """The relative L2 error against the exact solution, None if none is known or it is 0."""
    if run.pde.exact is None:
        return None
    reference = Reference.of(run.pde.domain, run.pde.solution(run.pde.exact), run.like, run.pde.scored)
    return None if reference.zero else reference.relative_l2(run)


def reference_error(run: Run, file: Path) -> float:
    """The relative L2 error against the arrays `points` (n, d) and `values` (n,) or (n, m) of an .npz file.

    Raises ValueError where they are missing, of other shapes, not finite, or at points outside the domain.
    """
    if not file.is_file():
        raise FileNotFoundError(f"There is no file {str(file)!r}.")
    try:
        refuse_decompression(file)
        with np.load(file) as arrays:
            points, values = (torch.as_tensor(np.asarray(arrays[name], float)) for name in ("points", "values"))
    except (KeyError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{str(file)!r} needs arrays 'points' and 'values' of numbers, as numpy.savez writes."
        ) from error
    d = run.pde.domain.dim
    if points.ndim != 2 or points.shape[1] != d or len(points) == 0 or len(values) != len(points):
        shapes = f"points {tuple(points.shape)} and values {tuple(values.shape)}"
        raise ValueError(f"{str(file)!r} needs points (n, {d}) and values (n,) or (n, m), got {shapes}.")
    points, values = points.to(run.like), values.to(run.like)
    if not bool(points.isfinite().all() and values.isfinite().all()):
        raise ValueError(f"{str(file)!r} has values that are not finite: leave these points out.")
    lower, upper = (torch.tensor(bound).to(points) for bound in run.pde.domain.bounds)
    slack = 1e-6 * (upper - lower)
    if outside := int(((points < lower - slack) | (points > upper + slack)).any(1).sum()):
        raise ValueError(f"{outside} of {len(points)} points of {str(file)!r} are outside the domain {run.pde.domain}.")
    u = _values(run, points)
    if u[0].numel() != values[0].numel():
        raise ValueError(f"{str(file)!r} has {values[0].numel()} values at a point, the field has {u[0].numel()}.")
    return relative_l2(u.reshape(len(points), -1), values.reshape(len(points), -1))


def collect(
    run: Run, seeds: Iterable[int], factors: Iterable[int], budget_s: float, say: Callable[[str], None]
) -> Evidence:
    """The evidence without errors; `say` is told what is being trained. `budget_s` is that of each refinement."""
    fresh, finer = (residuals(run, run.network, factor) for factor in (1, 4))
    found = Evidence(run.summary["train_residual"], fresh, finer, residuals(run, untrained(run), 1).total)
    say("examining the field …")
    examination = examine(run)
    found = dataclasses.replace(found, examination=examination, missed=_missed(run))
    for factor in factors:
        say(f"going on with {factor} times the points, {budget_s:.3g} s …")
        found.refined[f"{factor} × points"] = refined(run, factor, budget_s)
    for seed in seeds:
        say(f"training seed {seed}, about {run.summary['wall_s']:.3g} s …")
        found.seeds[f"seed {seed}"] = another_seed(run, seed)
    return found


def examine(run: Run) -> Examination:
    """What is found of the field of a run itself, in a second or two. Raises ValueError if it cannot be built again."""
    return examined(_job(run).pde, run.network, run.strategy)


def _missed(run: Run) -> tuple[str, ...]:
    """What as many points as training had at last do not see of the data."""
    pde, generator = _job(run).pde, torch.Generator().manual_seed(run.config["seed"] + _FRESH)
    objective = Objective(pde, run.network, _sampler(run).sample(pde.soft_conditions(), generator, run.like))
    return tuple(map(str, missed(objective)))


def _difference(run: Run, job: Job) -> float:
    """‖u − v‖ / ‖v‖ of the run's field u and the job's field v where errors are measured; infinite if it diverged."""
    try:
        (step,) = deque(job.train(), maxlen=1)
    except FloatingPointError:
        return math.inf
    points = evaluation_points(run.pde.domain, run.like)
    u, v = _values(run, points), _values(step.field, points.to(next(iter(step.params.values()))))
    scored = run.pde.scored
    u, v = (values if scored is None else values[:, scored] for values in (u, v.to(u)))
    return relative_l2(u, v)


def _values(u: Field, points: Points) -> Tensor:
    with torch.no_grad():
        return torch.cat([vmap(u)(part) for part in chunks(points)])


def _job(run: Run) -> Job:
    """The job of the run, not yet trained."""
    return Job.of_run(stored_config(run), run.trust, root=run.folder)


def _sampler(run: Run) -> Sampler:
    """The sampler of the run with as many points as the guard had at last."""
    sampler = _job(run).sampler
    return _enlarged(sampler, run.summary["points"] / sampler.interior)


def _enlarged(sampler: Sampler, factor: float) -> Sampler:
    return sampler.with_points(*(max(1, round(factor * count)) for count in (sampler.interior, sampler.boundary)))


def _last(optimizer: Optimizer) -> Optimizer:
    return _last(optimizer.in_order[-1]) if isinstance(optimizer, Schedule) else optimizer
