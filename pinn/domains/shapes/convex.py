"""Smooth functions on a convex polygon, made of the distances from the lines of its edges."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.domains.shapes.simplex import Simplex
from pinn.typing import Field


@dataclass(frozen=True)
class ConvexEdges:
    """A distance, an extension of boundary values, and those of single edges, for a polygon whose angles are below π.

    `corners` in the positive order, edge i from corner i to corner i + 1. d_i(x), linear, is zero on the line of edge i
    and 1 at the corner farthest from it. All functions are rational without poles on the polygon: as smooth as the
    data, up to edges and corners.

    >>> ConvexEdges(((0, 0), (1, 0), (1, 1), (0, 1))).distance(torch.tensor([0.5, 0.5])).item()
    1.0
    """

    corners: Sequence[Sequence[float]]

    def distance(self, x: Tensor) -> Tensor:
        """φ = c Π_j d_j / Σ_i Π_{j≠i−1,i} d_j, with c such that it is of size 1: (…, 2) to (…)."""
        d = self._distances(x)
        return self._scale * math.prod(d) / sum(_at_corners(d))  # pyright: ignore[reportReturnType]

    def extend(self, g: Field) -> Field:
        """Σ_i α_i C_i g, where C_i interpolates on the two edges of corner i (Charrot & Gregory 1984).

        α_i = Π_{j≠i−1,i} d_j, divided by the sum of all, is zero on all other edges, and C_i g = g(e_i) + g(e_{i−1}) −
        g(v_i), with the point e_i of edge i on the line through x and the intersection of the neighbouring lines.
        """
        if len(self.corners) == 3:
            return Simplex(self.corners).extend(g)

        def extension(x: Tensor) -> Tensor:
            d = self._distances(x)
            weights = _at_corners(d)
            total = sum(weights)
            parts = []
            for i, weight in enumerate(weights):
                ahead = weights[(i + 1) % len(d)]
                corner = x.new_tensor(self.corners[i])
                parts.append((weight + ahead) / total * g(self._foot(x, d, i)) - weight / total * g(corner))
            return sum(parts[1:], start=parts[0])

        return extension

    def edge(self, i: int) -> tuple[Field, Callable[[Field], Field]]:
        """d_i, and the extension from edge i alone that falls to zero along with data that vanish at its ends."""
        if len(self.corners) == 3:
            return Simplex(self.corners).hard_part(f"face_{(i + 2) % 3}")

        def extend(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                d = self._distances(x)
                weights = _at_corners(d)
                return (weights[i] + weights[(i + 1) % len(d)]) / sum(weights) * g(self._foot(x, d, i))

            return extension

        return lambda x: self._distances(x)[i], extend

    def _foot(self, x: Tensor, d: tuple[Tensor, ...], i: int) -> Tensor:
        """e_i, which parts edge i as a : b, the distances from its neighbours, each 1 at the far end of the edge."""
        n = len(d)
        start, end = (x.new_tensor(self.corners[j % n]) for j in (i, i + 1))
        a, b = d[i - 1] / self._at_far_end[i][0], d[(i + 1) % n] / self._at_far_end[i][1]
        return start + (a / (a + b))[..., None] * (end - start)

    def _distances(self, x: Tensor) -> tuple[Tensor, ...]:
        normals, offsets = (torch.from_numpy(array).to(x) for array in self._lines)
        return (x @ normals.T + offsets).unbind(-1)

    @cached_property
    def _lines(self) -> tuple[np.ndarray, np.ndarray]:
        """Normals (n, 2) and offsets (n,) of d_i(x) = normal · x + offset."""
        a = np.array(self.corners, dtype=float)
        along = np.roll(a, -1, 0) - a
        inward = np.stack([-along[:, 1], along[:, 0]], 1)
        size = ((a[None] - a[:, None]) * inward[:, None]).sum(-1).max(1)
        normals = inward / size[:, None]
        return normals, -(normals * a).sum(1)

    @cached_property
    def _at_far_end(self) -> list[tuple[float, float]]:
        """For each edge the distance of its end from the line before, and of its start from the line after."""
        normals, offsets = self._lines
        d = np.array(self.corners, dtype=float) @ normals.T + offsets
        n = len(d)
        return [(float(d[(i + 1) % n, i - 1]), float(d[i, (i + 1) % n])) for i in range(n)]

    @cached_property
    def _scale(self) -> float:
        """1/φ at the mean of the corners."""
        normals, offsets = self._lines
        d = normals @ np.mean(self.corners, 0) + offsets
        return float(sum(_at_corners(d)) / math.prod(d))


def is_convex(corners: Sequence[Sequence[float]]) -> bool:
    """Whether every angle of a simple polygon, its corners in the positive order, is below π by more than 1e-6."""
    a = np.array(corners, dtype=float)
    along = np.roll(a, -1, 0) - a
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    after = np.roll(along, -1, 0)
    return bool((along[:, 0] * after[:, 1] - along[:, 1] * after[:, 0] > 1e-6).all())


def _at_corners(d: Sequence[Any]) -> list[Any]:
    """Π_{j≠i−1,i} d_j for each corner i."""
    return [math.prod(d[j] for j in range(len(d)) if j not in (i, (i - 1) % len(d))) for i in range(len(d))]
