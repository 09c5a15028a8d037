"""Known data that the points of a training have missed: sources and boundary values narrower than the points are far.

The mean square of a residual at points says nothing of what lies between them. Data are known everywhere, so they are
looked at where nobody trains: at random points, up to two millions of them, as many as half a second allows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.objective import Objective
from pinn.objective.loss import Sample
from pinn.operators import Auto
from pinn.pdes import PDE, Condition, scales_of
from pinn.pdes.softening import smooth_field
from pinn.typing import Field

Data = Callable[[Sample], Tensor]

POINTS = 2**13
"""Looked at in one go."""
MOST = 2**21
SECONDS = 0.3
"""The time that each kind of data of a condition may take, after the first round."""
MISSED = 0.02
"""Of the integral of |g|: a smaller part does less harm than others."""
ROUNDING = 1e-6
"""Of the size of the terms of a condition: data below it are none."""
ABOVE = 3.0
"""Times the largest value at the points of training: smaller differences are those between any two draws."""


@dataclass(frozen=True)
class Missed:
    """Data of a condition that grow to `largest` at the point `at`, where those at the points of training reach `seen`.

    `share` is the part of the integral of their size that lies above that.
    """

    condition: str
    at: tuple[float, ...]
    largest: float
    seen: float
    share: float

    def __str__(self) -> str:
        where = ", ".join(f"{c + 0.0:.4g}" for c in self.at)
        return (
            f"the data of {self.condition!r} reach {self.largest:.1e} near ({where}), and {self.seen:.1e} at the "
            f"points of training: {100 * self.share:.0f} % of them lie between the points"
        )


def missed(objective: Objective, heldout: Objective | None = None) -> list[Missed]:
    """What neither the points of training nor those held out have seen of the data of every condition.

    The data are what a residual is at u = 0, such as a source, and what it changes by with a smooth field, such as a
    coefficient.
    """
    found = []
    for condition in objective.conditions:
        if len(objective.samples[condition.name][0]):
            several = (_missed(objective, heldout, condition, data) for data in _data(objective.pde, condition))
            found.append(next((one for one in several if one is not None), None))
    return [one for one in found if one is not None]


def _data(pde: PDE, condition: Condition) -> list[Data]:
    """The residual at u = 0, and what it changes by with a smooth field: functions of samples, (n, k)."""

    def residual(u: Field, sample: Sample) -> Tensor:
        given = () if condition.given is None else (vmap(condition.given)(*sample),)
        values = vmap(partial(condition.residual, u, strategy=Auto()))(*sample, *given)
        return values.reshape(len(values), -1)

    zero, smooth = _zero(pde.components), smooth_field(pde.domain, pde.components)
    return [lambda sample: residual(zero, sample), lambda sample: residual(smooth, sample) - residual(zero, sample)]


def _missed(objective: Objective, heldout: Objective | None, condition: Condition, data: Data) -> Missed | None:
    sample = objective.samples[condition.name]
    known = [one.samples[condition.name] for one in (objective, heldout) if one and condition.name in one.samples]
    middle = _values(data, known[-1]).median(0).values
    seen = max(float(_size(_values(data, one), middle).max()) for one in known)
    generator, started = torch.Generator().manual_seed(0), time.perf_counter()
    total, above, count, largest, at = 0.0, 0.0, 0, 0.0, sample[0][0]
    while count < MOST and (not count or time.perf_counter() - started < SECONDS):
        drawn = condition.region.sample(POINTS, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))
        points = tuple(part.to(like) for part, like in zip(drawn, sample, strict=True))
        size = _size(_values(data, points), middle)
        total, count = total + float(size.sum()), count + len(size)
        above += float(size[size > ABOVE * seen].sum())
        if float(size.max()) > largest:
            largest, at = float(size.max()), points[0][size.argmax()]
        if condition.region.size is not None:  # there are no more points than these
            break
    if largest <= _rounding(objective.pde, condition) or not above > MISSED * total:
        return None
    return Missed(condition.name, tuple(at.flatten().tolist()), largest, seen, above / total)


def _rounding(pde: PDE, condition: Condition) -> float:
    """What is nothing beside the other terms of a condition."""
    scales = scales_of(pde)
    return ROUNDING * max(scales.rows.get(condition.name, (0.0,))) if scales else 0.0


def _values(data: Data, sample: Sample) -> Tensor:
    """The data at the points, (n, k), zero where they are no numbers."""
    with torch.no_grad():
        return data(sample).nan_to_num(0.0, 0.0, 0.0)


def _size(values: Tensor, middle: Tensor) -> Tensor:
    return (values - middle).norm(dim=1)


def _zero(components: int | None) -> Field:
    return lambda x: x.new_zeros(() if components is None else (components,)) + 0 * x[0]
