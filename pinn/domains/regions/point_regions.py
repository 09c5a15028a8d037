"""Regions whose samples are more than one point: nodes of a quadrature, pairs on opposite faces, measurements."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.domain import Domain
from pinn.domains.regions.base import Region
from pinn.domains.shapes.box import Box
from pinn.typing import Points


@dataclass(frozen=True)
class Quadrature(Region):
    """Nodes and weights of an integral over the domain: yields `(X, w)` of shapes (Q, d) and (Q,), Σ w g(X) ≈ ∫ g dx.

    On a box of up to three dimensions Gauss–Legendre with `nodes` along each coordinate, exact for polynomials of
    degree 2·nodes − 1; elsewhere nodes^d quasi-random points of equal weight, 4096 at most, with an error of nearly
    1/Q. If the domain has time, an integral over space at one instant: as many instants as are asked for. Raises
    ValueError unless nodes >= 1.
    """

    domain: Domain
    nodes: int = 20

    def __post_init__(self) -> None:
        if self.nodes < 1:
            raise ValueError(f"Quadrature needs nodes >= 1, got nodes={self.nodes}.")

    @property
    def size(self) -> int | None:
        return None if isinstance(self.domain, TimeDomain) else 1

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        space = self.domain.space if isinstance(self.domain, TimeDomain) else self.domain
        points, weights = nodes_and_weights(space, self.nodes, u)
        X = points.expand(len(u), *points.shape)
        if isinstance(self.domain, TimeDomain):
            time = self.domain.start + self.domain.duration * u[:, :1]
            X = torch.cat([time[:, None].expand(len(u), len(points), 1), X], dim=2)
        return X, weights.expand(len(u), -1)


def nodes_and_weights(domain: Domain, nodes: int, like: Tensor) -> tuple[Points, Tensor]:
    """The nodes (Q, d) and weights (Q,) of a quadrature over the domain, as in `Quadrature`."""
    if isinstance(domain, Box) and domain.dim <= 3:
        t, w = np.polynomial.legendre.leggauss(nodes)
        axes = [
            (torch.from_numpy((a + b) / 2 + (b - a) / 2 * t).to(like), torch.from_numpy((b - a) / 2 * w).to(like))
            for a, b in zip(domain.lower, domain.upper, strict=True)
        ]
        points = torch.stack(torch.meshgrid(*(x for x, _ in axes), indexing="ij"), -1).reshape(-1, domain.dim)
        weights = math.prod(torch.meshgrid(*(v for _, v in axes), indexing="ij"))
        assert isinstance(weights, Tensor)
        return points, weights.reshape(-1)
    count = min(nodes**domain.dim, 4096)
    sobol = torch.quasirandom.SobolEngine(max(domain.interior_sample_dim, 1), scramble=True, seed=0)
    points = domain.interior(sobol.draw(4 * count, dtype=like.dtype).to(like.device))
    points = points[~points.isnan().any(1)][:count]
    return points, torch.full_like(points[:, 0], domain.measure / len(points))


@dataclass(frozen=True)
class OppositeFaces(Region):
    """Points on the lower and the upper face of the bounding box across coordinate `axis`: yields `(x, y)`, both (d,).

    Raises ValueError for a coordinate that the domain does not have.
    """

    domain: Domain
    axis: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.axis < self.domain.dim:
            raise ValueError(f"OppositeFaces needs 0 <= axis < {self.domain.dim}, got axis={self.axis}.")

    @property
    def sample_dim(self) -> int:
        return self.domain.interior_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        x = self.domain.interior(u)
        lower, upper = (bound[self.axis] for bound in self.domain.bounds)
        near, far = x.clone(), x.clone()
        near[:, self.axis], far[:, self.axis] = lower, upper
        return near, far


@dataclass(frozen=True, eq=False)
class Measurements(Region):
    """Measured values at points: yields `(x, value)`, all of them always, in their order.

    `points` has shape (n, d), `values` (n,) or (n, m). Raises ValueError for other shapes, an empty set, and numbers
    that are not finite.
    """

    points: Tensor | Sequence[Sequence[float]]
    values: Tensor | Sequence[float] | Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        points = torch.as_tensor(self.points, dtype=torch.float64)
        values = torch.as_tensor(self.values, dtype=torch.float64)
        if points.dim() != 2 or values.dim() not in (1, 2) or len(points) != len(values) or not len(points):
            raise ValueError(
                f"Measurements need points of shape (n, d) and values of shape (n,) or (n, m), n >= 1, got "
                f"{tuple(points.shape)} and {tuple(values.shape)}."
            )
        if not (points.isfinite().all() and values.isfinite().all()):
            raise ValueError("Measurements need finite numbers; these hold NaN or infinity.")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", values)

    @property
    def size(self) -> int:
        return len(self.points)

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        assert isinstance(self.points, Tensor)
        assert isinstance(self.values, Tensor)
        index = torch.arange(len(u), device=u.device) % len(self.points)
        return self.points.to(u)[index], self.values.to(u)[index]
