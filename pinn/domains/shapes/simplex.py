"""The simplex in any dimension: interval, triangle, tetrahedron."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import Domain, short_repr
from pinn.typing import Field, Points

_FLATTEST = 1e-6
"""The least volume of the edges over the product of their lengths."""


@dataclass(frozen=True)
class Simplex(Domain):
    """The convex hull of d + 1 vertices in d dimensions. Raises ValueError if they lie in one hyperplane.

    >>> round(Simplex().measure, 6)
    0.166667
    """

    vertices: Sequence[Sequence[float]] = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

    def __repr__(self) -> str:
        return short_repr(self)

    def __post_init__(self) -> None:
        vertices = tuple(tuple(map(float, vertex)) for vertex in self.vertices)
        d = len(vertices) - 1
        if d < 1 or any(len(v) != d or not all(map(math.isfinite, v)) for v in vertices):
            raise ValueError(f"Simplex needs d + 1 vertices of d finite coordinates, got {self.vertices}.")
        object.__setattr__(self, "vertices", vertices)
        edges = self._array[1:] - self._array[0]
        # Barycentric coordinates lose as many digits as this is small.
        if not abs(np.linalg.det(edges)) > _FLATTEST * math.prod(np.linalg.norm(edges, axis=1)):
            raise ValueError(
                f"Simplex needs vertices that do not all but lie in one hyperplane, got {self.vertices}: scale the "
                "coordinates, or leave out a dimension."
            )

    @property
    def dim(self) -> int:
        return len(self.vertices) - 1

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(self._array.min(0).tolist()), tuple(self._array.max(0).tolist())

    @property
    def measure(self) -> float:
        return abs(float(np.linalg.det(self._array[1:] - self._array[0]))) / math.factorial(self.dim)

    @property
    def boundary_measure(self) -> float:
        return float(self._areas.sum())

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        return _weights(u) @ u.new_tensor(self.vertices)

    @property
    def boundary_sample_dim(self) -> int:
        return self.dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        areas = torch.from_numpy(self._areas).to(u)
        face = torch.bucketize(u[:, 0] * areas.sum(), areas.cumsum(0), right=True).clamp(max=self.dim)
        weights = _weights(u[:, 1:])
        # Face i is opposite to vertex i, so its own weights go to all the others.
        others = torch.tensor([[j for j in range(self.dim + 1) if j != i] for i in range(self.dim + 1)])
        full = torch.zeros(len(u), self.dim + 1, dtype=u.dtype, device=u.device)
        full = full.scatter(1, others.to(u.device)[face], weights)
        return full @ u.new_tensor(self.vertices), torch.from_numpy(self._normals).to(u)[face]

    def contains(self, x: Tensor) -> Tensor:
        return (self._barycentric(x) >= -16 * torch.finfo(x.dtype).eps).all(-1)

    def distance(self, x: Tensor) -> Tensor:
        """φ = (d + 1)^{d+1} Π λ_i of the barycentric coordinates, which is 1 at the centre."""
        return (self.dim + 1) ** (self.dim + 1) * math.prod(self._barycentric(x).unbind(-1))

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction of all barycentric coordinates: positive inside alone."""
        level, *others = self._barycentric(x).unbind(-1)
        for other in others:
            level = level + other - torch.sqrt(level**2 + other**2)
        return level

    def extend(self, g: Field) -> Field:
        """Σ_i λ_i C_i g, where C_i interpolates on the faces that meet in vertex i (Gregory 1980), a polynomial blend.

        C_i is the Boolean sum of projections x ↦ x_i + Σ_{j∉S} λ_j (x_j − x_i) to faces, S not empty: it takes g at
        2^d − 1 points of the boundary. Raises ValueError above five dimensions.
        """
        if not self.extendable:
            raise ValueError(
                f"Hard conditions with data that do not vanish need (d + 1)(2^d − 1) evaluations on a Simplex, "
                f"too many for d={self.dim} (at most 5). Use soft conditions: hard=False (pde.hard=false)."
            )

        def extension(x: Tensor) -> Tensor:
            weights = self._barycentric(x).unbind(-1)
            parts = []
            for i in range(self.dim + 1):
                others = [j for j in range(self.dim + 1) if j != i]
                for k in range(self.dim):
                    for kept in combinations(others, k):
                        sign = -1 if (self.dim - k) % 2 == 0 else 1
                        parts.append(sign * weights[i] * g(self._from_vertex(i, kept, x, weights)))
            return sum(parts[1:], start=parts[0])

        return extension

    @property
    def extendable(self) -> bool:
        return self.dim <= 5

    @property
    def smooth(self) -> bool:
        return True

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]]:
        """λ_i, and the data on a face taken along the edges that leave it, so that they fall to zero as λ_i grows.

        Data on several faces, one after the other, leave each other in peace.
        """
        face = self.tags.index(tag)
        corners = [j for j in range(self.dim + 1) if j != face]

        def extend(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                weights = self._barycentric(x).unbind(-1)
                parts = [weights[i] * g(self._from_vertex(i, corners, x, weights)) for i in corners]
                return sum(parts[1:], start=parts[0])

            return extension

        return lambda x: self._barycentric(x)[..., face], extend

    @property
    def tags(self) -> tuple[str, ...]:
        """face_i is opposite to vertex i."""
        return tuple(f"face_{i}" for i in range(self.dim + 1))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        return self._barycentric(x).argmin(-1) == self.tags.index(tag)

    def _from_vertex(self, i: int, kept: Sequence[int], x: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """x_i + Σ λ_j (x_j − x_i) over the vertices j that are kept."""
        vertices = x.new_tensor(self.vertices)
        moved = [weights[j][..., None] * (vertices[j] - vertices[i]) for j in kept if j != i]
        return sum(moved, start=vertices[i])

    @cached_property
    def _array(self) -> np.ndarray:
        return np.array(self.vertices)

    @cached_property
    def _gradients(self) -> np.ndarray:
        """∇λ_i, shape (d + 1, d)."""
        inverse = np.linalg.inv((self._array[1:] - self._array[0]).T)
        return np.concatenate([-inverse.sum(0, keepdims=True), inverse])

    @cached_property
    def _normals(self) -> np.ndarray:
        return -self._gradients / np.linalg.norm(self._gradients, axis=1, keepdims=True)

    @cached_property
    def _areas(self) -> np.ndarray:
        """|F_i| = d |T| |∇λ_i|."""
        return self.dim * self.measure * np.linalg.norm(self._gradients, axis=1)

    def _barycentric(self, x: Tensor) -> Tensor:
        gradients = torch.from_numpy(self._gradients).to(x)
        first = torch.eye(self.dim + 1, dtype=x.dtype, device=x.device)[0]
        return (x - x.new_tensor(self.vertices[0])) @ gradients.T + first


def _weights(u: Tensor) -> Tensor:
    """Barycentric weights uniform on a simplex: the gaps between sorted uniform numbers, shape (N, k + 1)."""
    ends = torch.cat([u.new_zeros(len(u), 1), u.sort(dim=1).values, u.new_ones(len(u), 1)], 1)
    return ends.diff(dim=1)
