"""Nodes and weights of integrals, over a domain and over its boundary."""

import math
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.domain import Domain
from pinn.domains.regions.base import Region
from pinn.domains.regions.boundary import Boundary
from pinn.domains.shapes.box import Box
from pinn.typing import Points

MOST_NODES = 4096
_ON_CURVES = 32
"""Equidistant nodes of a curve for each that is asked for along a coordinate."""


class _Nodes(Region, ABC):
    """All nodes at once, at as many instants as are asked for, or once where there is no time."""

    domain: Domain

    @property
    def size(self) -> int | None:
        return None if isinstance(self.domain, TimeDomain) else 1

    @property
    def sample_dim(self) -> int:
        return 1


@dataclass(frozen=True)
class Quadrature(_Nodes):
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

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        points, weights = nodes_and_weights(getattr(self.domain, "space", self.domain), self.nodes, u)
        return _at_instants(self.domain, points, u), weights.expand(len(u), -1)


@dataclass(frozen=True)
class BoundaryQuadrature(_Nodes):
    """Nodes, weights and normals of an integral over ∂Ω or one part of it: yields `(X, w, n)`, Σ w g(X) ≈ ∫ g ds.

    On the faces of a box of up to three dimensions Gauss–Legendre with `nodes` along each coordinate; on a curve
    equidistant nodes, 32 for each, which is as good where the curve is closed and smooth, and of second order on edges;
    elsewhere quasi-random points of equal weight. If the domain has time, an integral over space at one instant.

    Raises ValueError for a part that there is not, or that no node lies on, and unless nodes >= 1.

    >>> X, w, n = BoundaryQuadrature(Box(), "right", 2).from_uniform(torch.zeros(1, 1, dtype=torch.float64))
    >>> round(float(w[0] @ X[0, :, 1] ** 3), 12)
    0.25
    """

    domain: Domain
    tag: str | None = None
    nodes: int = 20

    def __post_init__(self) -> None:
        Boundary(self.domain, self.tag)
        if self.nodes < 1:
            raise ValueError(f"BoundaryQuadrature needs nodes >= 1, got nodes={self.nodes}.")
        if not len(self._found(torch.zeros((), dtype=torch.float64))[0]):
            raise ValueError(f"No node of the integral lies on {self.tag!r} of {self.domain}: it is too small.")

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        points, weights, normals = self._found(u)
        if isinstance(self.domain, TimeDomain):
            normals = torch.cat([torch.zeros_like(normals[:, :1]), normals], 1)
        X = _at_instants(self.domain, points, u)
        return X, weights.expand(len(u), -1), normals.expand(len(u), *normals.shape)

    def _found(self, like: Tensor) -> tuple[Points, Tensor, Tensor]:
        space: Domain = getattr(self.domain, "space", self.domain)
        if isinstance(space, Box) and space.dim <= 3 and (self.tag is None or self.tag in space.tags):
            faces = [tag for tag in space.tags if self.tag in (None, tag)]
            parts = [_face(space, space.tags.index(tag), self.nodes, like) for tag in faces]
            points, weights, normals = (torch.cat(part) for part in zip(*parts, strict=True))
            return points, weights, normals
        k = space.boundary_sample_dim
        if k == 1:
            count = min(_ON_CURVES * self.nodes, MOST_NODES)
            u = (torch.arange(count, dtype=torch.float64)[:, None] + 0.5) / count
        else:
            u = torch.quasirandom.SobolEngine(k, scramble=True, seed=0).draw(MOST_NODES, dtype=torch.float64)
        points, normals = space.boundary(u)
        hit = ~points.isnan().any(1)
        points, normals = points[hit], normals[hit]
        weights = torch.full_like(points[:, 0], space.boundary_measure / max(len(points), 1))
        if self.tag is not None:
            mine = space.boundary_mask(self.tag, points, normals)
            points, weights, normals = points[mine], weights[mine], normals[mine]
        return points.to(like), weights.to(like), normals.to(like)


def nodes_and_weights(domain: Domain, nodes: int, like: Tensor) -> tuple[Points, Tensor]:
    """The nodes (Q, d) and weights (Q,) of a quadrature over the domain, as in `Quadrature`."""
    if isinstance(domain, Box) and domain.dim <= 3:
        return _gauss(domain.lower, domain.upper, nodes, like)
    count = min(nodes**domain.dim, MOST_NODES)
    sobol = torch.quasirandom.SobolEngine(max(domain.interior_sample_dim, 1), scramble=True, seed=0)
    points = domain.interior(sobol.draw(4 * count, dtype=like.dtype).to(like.device))
    points = points[~points.isnan().any(1)][:count]
    return points, torch.full_like(points[:, 0], domain.measure / len(points))


def _gauss(lower: Sequence[float], upper: Sequence[float], nodes: int, like: Tensor) -> tuple[Points, Tensor]:
    """Gauss–Legendre on a box; one node of weight 1 if it has no dimension."""
    t, w = np.polynomial.legendre.leggauss(nodes)
    axes = [
        (torch.from_numpy((a + b) / 2 + (b - a) / 2 * t).to(like), torch.from_numpy((b - a) / 2 * w).to(like))
        for a, b in zip(lower, upper, strict=True)
    ]
    if not axes:
        return like.new_zeros(1, 0), like.new_ones(1)
    points = torch.stack(torch.meshgrid(*(x for x, _ in axes), indexing="ij"), -1).reshape(-1, len(axes))
    weights = math.prod(torch.meshgrid(*(v for _, v in axes), indexing="ij"))
    assert isinstance(weights, Tensor)
    return points, weights.reshape(-1)


def _face(box: Box, number: int, nodes: int, like: Tensor) -> tuple[Points, Tensor, Tensor]:
    """A face of a box, in the order of its tags: lower and upper across each coordinate in turn."""
    axis, side = divmod(number, 2)
    lower, upper = ([*bound[:axis], *bound[axis + 1 :]] for bound in (box.lower, box.upper))
    inner, weights = _gauss(lower, upper, nodes, like)
    at = inner.new_full((len(inner), 1), (box.lower, box.upper)[side][axis])
    points = torch.cat([inner[:, :axis], at, inner[:, axis:]], 1)
    normals = torch.zeros_like(points)
    normals[:, axis] = 2 * side - 1
    return points, weights, normals


def _at_instants(domain: Domain, points: Points, u: Tensor) -> Tensor:
    """The nodes (N, Q, d) for N samples: the same for all, or each at an instant of its own."""
    X = points.expand(len(u), *points.shape)
    if isinstance(domain, TimeDomain):
        time = domain.start + domain.duration * u[:, :1]
        X = torch.cat([time[:, None].expand(len(u), len(points), 1), X], dim=2)
    return X
