"""The winding number of a closed surface of triangles about a point, by the crossings of a ray."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pinn.domains.shapes.buckets import Buckets
from pinn.domains.shapes.triangles import to_own_triangles
from pinn.typing import Points

_AT_ONCE = 2**21
"""Pairs of a point and a triangle, to bound memory."""
_SHEAR = (0.013719283, 0.029137193)
"""The slope of the ray, so that it meets no edge where points and surface have planes and corners in common."""


@dataclass(frozen=True, eq=False)
class Winding:
    """For a surface of `triangles` (F, 3, 3), outward in the right-handed sense.

    A ray in a direction near that of x is followed; only the triangles in its bucket are looked at, seen along it.
    """

    triangles: np.ndarray

    def at(self, x: Points) -> Tensor:
        """The winding numbers at points (N, 3): crossings from inside to outside less those from outside to inside."""
        height, flat = _sheared(x)
        a, b, c = (torch.from_numpy(part).to(x) for part in self._seen[:3])
        heights = torch.from_numpy(self._seen[3]).to(x)
        found = []
        width = self._columns.near(flat[:1]).shape[-1] if len(x) else 1
        for p, h in zip(*(part.split(max(1, _AT_ONCE // width)) for part in (flat, height)), strict=True):
            near = self._columns.near(p)
            pa, pb, pc = (corner[near] - p[:, None] for corner in (a, b, c))
            weights = torch.stack([_cross(pb, pc), _cross(pc, pa), _cross(pa, pb)], -1)
            total = weights.sum(-1)
            within = ((weights > 0).all(-1) | (weights < 0).all(-1)) & (near >= 0)
            above = (weights * heights[near]).sum(-1) / torch.where(total == 0, 1.0, total) > h[:, None]
            found.append((total.sign() * (within & above)).sum(-1))
        return torch.cat(found) if found else x.new_zeros(0)

    def on_surface(self, x: Points, tolerance: float) -> Tensor:
        """Which points (N, 3) lie on a triangle, to a tolerance that is far smaller than the triangles."""
        width = self._boxes.near(x[:1]).shape[-1] if len(x) else 1
        found = []
        for part in x.split(max(1, _AT_ONCE // width)):
            near = self._boxes.near(part)
            hit = torch.zeros(len(part), dtype=torch.bool, device=x.device)
            some = (near >= 0).any(1).nonzero()[:, 0]
            if len(some):
                triangles = torch.from_numpy(self.triangles).to(x)[near[some]]
                apart = to_own_triangles(part[some], triangles)
                hit[some] = ((apart <= tolerance) & (near[some] >= 0)).any(-1)
            found.append(hit)
        return torch.cat(found) if found else torch.zeros(0, dtype=torch.bool, device=x.device)

    @cached_property
    def _seen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The corners of all triangles as seen along the ray, (F, 2) each, and how far along it they are, (F, 3)."""
        heights, flat = _sheared(torch.from_numpy(self.triangles.reshape(-1, 3)))
        corners = flat.reshape(-1, 3, 2).numpy()
        return corners[:, 0], corners[:, 1], corners[:, 2], heights.reshape(-1, 3).numpy()

    @cached_property
    def _columns(self) -> Buckets:
        corners = np.stack(self._seen[:3], 1)
        return Buckets(corners.min(1), corners.max(1))

    @cached_property
    def _boxes(self) -> Buckets:
        return Buckets(self.triangles.min(1), self.triangles.max(1))


def _sheared(x: Points) -> tuple[Tensor, Tensor]:
    """How far along the ray points (N, 3) are, and where they are seen, (N, 2)."""
    slope = x.new_tensor(_SHEAR)
    return x[:, 0], x[:, 1:] - x[:, :1] * slope


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
