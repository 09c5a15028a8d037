"""Solids bounded by triangles, such as those of an STL file."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import Domain, short_repr
from pinn.domains.rejection import in_bounding_box, refuse_extension
from pinn.optional import package
from pinn.typing import DataFile, Field, Points

_AT_ONCE = 2**21  # pairs of a point and a triangle, to bound memory

_TETRAHEDRON = (
    ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)),
)


@dataclass(frozen=True)
class Mesh(Domain):
    """The solid within a closed surface of triangles.

    From a `file` that trimesh reads (STL, PLY, OBJ), or from `vertices` (V, 3) and `faces` (F, 3), corners of each
    triangle in either sense. Raises ValueError for a surface that is not closed or encloses nothing, FileNotFoundError
    if there is no such file, ImportError without trimesh.

    >>> round(Mesh().measure, 6)
    0.166667
    """

    file: DataFile | None = None
    vertices: Sequence[Sequence[float]] = _TETRAHEDRON[0]
    faces: Sequence[Sequence[int]] = _TETRAHEDRON[1]

    def __repr__(self) -> str:
        return short_repr(self)

    def __post_init__(self) -> None:
        _ = self._array

    @property
    def dim(self) -> int:
        return 3

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        corners = self._array.reshape(-1, 3)
        return tuple(corners.min(0).tolist()), tuple(corners.max(0).tolist())

    @property
    def measure(self) -> float:
        a, b, c = self._array.transpose(1, 0, 2)
        return float((a * np.cross(b, c)).sum() / 6)

    @property
    def boundary_measure(self) -> float:
        return float(self._areas.sum())

    @property
    def interior_sample_dim(self) -> int:
        return 3

    def interior(self, u: Tensor) -> Points:
        return in_bounding_box(self, u)

    @property
    def boundary_sample_dim(self) -> int:
        return 3

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        areas = torch.from_numpy(self._areas).to(u)
        face = torch.bucketize(u[:, 0] * areas.sum(), areas.cumsum(0), right=True).clamp(max=len(areas) - 1)
        a, b, c = torch.from_numpy(self._array).to(u)[face].unbind(1)
        root, share = u[:, 1:2].sqrt(), u[:, 2:3]
        x = (1 - root) * a + root * (1 - share) * b + root * share * c
        normal = torch.linalg.cross(b - a, c - a)
        return x, normal / normal.norm(dim=1, keepdim=True)

    def contains(self, x: Tensor) -> Tensor:
        """By the solid angle under which the surface is seen (van Oosterom & Strackee 1983), or on it to rounding."""
        lower, upper = (x.new_tensor(bound) for bound in self.bounds)
        size = float((upper - lower).amax())
        return (self._on_all(_turns, x) > 0.5) | (self.distance(x) <= 64 * torch.finfo(x.dtype).eps * size)

    def distance(self, x: Tensor) -> Tensor:
        """The distance from the nearest triangle: smooth but at points to which two are equally near."""
        return self._on_all(lambda p, t: _to_triangles(p, t).amin(-1), x)

    def level_set(self, x: Tensor) -> Tensor:
        return torch.where(self._on_all(_turns, x) > 0.5, 1.0, -1.0).to(x) * self.distance(x)

    def extend(self, g: Field) -> Field:
        return refuse_extension(self)

    @property
    def extendable(self) -> bool:
        return False

    @cached_property
    def _array(self) -> np.ndarray:
        """The triangles, outward in the right-handed sense: (F, 3, 3)."""
        return _load(self.file) if self.file is not None else _checked(self.vertices, self.faces)

    @cached_property
    def _areas(self) -> np.ndarray:
        a, b, c = self._array.transpose(1, 0, 2)
        return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2

    def _on_all(self, f: Callable[[Tensor, Tensor], Tensor], x: Tensor) -> Tensor:
        triangles = torch.from_numpy(self._array).to(x)
        flat = x.reshape(-1, 3)
        parts = flat.split(max(1, _AT_ONCE // len(triangles)))
        return torch.cat([f(part, triangles) for part in parts]).reshape(x.shape[:-1])


def _turns(p: Tensor, triangles: Tensor) -> Tensor:
    """The winding number of the surface about points (N, 3)."""
    a, b, c = (triangles[None] - p[:, None, None]).unbind(2)
    la, lb, lc = a.norm(dim=-1), b.norm(dim=-1), c.norm(dim=-1)
    volume = (a * torch.linalg.cross(b, c)).sum(-1)
    rest = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return torch.atan2(volume, rest).sum(-1) / (2 * math.pi)


def _to_triangles(p: Tensor, triangles: Tensor) -> Tensor:
    """Distances of points (N, 3) from triangles (F, 3, 3): (N, F). From the plane if the foot lies within."""
    a, b, c = triangles.unbind(1)
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


def _load(file: str) -> np.ndarray:
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"Mesh: there is no file {file!r}.")
    trimesh = package("trimesh", "geometry", "Mesh")
    try:
        surface = trimesh.load(path, force="mesh")
    except Exception as error:  # trimesh raises many kinds, all meaning one thing here
        raise ValueError(f"Mesh cannot read {file!r}: {error}") from error
    if not len(surface.vertices) or not len(surface.faces):
        raise ValueError(f"Mesh finds no triangles in {file!r}.")
    try:
        return _checked(surface.vertices, surface.faces)
    except ValueError:
        if np.isfinite(trimesh.load(path, force="mesh", process=False).vertices).all():  # all of them, as in the file
            raise
        raise ValueError(
            f"Mesh finds coordinates in {file!r} that are not finite, NaN or infinity: export it again."
        ) from None


def _checked(vertices: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> np.ndarray:
    """The triangles of a closed surface, turned outward."""
    trimesh = package("trimesh", "geometry", "Mesh")
    points, corners = np.array(vertices, dtype=float), np.array(faces)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise ValueError(f"Mesh needs vertices of shape (V, 3) with finite coordinates, got {points.shape}.")
    if corners.ndim != 2 or corners.shape[1] != 3 or corners.min() < 0 or corners.max() >= len(points):
        raise ValueError(
            f"Mesh needs faces of shape (F, 3) with numbers of vertices, 0 to {len(points) - 1}, got {corners.shape}."
        )
    surface = trimesh.Trimesh(points, corners, process=True)
    if not surface.is_watertight:
        raise ValueError(f"Mesh needs a closed surface; this one of {len(surface.faces)} triangles has holes.")
    trimesh.repair.fix_normals(surface, multibody=True)
    if not surface.volume > 0:
        raise ValueError("Mesh needs a surface that encloses a volume.")
    return np.array(surface.triangles)
