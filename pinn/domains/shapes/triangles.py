"""Distances from points, segments and triangles."""

from collections.abc import Callable

import torch
from torch import Tensor

_AT_ONCE = 2**21
"""Pairs of a point and a facet, to bound memory."""


def nearest_facet(facets: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The distance of points (…, d) from the nearest of facets (F, d, d), of one dimension less, and its number."""
    d = facets.shape[-1]
    distances: Callable[[Tensor, Tensor], Tensor] = (_to_points, to_segments, to_triangles)[d - 1]
    flat = x.reshape(-1, d)
    found = [distances(part, facets).min(-1) for part in flat.split(max(1, _AT_ONCE // max(1, len(facets))))]
    if not found:
        return x.new_zeros(x.shape[:-1]), torch.zeros(x.shape[:-1], dtype=torch.long, device=x.device)
    values, index = torch.cat([one.values for one in found]), torch.cat([one.indices for one in found])
    return values.reshape(x.shape[:-1]), index.reshape(x.shape[:-1])


def to_triangles(p: Tensor, triangles: Tensor) -> Tensor:
    """Distances of points (N, 3) from triangles (F, 3, 3): (N, F)."""
    return to_own_triangles(p, triangles[None])


def to_own_triangles(p: Tensor, triangles: Tensor) -> Tensor:
    """Distances of points (N, 3) from triangles (N, K, 3, 3), or (1, K, 3, 3): (N, K). From the plane if the foot
    lies within."""
    a, b, c = triangles.unbind(-2)
    normal = torch.linalg.cross(b - a, c - a)
    normal = normal / normal.norm(dim=-1, keepdim=True)
    height = ((p[:, None] - a) * normal).sum(-1)
    foot = p[:, None] - height[..., None] * normal
    edges = ((a, b), (b, c), (c, a))
    within = torch.stack([(torch.linalg.cross((e - s).expand_as(foot), foot - s) * normal).sum(-1) for s, e in edges])
    to_edges = torch.stack([_to_edge(p, s, e) for s, e in edges]).amin(0)
    return torch.where((within >= 0).all(0), height.abs(), to_edges)


def to_segments(p: Tensor, segments: Tensor) -> Tensor:
    """Distances of points (N, d) from segments (F, 2, d): (N, F)."""
    return _to_edge(p, *segments.unbind(1))


def _to_points(p: Tensor, points: Tensor) -> Tensor:
    return (p[:, None] - points[:, 0]).norm(dim=-1)


def _to_edge(p: Tensor, start: Tensor, end: Tensor) -> Tensor:
    along, away = end - start, p[:, None] - start
    share = ((away * along).sum(-1) / (along * along).sum(-1)).clamp(0, 1)
    return (away - share[..., None] * along).norm(dim=-1)
