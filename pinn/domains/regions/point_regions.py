"""Points at all times, pairs of points on opposite faces, and points with measured values."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.domain import Domain
from pinn.domains.regions.base import Region


@dataclass(frozen=True)
class PointsInTime(Region):
    """Given points of space at all times: yields `(x,)` with x = (t, point), the points in turn."""

    domain: TimeDomain
    points: Sequence[Sequence[float]]

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        place = u.new_tensor(self.points)[torch.arange(len(u), device=u.device) % len(self.points)]
        return (torch.cat([self.domain.start + self.domain.duration * u, place], 1),)


@dataclass(frozen=True)
class OppositeFaces(Region):
    """Points on the lower and the upper face of the bounding box across coordinate `axis`: yields `(x, y)`, both (d,).

    Raises ValueError for a coordinate that the domain does not have.
    """

    domain: Domain
    axis: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.axis < self.domain.dim:
            raise ValueError(f"OppositeFaces needs 0 <= axis < {self.domain.dim}, got axis={self.axis}.")

    @property
    def sample_dim(self) -> int:
        return self.domain.interior_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        x = self.domain.interior(u)
        lower, upper = (bound[self.axis] for bound in self.domain.bounds)
        near, far = x.clone(), x.clone()
        near[:, self.axis], far[:, self.axis] = lower, upper
        return near, far


@dataclass(frozen=True, eq=False)
class Measurements(Region):
    """Measured values at points: yields `(x, value)`, all of them always, in their order.

    `points` has shape (n, d), `values` (n,) or (n, m). Raises ValueError for other shapes, an empty set, and numbers
    that are not finite.
    """

    points: Tensor | Sequence[Sequence[float]]
    values: Tensor | Sequence[float] | Sequence[Sequence[float]]

    def __post_init__(self) -> None:
        points = torch.as_tensor(self.points, dtype=torch.float64)
        values = torch.as_tensor(self.values, dtype=torch.float64)
        if points.dim() != 2 or values.dim() not in (1, 2) or len(points) != len(values) or not len(points):
            raise ValueError(
                f"Measurements need points of shape (n, d) and values of shape (n,) or (n, m), n >= 1, got "
                f"{tuple(points.shape)} and {tuple(values.shape)}."
            )
        if not (points.isfinite().all() and values.isfinite().all()):
            raise ValueError("Measurements need finite numbers; these hold NaN or infinity.")
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", values)

    @property
    def size(self) -> int:
        return len(self.points)

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        assert isinstance(self.points, Tensor)
        assert isinstance(self.values, Tensor)
        index = torch.arange(len(u), device=u.device) % len(self.points)
        return self.points.to(u)[index], self.values.to(u)[index]
