"""Prescribed values that cannot hold together: an initial value that violates a condition on the boundary at once.

Built into the field, such a value holds exactly and forces the other condition to be missed nearby, an error that
spreads. Penalised, it gives way there and is kept everywhere else.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, Initial, InitialCauchy, TimeDomain
from pinn.operators import Auto
from pinn.pdes.condition import Condition
from pinn.typing import Points

POINTS = 256
TOLERANCE = 1e-2
"""Of the size of what is compared: a smaller difference does less harm than a penalty."""


def violations(conditions: Sequence[Condition]) -> dict[str, str]:
    """The initial conditions whose values violate a condition on the boundary at once: by name, the reason in words."""
    found: dict[str, str] = {}
    for initial in conditions:
        if initial.prescribed is None or not isinstance(initial.region, Initial | InitialCauchy):
            continue
        for other in conditions:
            if isinstance(other.region, Boundary) and initial.name not in found and _violates(initial, other):
                found[initial.name] = f"{initial.name}: the prescribed value violates {other.name} at the first instant"
    return found


def _violates(initial: Condition, other: Condition) -> bool:
    """Whether the initial value alone decides the residual of `other` at the first instant, and it is not zero."""
    region, g = other.region, initial.prescribed
    assert isinstance(region, Boundary)
    if g is None or not isinstance(region.domain, TimeDomain) or (initial.components and not other.components):
        return False
    if initial.components and other.components and not set(other.components) <= set(initial.components):
        return False
    sample = _at_start(region, region.domain)
    if not len(sample[0]):
        return False
    data = () if other.given is None else (vmap(other.given)(*sample),)
    start, duration = region.domain.start, region.domain.duration
    inside = _inside(region.domain, sample[0])  # what vanishes on the boundary has its size within
    size_of_g = float(vmap(g)(inside).abs().max()) or 1.0

    def residual(factor: float, rate: float, at: tuple[Tensor, ...] = sample) -> Tensor:
        def u(x: Tensor) -> Tensor:
            return factor * g(x) + rate * size_of_g * (x[0] - start) / duration

        return vmap(partial(_flat(other.residual), u, strategy=Auto()))(*at, *data)

    r, without = residual(1.0, 0.0), residual(0.0, 0.0)
    within = residual(1.0, 0.0, (inside, sample[1])) - residual(0.0, 0.0, (inside, sample[1]))
    size = torch.stack([part.abs().max() for part in (without, r - without, within)]).max()
    # What depends on the rate of change is not decided by the initial value.
    if bool((residual(1.0, 1.0) - r).abs().max() > 1e-9 * size):
        return False
    return bool((r.abs() > TOLERANCE * size).any())


def _flat(residual: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda u, *sample, strategy: residual(u, *sample, strategy=strategy).reshape(-1)


def _inside(domain: TimeDomain, like: Points) -> Points:
    """As many points of the first instant within the domain."""
    region = Initial(domain)
    generator = torch.Generator().manual_seed(0)
    (x,) = region.sample(len(like), lambda n, k: torch.rand(n, k, generator=generator, dtype=like.dtype))
    return x


def _at_start(region: Boundary, domain: TimeDomain) -> tuple[Points, Tensor]:
    """Points of the boundary at the first instant, with their normals."""
    sobol = torch.quasirandom.SobolEngine(region.sample_dim, scramble=True, seed=0)
    x, normal = region.from_uniform(sobol.draw(POINTS, dtype=torch.float64))
    hit = ~x.isnan().any(1)
    x, normal = x[hit].clone(), normal[hit]
    x[:, 0] = domain.start
    return x, normal
