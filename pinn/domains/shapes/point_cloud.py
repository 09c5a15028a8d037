"""A domain known by points alone: some inside, some on the boundary with their normals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from pinn.domains.npz import read_arrays
from pinn.domains.rejection import NotExtendable
from pinn.typing import DataFile, Points


def _circle(n: int) -> tuple[tuple[float, float], ...]:
    return tuple((math.cos(2 * math.pi * k / n), math.sin(2 * math.pi * k / n)) for k in range(n))


def _sunflower(n: int) -> tuple[tuple[float, float], ...]:
    """Points even in the unit disk, along Fermat's spiral (Vogel 1979)."""
    turn, radius = math.pi * (3 - math.sqrt(5)), [math.sqrt((k + 0.5) / n) for k in range(n)]
    return tuple((r * math.cos(k * turn), r * math.sin(k * turn)) for k, r in enumerate(radius))


@dataclass(frozen=True, eq=False)
class PointCloud(NotExtendable):
    """Given points, even within a set: `inside` (n, d), `rim` (m, d) on its boundary, outward `normals` (m, d) there.

    Or from the arrays of these names in `file` (.npz). Samples are the given points, drawn with repetition. Boundary
    points stand for equal parts of the boundary, whose size follows from Gauss's theorem; a point is inside if the
    boundary goes round it. Raises ValueError for shapes that do not fit, less than two points, numbers that are not
    finite, and normals of length zero or that point inward; FileNotFoundError if there is no such file.
    """

    inside: Sequence[Sequence[float]] = field(default_factory=partial(_sunflower, 2000))
    rim: Sequence[Sequence[float]] = field(default_factory=partial(_circle, 200))
    normals: Sequence[Sequence[float]] = field(default_factory=partial(_circle, 200))
    file: DataFile | None = None

    _inside: np.ndarray = field(init=False, repr=False)
    _rim: np.ndarray = field(init=False, repr=False)
    _normals: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not (0 < self._part < math.inf and self.measure > 0):
            raise ValueError("PointCloud needs normals that point outward, and points inside that the rim goes round.")

    def __repr__(self) -> str:
        return f"PointCloud({len(self._arrays[0])} points inside, {len(self._arrays[1])} on the rim)"

    @property
    def dim(self) -> int:
        return self._arrays[0].shape[1]

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        points = np.concatenate([self._arrays[0], self._arrays[1]])
        return tuple(points.min(0).tolist()), tuple(points.max(0).tolist())

    @property
    def measure(self) -> float:
        """|Ω| = 1/d ∮ x·n."""
        return self._part * float((self._arrays[1] * self._arrays[2]).sum()) / self.dim

    @property
    def boundary_measure(self) -> float:
        return self._part * len(self._arrays[1])

    @property
    def interior_sample_dim(self) -> int:
        return 1

    def interior(self, u: Tensor) -> Points:
        return torch.from_numpy(self._arrays[0]).to(u)[_index(u, len(self._arrays[0]))]

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        index = _index(u, len(self._arrays[1]))
        return torch.from_numpy(self._arrays[1]).to(u)[index], torch.from_numpy(self._arrays[2]).to(u)[index]

    def contains(self, x: Tensor) -> Tensor:
        """By the winding number of the rim, or at a given point."""
        given = torch.from_numpy(np.concatenate([self._arrays[0], self._arrays[1]])).to(x)
        at_point = torch.cdist(x.reshape(-1, self.dim), given).amin(-1).reshape(x.shape[:-1]) < 1e-12
        return (self._part * self._flux(x) > 0.5) | at_point

    def distance(self, x: Tensor) -> Tensor:
        """The distance from the nearest point of the rim."""
        rim = torch.from_numpy(self._arrays[1]).to(x)
        return (x[..., None, :] - rim).square().sum(-1).amin(-1).sqrt()

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points inside, points of the rim, unit normals there."""
        arrays = {name: getattr(self, name) for name in ("inside", "rim", "normals")}
        if self.file is not None:
            arrays = dict(zip(arrays, read_arrays(self.file, tuple(arrays), "PointCloud"), strict=True))
        inside, rim, normals = (np.array(array, dtype=float) for array in arrays.values())
        if inside.ndim != 2 or rim.shape != normals.shape or rim.shape[1:] != inside.shape[1:]:
            raise ValueError(
                f"PointCloud needs inside (n, d), rim (m, d) and normals (m, d), got {inside.shape}, {rim.shape} and "
                f"{normals.shape}."
            )
        if min(len(inside), len(rim)) < 2 or not all(np.isfinite(a).all() for a in (inside, rim, normals)):
            raise ValueError("PointCloud needs at least two points inside and on the rim, all of finite numbers.")
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        if not (lengths > 0).all():
            raise ValueError(f"PointCloud: normal {int(lengths.argmin())} has length zero.")
        return inside, rim, normals / lengths

    @cached_property
    def _part(self) -> float:
        """What one boundary point stands for: the winding number, seen from the points inside, is one."""
        some = torch.from_numpy(self._arrays[0][:: max(1, len(self._arrays[0]) // 500)])
        return 1 / float(self._flux(some).median())

    def _flux(self, x: Tensor) -> Tensor:
        """Σ n·(p − x)/(|S| |p − x|^d), the flux of a unit source at x through boundary points of unit size."""
        rim, normals = (torch.from_numpy(a).to(x) for a in (self._arrays[1], self._arrays[2]))
        away = rim - x[..., None, :]
        sphere = 2 * math.pi ** (self.dim / 2) / math.gamma(self.dim / 2)
        distance = away.norm(dim=-1).clamp(min=torch.finfo(x.dtype).tiny ** (1 / self.dim))
        return ((away * normals).sum(-1) / distance**self.dim).sum(-1) / sphere


def _index(u: Tensor, n: int) -> Tensor:
    return (u[:, 0] * n).long().clamp(max=n - 1)
