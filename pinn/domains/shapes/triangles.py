"""Distances from points, segments and triangles."""

import torch
from torch import Tensor

_AT_ONCE = 2**21
"""Pairs of a point and a facet, to bound memory."""
_FIRST = 32
"""Facets that are looked at first, then eight times as many for the points where these do not settle it."""


def nearest_facet(facets: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The distance of points (…, d) from the nearest of facets (F, d, d), of one dimension less, and its number.

    For many points only facets are looked at whose bounding ball comes near enough, first the most promising: the
    result is that of all facets, with far fewer of them.
    """
    d = facets.shape[-1]
    flat = x.reshape(-1, d)
    if x.ndim < 2 or len(facets) <= _FIRST:  # within vmap a point is alone, and what follows chooses by values
        found = [_from_own(part, facets[None]).min(-1) for part in flat.split(max(1, _AT_ONCE // max(1, len(facets))))]
        values = torch.cat([one.values for one in found]) if found else flat[:, 0]
        index = torch.cat([one.indices for one in found]) if found else flat[:, 0].long()
        return values.reshape(x.shape[:-1]), index.reshape(x.shape[:-1])
    centers = facets.mean(1)
    radii = (facets - centers[:, None]).norm(dim=-1).amax(1)
    values, index = torch.empty_like(flat[:, 0]), torch.zeros_like(flat[:, 0], dtype=torch.long)
    step = max(1, _AT_ONCE // len(facets))
    for start in range(0, len(flat), step):
        part = flat[start : start + step]
        found = _pruned(part, facets, torch.cdist(part, centers) - radii)
        values[start : start + step], index[start : start + step] = found
    return values.reshape(x.shape[:-1]), index.reshape(x.shape[:-1])


def _pruned(p: Tensor, facets: Tensor, least: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest facets, given a lower bound of each distance, (N, F)."""
    count = len(facets)
    values, index = torch.full_like(p[:, 0], torch.inf), torch.zeros_like(p[:, 0], dtype=torch.long)
    left = torch.arange(len(p), device=p.device)
    k = _FIRST
    while len(left):
        k = min(k, count)
        bounds, chosen = least[left].topk(min(k + 1, count), largest=False)
        rows = max(1, _AT_ONCE // k)
        for own, near in zip(left.split(rows), chosen[:, :k].split(rows), strict=True):
            found = _from_own(p[own], facets[near]).min(-1)
            values[own], index[own] = found.values, near.gather(1, found.indices[:, None])[:, 0]
        if k == count:
            break
        slack = 1e-6 * values[left]  # cdist goes by products
        left = left[bounds[:, k] <= values[left] + slack]
        k *= 8
    return values, index


def _from_own(p: Tensor, facets: Tensor) -> Tensor:
    """Distances of points (N, d) from facets of their own, (N, K, d, d), or the same for all, (1, K, d, d)."""
    if facets.shape[-1] == 3:
        return to_own_triangles(p, facets)
    return _to_edge(p, *facets.unbind(-2)) if facets.shape[-1] == 2 else (p[:, None] - facets[..., 0, :]).norm(dim=-1)


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


def _to_edge(p: Tensor, start: Tensor, end: Tensor) -> Tensor:
    along, away = end - start, p[:, None] - start
    share = ((away * along).sum(-1) / (along * along).sum(-1)).clamp(0, 1)
    return (away - share[..., None] * along).norm(dim=-1)
