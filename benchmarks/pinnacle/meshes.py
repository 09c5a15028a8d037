"""Triangles of plane regions with round holes, made here, refined towards the circles themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import Delaunay
from skfem import MeshTri, MeshTri2

Array = np.ndarray
_SMOOTHINGS = 20
_CLEARANCE = 0.6
"""The least distance of an inner vertex from the boundary, in lengths of an edge."""


@dataclass(frozen=True)
class Plate:
    """A rectangle without some disks (x, y, r) that do not touch each other or its edge."""

    lower: tuple[float, float]
    upper: tuple[float, float]
    holes: Sequence[tuple[float, float, float]] = ()

    def mesh(self, edge: float) -> MeshTri:
        """Delaunay triangles with edges of about this length, straight, all vertices of the boundary on it.

        Inner vertices begin on a triangular lattice and are moved to the mean of their neighbours, some times over.
        """
        rim = np.concatenate([self._frame(edge), *(self._circle(hole, edge) for hole in self.holes)])
        inner = self._lattice(edge)
        for _ in range(_SMOOTHINGS):
            points = np.concatenate([rim, inner])
            triangles = self._kept(points, Delaunay(points).simplices)
            inner = _mean_of_neighbours(points, triangles)[len(rim) :]
        points = np.concatenate([rim, inner])
        return MeshTri(points.T.copy(), self._kept(points, Delaunay(points).simplices).T.copy())

    def refined(self, mesh: MeshTri) -> MeshTri:
        """Four triangles for each; the old vertices come first, new ones of the boundary lie on the circles."""
        finer: Any = mesh.refined(1)
        points = finer.p.copy()
        edge = np.unique(finer.facets[:, finer.boundary_facets()])
        points[:, edge] = self._onto(points[:, edge])
        return MeshTri(points, finer.t)

    def curved(self, mesh: Any) -> MeshTri2:
        """The triangles of a MeshTri with quadratic edges, whose midpoints lie on the circles."""
        bent: Any = MeshTri2.from_mesh(mesh)
        points = bent.doflocs.copy()
        middle = (mesh.p[:, mesh.facets[0]] + mesh.p[:, mesh.facets[1]]) / 2
        facets = mesh.boundary_facets()
        slots = bent.dofs.facet_dofs[0, facets]
        assert np.allclose(points[:, slots], middle[:, facets])
        points[:, slots] = self._onto(points[:, slots])
        return MeshTri2(points, bent.t)

    def on_hole(self, k: int, x: Array) -> Array:
        """Which points (2, …) are within a hundredth of its radius from the circle of a hole."""
        a, b, r = self.holes[k]
        return abs(np.hypot(x[0] - a, x[1] - b) - r) < 0.01 * r

    def on_frame(self, x: Array) -> Array:
        """Which points (2, …) lie on the edge of the rectangle."""
        (a, b), (c, d) = self.lower, self.upper
        near = np.minimum.reduce([abs(x[0] - a), abs(x[0] - c), abs(x[1] - b), abs(x[1] - d)])
        return near < 1e-9 * (c - a)

    def _frame(self, edge: float) -> Array:
        (a, b), (c, d) = self.lower, self.upper
        n, m = round((c - a) / edge), round((d - b) / edge)
        x, y = np.linspace(a, c, n + 1), np.linspace(b, d, m + 1)
        bottom, top = (np.stack([x, np.full_like(x, value)], 1) for value in (b, d))
        left, right = (np.stack([np.full_like(y, value), y], 1)[1:-1] for value in (a, c))
        return np.concatenate([bottom, top, left, right])

    def _circle(self, hole: tuple[float, float, float], edge: float) -> Array:
        a, b, r = hole
        n = max(round(2 * np.pi * r / edge), 8)
        angle = 2 * np.pi * np.arange(n) / n
        return np.stack([a + r * np.cos(angle), b + r * np.sin(angle)], 1)

    def _lattice(self, edge: float) -> Array:
        (a, b), (c, d) = self.lower, self.upper
        y = np.arange(b, d, edge * np.sqrt(3) / 2)
        x = np.arange(a, c, edge)
        points = np.stack([(x[None] + edge / 2 * (np.arange(len(y)) % 2)[:, None]).ravel(), np.repeat(y, len(x))], 1)
        return points[self._depth(points) > _CLEARANCE * edge]

    def _depth(self, points: Array) -> Array:
        """The distance of points (N, 2) from the boundary, negative outside."""
        (a, b), (c, d) = self.lower, self.upper
        x, y = points.T
        depth = np.minimum.reduce([x - a, c - x, y - b, d - y])
        return np.minimum.reduce([depth, *(np.hypot(x - p, y - q) - r for p, q, r in self.holes)])

    def _kept(self, points: Array, triangles: Array) -> Array:
        """Without triangles outside, and without flat ones on a straight edge."""
        corners = points[triangles]
        u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        area = abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
        length = np.linalg.norm(np.roll(corners, 1, 1) - corners, axis=2).max(1)
        return triangles[(self._depth(corners.mean(1)) > 0) & (area > 1e-6 * length**2)]

    def _onto(self, points: Array) -> Array:
        """Points (2, N) of the boundary, those near a circle moved onto it."""
        moved = points.copy()
        frame = self.on_frame(points)
        for a, b, r in self.holes:
            offset = points - np.array([[a], [b]])
            length = np.hypot(*offset)
            near = ~frame & (abs(length - r) < 0.2 * r)
            moved[:, near] = np.array([[a], [b]]) + r * offset[:, near] / length[near]
        return moved


def _mean_of_neighbours(points: Array, triangles: Array) -> Array:
    pairs = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    pairs = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    total, count = np.zeros_like(points), np.zeros(len(points))
    np.add.at(total, pairs[:, 0], points[pairs[:, 1]])
    np.add.at(count, pairs[:, 0], 1)
    return total / np.maximum(count, 1)[:, None]
