"""Contradictions in a problem that can be computed before anything is trained.

Where conditions hold at the same points, their residuals r_1, …, r_k there are functions of the field u. If a
combination Σ c_j r_j(u) is the same number for every u, and that is not 0, no field satisfies them all: two values for
the same part of a boundary, Δu = 1 and Δu = 2. Random fields find the combination: it is a null vector of the matrix of
differences r_j(u_i) − r_j(u_0).
"""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.domains import Boundary, Region
from pinn.networks import RandomFeatures, field
from pinn.operators import Auto
from pinn.pdes import PDE, Condition
from pinn.trust.features import points_within
from pinn.typing import Field

POINTS = 16
MORE = 4
"""Random fields beyond the number of residuals."""
AGREED = 3
"""Points at which a contradiction has to stand."""
NULL, DIFFERENT = 1e-10, 1e-6
"""Singular values, and combinations, in parts of the largest: those in float64 are rounding up to about 1e-13."""


def refuse_contradictions(pde: PDE) -> None:
    """Raise ValueError if conditions that hold at the same points contradict each other whatever the solution is."""
    with torch.no_grad():
        for sample, conditions in _groups(pde.conditions()):
            if found := _contradiction(pde, sample, conditions):
                raise ValueError(found)


def _groups(conditions: Sequence[Condition]) -> Iterator[tuple[tuple[Tensor, ...], list[Condition]]]:
    """Samples, and the conditions that hold there: those of one region, and of two parts of a boundary that overlap."""
    regions: list[Region] = []
    for condition in conditions:
        if condition.region not in regions:
            regions.append(condition.region)
    for k, region in enumerate(regions):
        own = [condition for condition in conditions if condition.region == region]
        sample = _sample(region)
        if len(sample[0]):
            yield sample, own
        for other in regions[k + 1 :]:
            if isinstance(region, Boundary) and isinstance(other, Boundary) and region.domain == other.domain:
                part, rest = (region, other) if other.tag is None else (other, region)
                x, normal = _sample(part)
                if rest.tag is not None and len(x):
                    both = rest.domain.boundary_mask(rest.tag, x, normal)
                    x, normal = x[both], normal[both]
                if len(x):
                    yield (x, normal), [*own, *(c for c in conditions if c.region == other)]


def _sample(region: Region) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    u = torch.rand(16 * POINTS, region.sample_dim, generator=generator, dtype=torch.float64)
    sample = region.from_uniform(u)
    hit = ~sample[0].flatten(1).isnan().any(1)
    return tuple(part[hit][:POINTS] for part in sample)


def _contradiction(pde: PDE, sample: tuple[Tensor, ...], conditions: Sequence[Condition]) -> str | None:
    """What contradicts what, in words; None if nothing does."""
    first = _residuals(pde, 0, sample, conditions)
    names = [f"{c.name} ({k + 1})" if r.shape[1] > 1 else c.name for c, r in first for k in range(r.shape[1])]
    rows = len(names)
    if rows < 2:
        return None
    more = [_stacked(_residuals(pde, 1 + k, sample, conditions)) for k in range(rows + MORE)]
    r = _stacked(first)  # (N, rows)
    D = torch.stack(more, 1) - r[:, None]  # (N, K, rows)
    size = D.abs().amax((0, 1))
    rounding = torch.finfo(r.dtype).eps * (r.abs().amax(0) + size)
    if not bool(D.isfinite().all()) or bool((rounding > NULL * size).any()):
        return None  # nothing can be said of what depends on u within rounding, or not at all
    _, S, Vh = torch.linalg.svd(D / size, full_matrices=False)
    v, scaled = Vh[:, -1], r / size
    terms = scaled * v
    different = terms.sum(1).abs() > DIFFERENT * (terms.abs().sum(1) + 1)
    wrong = (S[:, -1] <= NULL * S[:, 0]) & different
    if int(wrong.sum()) < min(AGREED, len(wrong)):
        return None
    k = int(wrong.nonzero()[0])
    point = ", ".join(f"{float(c):.4g}" for c in sample[0][k])
    involved = [name for name, share in zip(names, v[k].abs(), strict=True) if float(share) > 1e-6]
    return (
        f"{' and '.join(involved)} contradict each other, at ({point}) for one: no field satisfies them all, since a "
        "combination of them is the same for every field, and not 0. Look at the equations and data that hold there."
    )


def _residuals(
    pde: PDE, seed: int, sample: tuple[Tensor, ...], conditions: Sequence[Condition]
) -> list[tuple[Condition, Tensor]]:
    """The residuals of a random field, (N, k) each."""
    u, found = _random_field(pde, seed), []
    for condition in conditions:
        data = () if condition.given is None else (vmap(condition.given)(*sample),)

        def residual(*point: Tensor, condition: Condition = condition) -> Tensor:
            return condition.residual(u, *point, strategy=Auto()).reshape(-1)

        found.append((condition, vmap(residual)(*sample, *data)))
    return found


def _stacked(found: Sequence[tuple[Condition, Tensor]]) -> Tensor:
    return torch.cat([r for _, r in found], 1)


def _random_field(pde: PDE, seed: int) -> Field:
    """A smooth field of size one without the hard conditions."""
    generator = torch.Generator().manual_seed(seed)
    centers = vmap(pde.domain.embed)(points_within(pde.domain, 20, torch.zeros((), dtype=torch.float64), seed))
    network = RandomFeatures(pde.domain.embedded_bounds, pde.components, 20).draw(4.0, 2.0, centers, generator)
    nn.init.normal_(network.layer.weight, std=0.3, generator=generator)
    nn.init.constant_(network.layer.bias, 0.5)
    u = field(network, components=pde.components)
    return partial(_embedded, u, pde)


def _embedded(u: Field, pde: PDE, x: Tensor) -> Tensor:
    return u(pde.domain.embed(x))
