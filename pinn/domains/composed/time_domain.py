"""Time × space: the cylinder [0, T] × Ω, with time as coordinate 0."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.typing import Field, Points


@dataclass(frozen=True)
class TimeDomain(Domain):
    """The points (t, x) with t₀ ≤ t ≤ t₀ + T and x in Ω; T is the `duration`, t₀ the `start`.

    Its boundary is the lateral one, [t₀, t₀ + T] × ∂Ω.

    Raises ValueError unless T > 0 and both are finite.

    >>> TimeDomain(duration=2.0, space=Box((0,), (3,))).measure
    6.0
    """

    duration: float = 1.0
    space: Domain = field(default_factory=lambda: Box((0.0,), (1.0,)))
    start: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.duration < math.inf:
            raise ValueError(f"TimeDomain needs a finite duration > 0, got duration={self.duration}.")
        if not math.isfinite(self.start):
            raise ValueError(f"TimeDomain needs a finite start, got start={self.start}.")

    @property
    def dim(self) -> int:
        return 1 + self.space.dim

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = self.space.bounds
        return (self.start, *lower), (self.start + self.duration, *upper)

    @property
    def measure(self) -> float:
        return self.duration * self.space.measure

    @property
    def boundary_measure(self) -> float:
        return self.duration * self.space.boundary_measure

    @property
    def interior_sample_dim(self) -> int:
        return 1 + self.space.interior_sample_dim

    def interior(self, u: Tensor) -> Points:
        return torch.cat([self._time(u), self.space.interior(u[:, 1:])], dim=1)

    @property
    def boundary_sample_dim(self) -> int:
        return 1 + self.space.boundary_sample_dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        x, normal = self.space.boundary(u[:, 1:])
        time = self._time(u)
        return torch.cat([time, x], dim=1), torch.cat([torch.zeros_like(time), normal], dim=1)

    def contains(self, x: Tensor) -> Tensor:
        slack = 4 * torch.finfo(x.dtype).eps * (abs(self.start) + self.duration)
        in_time = (x[..., 0] >= self.start - slack) & (x[..., 0] <= self.start + self.duration + slack)
        return in_time & self.space.contains(x[..., 1:])

    def distance(self, x: Tensor) -> Tensor:
        """The distance function of space: zero on the lateral boundary at all times."""
        return self.space.distance(x[..., 1:])

    def extend(self, g: Field) -> Field:
        """The extension of space at every instant."""

        def extension(x: Tensor) -> Tensor:
            t = x[..., :1]
            return self.space.extend(lambda y: g(torch.cat([t, y], dim=-1)))(x[..., 1:])

        return extension

    @property
    def tags(self) -> tuple[str, ...]:
        """Those of space."""
        return self.space.tags

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        return self.space.boundary_mask(tag, x[:, 1:], normal[:, 1:])

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """That of space at every instant."""
        part = self.space.hard_part(tag)
        if part is None:
            return None
        distance, extend = part

        def at_each_instant(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                t = x[..., :1]
                return extend(lambda y: g(torch.cat([t, y], dim=-1)))(x[..., 1:])

            return extension

        return lambda x: distance(x[..., 1:]), at_each_instant

    @property
    def extendable(self) -> bool:
        return self.space.extendable

    @property
    def smooth(self) -> bool:
        return self.space.smooth

    def level_set(self, x: Tensor) -> Tensor:
        return self.space.level_set(x[..., 1:])

    def embed(self, x: Tensor) -> Tensor:
        return torch.cat([x[..., :1], self.space.embed(x[..., 1:])], -1)

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = self.space.embedded_bounds
        return (self.start, *lower), (self.start + self.duration, *upper)

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        return ((0,), *(tuple(column + 1 for column in axis) for axis in self.space.chart))

    def _time(self, u: Tensor) -> Tensor:
        return self.start + self.duration * u[:, :1]
