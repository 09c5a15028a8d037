"""Domains moved, turned and scaled."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.domains.wedges import Hole, Wedge
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Transformed(Domain):
    """The points sQx + b of a domain: scaled by s = `factor`, turned by Q, moved by b = `offset`.

    Q turns by `angle` (radians) in the plane, in space about the direction `axis`, and is the identity elsewhere.
    `offset=None` moves nothing. Raises ValueError unless factor > 0, for an offset of another dimension, an angle in
    other than two or three dimensions, and an axis of length zero.

    >>> Transformed(Box(), offset=(1.0, 2.0), factor=2.0).bounds
    ((1.0, 2.0), (3.0, 4.0))
    """

    base: Domain = field(default_factory=lambda: Box())
    offset: Sequence[float] | None = None
    angle: float = 0.0
    factor: float = 1.0
    axis: Sequence[float] = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        d = self.base.dim
        if not 0 < self.factor < math.inf:
            raise ValueError(f"Transformed needs a factor > 0, got factor={self.factor}.")
        if self.offset is not None and (len(self.offset) != d or not all(map(math.isfinite, self.offset))):
            raise ValueError(f"Transformed needs an offset of {d} finite coordinates, got {self.offset}.")
        if not math.isfinite(self.angle):
            raise ValueError(f"Transformed needs a finite angle, got angle={self.angle}.")
        if self.angle and d not in (2, 3):
            raise ValueError(f"Transformed turns domains in two or three dimensions, got one with d={d}.")
        if d == 3 and (len(self.axis) != 3 or not 0 < np.linalg.norm(self.axis) < math.inf):
            raise ValueError(f"Transformed needs an axis of three finite numbers, not all zero, got {self.axis}.")

    @property
    def dim(self) -> int:
        return self.base.dim

    @cached_property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:  # pyright: ignore
        """The box around the turned bounding box: it may be larger than need be."""
        lower, upper = (np.array(bound) for bound in self.base.bounds)
        corners = np.array(np.meshgrid(*zip(lower, upper, strict=True))).reshape(self.dim, -1).T
        moved = self.factor * corners @ self._rotation.T + self._shift
        return tuple(moved.min(0).tolist()), tuple(moved.max(0).tolist())

    @property
    def measure(self) -> float:
        return self.base.measure * self.factor**self.dim

    @property
    def boundary_measure(self) -> float:
        return self.base.boundary_measure * self.factor ** (self.dim - 1)

    @property
    def interior_sample_dim(self) -> int:
        return self.base.interior_sample_dim

    def interior(self, u: Tensor) -> Points:
        return self._forth(self.base.interior(u))

    @property
    def boundary_sample_dim(self) -> int:
        return self.base.boundary_sample_dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        y, normal = self.base.boundary(u)
        return self._forth(y), normal @ self._turn(u).T

    def contains(self, x: Tensor) -> Tensor:
        y = self._back(x)
        # Rounding in the map may push a point of the boundary out; so the nearest of both is asked.
        slack = 16 * torch.finfo(x.dtype).eps * (y.abs() + 1)
        middle = y.new_tensor([(a + b) / 2 for a, b in zip(*self.base.bounds, strict=True)])
        return self.base.contains(y) | self.base.contains(y + (middle - y).sign() * slack)

    def distance(self, x: Tensor) -> Tensor:
        return self.base.distance(self._back(x))

    def level_set(self, x: Tensor) -> Tensor:
        return self.base.level_set(self._back(x))

    def extend(self, g: Field) -> Field:
        extension = self.base.extend(lambda y: g(self._forth(y)))
        return lambda x: extension(self._back(x))

    @property
    def extendable(self) -> bool:
        return self.base.extendable

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        return tuple((*self._place(x, y), direction + self.angle, angle) for x, y, direction, angle in self.base.wedges)

    @property
    def holes(self) -> tuple[Hole, ...]:
        return tuple((*self._place(x, y), self.factor * radius) for x, y, radius in self.base.holes)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of a plane domain goes."""
        first, second = self._forth(torch.tensor([x, y], dtype=torch.float64)).tolist()
        return first, second

    @property
    def smooth(self) -> bool:
        return self.base.smooth

    @property
    def smooth_level_set(self) -> bool:
        return self.base.smooth_level_set

    @property
    def tags(self) -> tuple[str, ...]:
        return self.base.tags

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        return self.base.boundary_mask(tag, self._back(x), normal @ self._turn(x))

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        part = self.base.hard_part(tag)
        if part is None:
            return None
        distance, extend = part

        def carried(g: Field) -> Field:
            extension = extend(lambda y: g(self._forth(y)))
            return lambda x: extension(self._back(x))

        return lambda x: distance(self._back(x)), carried

    @cached_property
    def _rotation(self) -> np.ndarray:
        """Q, by Rodrigues's formula in space."""
        if not self.angle:
            return np.eye(self.dim)
        c, s = math.cos(self.angle), math.sin(self.angle)
        if self.dim == 2:
            return np.array([[c, -s], [s, c]])
        a, b, e = np.array(self.axis) / np.linalg.norm(self.axis)
        K = np.array([[0, -e, b], [e, 0, -a], [-b, a, 0]])
        return np.eye(3) + s * K + (1 - c) * K @ K

    @cached_property
    def _shift(self) -> np.ndarray:
        return np.zeros(self.dim) if self.offset is None else np.array(self.offset)

    def _turn(self, like: Tensor) -> Tensor:
        return torch.from_numpy(self._rotation).to(like)

    def _forth(self, y: Tensor) -> Tensor:
        return self.factor * (y @ self._turn(y).T) + torch.from_numpy(self._shift).to(y)

    def _back(self, x: Tensor) -> Tensor:
        return (x - torch.from_numpy(self._shift).to(x)) @ self._turn(x) / self.factor
