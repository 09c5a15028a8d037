"""Domains made of triangles or tetrahedra, such as those of Gmsh."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import short_repr
from pinn.domains.rejection import NotExtendable
from pinn.domains.shapes.buckets import Buckets
from pinn.domains.shapes.mesh_file import read_mesh
from pinn.domains.shapes.triangles import nearest_facet
from pinn.typing import DataFile, Points

_AT_ONCE = 2**21
"""Pairs of a point and a cell, to bound memory."""
_REST = "rest"


@dataclass(frozen=True)
class CellMesh(NotExtendable):
    """The union of the triangles of a plane mesh, or of the tetrahedra of one in space.

    From a `file` that meshio reads (.msh of Gmsh, .vtu), whose physical groups of edges or faces are the parts of the
    boundary; or from `vertices` (V, d), `cells` (C, d + 1), corners of each simplex, and `parts`, facets (F, d) by
    name. Facets of one cell alone are the boundary; those of no group are the part `rest`. Points are uniform, measures
    exact. Values on the boundary are penalised. Raises ValueError for cells without volume, for facets that more than
    two cells share, and for numbers that are none of a vertex; FileNotFoundError if there is no such file; ImportError
    without meshio.

    >>> CellMesh().measure
    1.0
    """

    file: DataFile | None = None
    vertices: Sequence[Sequence[float]] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    cells: Sequence[Sequence[int]] = ((0, 1, 2), (0, 2, 3))
    parts: Mapping[str, Sequence[Sequence[int]]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"CellMesh({self.file!r})" if self.file else short_repr(self)

    def __post_init__(self) -> None:
        _ = self._facets

    @property
    def dim(self) -> int:
        return self._corners.shape[2]

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        points = self._corners.reshape(-1, self.dim)
        return tuple(points.min(0).tolist()), tuple(points.max(0).tolist())

    @property
    def measure(self) -> float:
        return float(self._volumes.sum())

    @property
    def boundary_measure(self) -> float:
        return float(self._facets[2].sum())

    @property
    def interior_sample_dim(self) -> int:
        return 1 + self.dim

    def interior(self, u: Tensor) -> Points:
        corners = torch.from_numpy(self._corners).to(u)
        return _within(corners[_chosen(self._volumes, u[:, 0])], u[:, 1:])

    @property
    def boundary_sample_dim(self) -> int:
        return self.dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        corners, normals, sizes, _ = self._facets
        facet = _chosen(sizes, u[:, 0])
        return _within(torch.from_numpy(corners).to(u)[facet], u[:, 1:]), torch.from_numpy(normals).to(u)[facet]

    def contains(self, x: Tensor) -> Tensor:
        """By the barycentric coordinates in the cells near a point."""
        flat = x.reshape(-1, self.dim)
        inverse, origin = (torch.from_numpy(part).to(x) for part in self._frames)
        slack = 64 * torch.finfo(x.dtype).eps * (1 + float(flat.abs().amax()) / self._smallest if len(flat) else 1.0)
        found = []
        for part in flat.split(max(1, _AT_ONCE // self._buckets.near(flat[:1]).shape[-1] if len(flat) else 1)):
            near = self._buckets.near(part)
            shares = torch.einsum("nkij,nkj->nki", inverse[near], part[:, None] - origin[near])
            inside = (shares >= -slack).all(-1) & (shares.sum(-1) <= 1 + slack) & (near >= 0)
            found.append(inside.any(-1))
        return torch.cat(found).reshape(x.shape[:-1]) if found else flat.new_zeros(x.shape[:-1], dtype=torch.bool)

    def distance(self, x: Tensor) -> Tensor:
        """The distance from the nearest facet of the boundary: smooth but at points to which two are equally near."""
        return nearest_facet(torch.from_numpy(self._facets[0]).to(x), x)[0]

    def level_set(self, x: Tensor) -> Tensor:
        return torch.where(self.contains(x), 1.0, -1.0).to(x) * self.distance(x)

    @property
    def tags(self) -> tuple[str, ...]:
        """The groups of facets, and `rest` for those of none; `boundary` if there are no groups."""
        names = dict.fromkeys(self._facets[3])
        named = tuple(name for name in names if name != _REST)
        return (*named, *([_REST] if _REST in names else [])) if named else ("boundary",)

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        names = self._facets[3]
        if tag == "boundary" and tag not in names:
            return torch.ones_like(x[:, 0], dtype=torch.bool)
        mine = torch.tensor([name == tag for name in names], device=x.device)
        return mine[nearest_facet(torch.from_numpy(self._facets[0]).to(x), x)[1]]

    @cached_property
    def _mesh(self) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Vertices (V, d), cells (C, d + 1), and facets (F, d) by name."""
        if self.file is None:
            points, cells = np.array(self.vertices, dtype=float), np.array(self.cells, dtype=np.int64)
            return points, cells, {name: np.array(part, dtype=np.int64) for name, part in self.parts.items()}
        found = read_mesh(self.file, "CellMesh")
        d = found.points.shape[1]
        if d not in found.cells:
            kinds = ", ".join(f"{len(cells)} of dimension {k}" for k, cells in sorted(found.cells.items()))
            hint = "; the solid within a closed surface is domain=mesh" if d == 3 and 2 in found.cells else ""
            raise ValueError(f"CellMesh needs cells of dimension {d} in {self.file!r}, which has {kinds}{hint}.")
        facets, groups = found.cells.get(d - 1, np.zeros((0, d), dtype=np.int64)), found.groups.get(d - 1, [])
        names = dict.fromkeys(name for name in groups if name)
        return found.points, found.cells[d], {name: facets[np.asarray(groups) == name] for name in names}

    @cached_property
    def _corners(self) -> np.ndarray:
        """The corners of all cells: (C, d + 1, d)."""
        points, cells, _ = self._mesh
        d = points.shape[1] if points.ndim == 2 else 0
        if not 1 <= d <= 3 or cells.ndim != 2 or cells.shape[1] != d + 1 or not np.isfinite(points).all():
            raise ValueError(
                f"CellMesh needs vertices (V, d) and cells (C, d + 1) with d = 1, 2 or 3, got {points.shape} and "
                f"{cells.shape}."
            )
        if cells.min() < 0 or cells.max() >= len(points):
            raise ValueError(f"CellMesh needs cells with numbers of vertices, 0 to {len(points) - 1}.")
        return points[cells]

    @cached_property
    def _volumes(self) -> np.ndarray:
        corners = self._corners
        volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])) / math.factorial(self.dim)
        size = np.ptp(corners.reshape(-1, self.dim), axis=0).max()
        if (flat := np.flatnonzero(volumes <= 1e-15 * size**self.dim)).size:
            raise ValueError(f"CellMesh: the cell {flat[0]} has no volume; there are {flat.size} of that kind.")
        return volumes

    @cached_property
    def _facets(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
        """Those of one cell alone: corners (F, d, d), outward unit normals (F, d), sizes (F,), names of their parts."""
        points, cells, parts = self._mesh
        _ = self._volumes
        d = self.dim
        all_facets = np.concatenate([np.delete(cells, k, 1) for k in range(d + 1)])
        opposite = np.concatenate([cells[:, k] for k in range(d + 1)])
        ordered = np.sort(all_facets, 1)
        _, index, counts = np.unique(ordered, axis=0, return_index=True, return_counts=True)
        if (counts > 2).any():
            raise ValueError("CellMesh: more than two cells share a facet.")
        outer = index[counts == 1]
        corners = points[all_facets[outer]]
        normals = _normals(corners)
        away = ((corners[:, 0] - points[opposite[outer]]) * normals).sum(1)
        sizes = _sizes(corners)
        named = {tuple(facet): name for name, part in parts.items() for facet in np.sort(part, 1).tolist()}
        names = [named.get(tuple(facet), _REST) for facet in ordered[outer].tolist()]
        return corners, normals * np.sign(away)[:, None], sizes, names

    @cached_property
    def _frames(self) -> tuple[np.ndarray, np.ndarray]:
        """For each cell the matrix that gives barycentric coordinates from x − origin, and the origin."""
        edges = self._corners[:, 1:] - self._corners[:, :1]
        return np.linalg.inv(edges.transpose(0, 2, 1)), self._corners[:, 0].copy()

    @cached_property
    def _smallest(self) -> float:
        """The smallest height of a cell, nearly."""
        return float(1 / np.abs(self._frames[0]).sum(2).max())

    @cached_property
    def _buckets(self) -> Buckets:
        return Buckets(self._corners.min(1), self._corners.max(1))


def _sizes(facets: np.ndarray) -> np.ndarray:
    """Lengths or areas of facets (F, d, d), by Gram's determinant; 1 for points."""
    edges = facets[:, 1:] - facets[:, :1]
    if not edges.shape[1]:
        return np.ones(len(facets))
    return np.sqrt(np.abs(np.linalg.det(edges @ edges.transpose(0, 2, 1)))) / math.factorial(edges.shape[1])


def _normals(corners: np.ndarray) -> np.ndarray:
    """Unit normals of facets (F, d, d), of either sense."""
    edges = corners[:, 1:] - corners[:, :1]
    if corners.shape[1] == 1:
        return np.ones((len(corners), 1))
    if corners.shape[1] == 2:
        normals = np.stack([edges[:, 0, 1], -edges[:, 0, 0]], 1)
    else:
        normals = np.cross(edges[:, 0], edges[:, 1])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _chosen(sizes: np.ndarray, u: Tensor) -> Tensor:
    """One of several by its share of the whole."""
    ends = torch.from_numpy(np.cumsum(sizes)).to(u)
    return torch.bucketize(u * ends[-1], ends, right=True).clamp(max=len(sizes) - 1)


def _within(corners: Tensor, u: Tensor) -> Points:
    """Points uniform in simplices (N, k + 1, d) from u (N, k): the gaps between sorted numbers are shares."""
    ends = torch.cat([u.new_zeros(len(u), 1), u.sort(1).values, u.new_ones(len(u), 1)], 1)
    return torch.einsum("nk,nkd->nd", ends.diff(dim=1), corners)
