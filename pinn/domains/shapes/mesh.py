"""Solids bounded by triangles, such as those of an STL file."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import short_repr
from pinn.domains.rejection import NotExtendable, in_bounding_box
from pinn.domains.shapes.mesh_file import SUFFIXES, read_mesh
from pinn.domains.shapes.triangles import nearest_facet
from pinn.domains.shapes.winding import Winding
from pinn.optional import package
from pinn.typing import DataFile, Points

_TETRAHEDRON = (
    ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)),
)


@dataclass(frozen=True)
class Mesh(NotExtendable):
    """The solid within a closed surface of triangles.

    From a `file` that trimesh reads (STL, PLY, OBJ), or meshio (.msh of Gmsh, .vtu), whose physical groups are parts of
    the boundary, or from `vertices` (V, 3) and `faces` (F, 3), corners of each
    triangle in either sense. Raises ValueError for a surface that is not closed or encloses nothing, FileNotFoundError
    if there is no such file, ImportError without trimesh or meshio.

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
        """By the winding number of the surface, which a ray from the point counts; or on it to rounding."""
        flat = x.reshape(-1, 3).double()
        inside = self._winding.at(flat) > 0.5
        lower, upper = (torch.tensor(bound, dtype=torch.float64) for bound in self.bounds)
        rim = self._winding.on_surface(flat, 64 * torch.finfo(x.dtype).eps * float((upper - lower).amax()))
        return (inside | rim).reshape(x.shape[:-1])

    def distance(self, x: Tensor) -> Tensor:
        """The distance from the nearest triangle: smooth but at points to which two are equally near."""
        return nearest_facet(torch.from_numpy(self._array).to(x), x)[0]

    def level_set(self, x: Tensor) -> Tensor:
        inside = self._winding.at(x.reshape(-1, 3).double()).reshape(x.shape[:-1]) > 0.5
        return torch.where(inside, 1.0, -1.0).to(x) * self.distance(x)

    @property
    def tags(self) -> tuple[str, ...]:
        """The physical groups of the file, and `rest` for triangles of none; `boundary` if there are no groups."""
        names = dict.fromkeys(self._loaded[1])
        named = tuple(name for name in names if name)
        return (*named, *(["rest"] if "" in names else [])) if named else ("boundary",)

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        if self.tags == ("boundary",):
            return torch.ones_like(x[:, 0], dtype=torch.bool)
        mine = torch.tensor([(name or "rest") == tag for name in self._loaded[1]], device=x.device)
        return mine[nearest_facet(torch.from_numpy(self._array).to(x), x)[1]]

    @property
    def _array(self) -> np.ndarray:
        """The triangles, outward in the right-handed sense: (F, 3, 3)."""
        return self._loaded[0]

    @cached_property
    def _loaded(self) -> tuple[np.ndarray, list[str]]:
        """The triangles, and the names of their groups, none empty."""
        if self.file is None:
            triangles = _checked(self.vertices, self.faces)
        elif Path(self.file).suffix.lower() in SUFFIXES:
            return _load_groups(self.file)
        else:
            triangles = _load(self.file)
        return triangles, [""] * len(triangles)

    @cached_property
    def _areas(self) -> np.ndarray:
        a, b, c = self._array.transpose(1, 0, 2)
        return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2

    @cached_property
    def _winding(self) -> Winding:
        return Winding(self._array)


def _load_groups(file: str) -> tuple[np.ndarray, list[str]]:
    """The surface triangles of a file that meshio reads, and the names of their groups."""
    found = read_mesh(file, "Mesh")
    if 3 in found.cells:
        raise ValueError(f"Mesh takes the surface of a solid; {file!r} has tetrahedra: use domain=cell_mesh.")
    if 2 not in found.cells or found.points.shape[1] != 3:
        raise ValueError(f"Mesh finds no triangles in space in {file!r}; those of a plane are domain=cell_mesh.")
    used, faces = np.unique(found.cells[2], return_inverse=True)
    triangles = _checked(found.points[used].tolist(), faces.reshape(-1, 3).tolist())
    if len(triangles) != len(faces.reshape(-1, 3)):
        raise ValueError(f"Mesh finds triangles without area in {file!r}.")
    return triangles, [str(name) for name in found.groups[2]]


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
