"""Round domains in the plane that are not disks: ellipse and annulus."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.ball import Disk
from pinn.domains.wedges import Hole
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Ellipse(Domain):
    """The ellipse ((x − c)/a)² + ((y − d)/b)² ≤ 1 with the semi-axes (a, b).

    Raises ValueError unless both semi-axes are > 0. For another direction see `rotated`.

    >>> round(Ellipse(semi_axes=(2.0, 1.0)).measure / math.pi, 6)
    2.0
    """

    center: Sequence[float] = (0.0, 0.0)
    semi_axes: Sequence[float] = (1.0, 0.5)

    def __post_init__(self) -> None:
        if len(self.center) != 2 or not all(map(math.isfinite, self.center)):
            raise ValueError(f"Ellipse needs a center with two finite coordinates, got {self.center}.")
        if len(self.semi_axes) != 2 or not all(0 < axis < math.inf for axis in self.semi_axes):
            raise ValueError(f"Ellipse needs two semi_axes > 0, got {self.semi_axes}.")

    @property
    def dim(self) -> int:
        return 2

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        pairs = tuple(zip(self.center, self.semi_axes, strict=True))
        return tuple(c - a for c, a in pairs), tuple(c + a for c, a in pairs)

    @property
    def measure(self) -> float:
        return math.pi * math.prod(self.semi_axes)

    @property
    def boundary_measure(self) -> float:
        return float(_arc_lengths(*self.semi_axes)[-1])

    @property
    def interior_sample_dim(self) -> int:
        return 2

    def interior(self, u: Tensor) -> Points:
        return self._from_disk(Disk().interior(u))

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        """Uniform in arc length, by a table of 2¹⁴ arcs."""
        lengths = torch.from_numpy(_arc_lengths(*self.semi_axes)).to(u)
        s = u[:, 0] * lengths[-1]
        arc = torch.bucketize(s, lengths, right=True).clamp(1, len(lengths) - 1)
        share = (s - lengths[arc - 1]) / (lengths[arc] - lengths[arc - 1])
        angle = 2 * math.pi * (arc - 1 + share) / (len(lengths) - 1)
        unit = torch.stack([angle.cos(), angle.sin()], 1)
        normal = unit / u.new_tensor(self.semi_axes)
        return self._from_disk(unit), normal / normal.norm(dim=1, keepdim=True)

    def contains(self, x: Tensor) -> Tensor:
        return Disk().contains(self._to_disk(x))

    def distance(self, x: Tensor) -> Tensor:
        """φ = 1 − ((x − c)/a)² − ((y − d)/b)²."""
        return Disk().distance(self._to_disk(x))

    def extend(self, g: Field) -> Field:
        """That of the unit disk, to which the ellipse is mapped."""
        extension = Disk().extend(lambda y: g(self._from_disk(y)))
        return lambda x: extension(self._to_disk(x))

    @property
    def smooth_level_set(self) -> bool:
        return True

    def _to_disk(self, x: Tensor) -> Tensor:
        return (x - x.new_tensor(self.center)) / x.new_tensor(self.semi_axes)

    def _from_disk(self, y: Tensor) -> Tensor:
        return y.new_tensor(self.center) + y * y.new_tensor(self.semi_axes)


@dataclass(frozen=True)
class Annulus(Domain):
    """The ring r ≤ |x − c| ≤ R between two circles in the plane. Raises ValueError unless 0 < inner < outer.

    >>> round(Annulus(inner=1.0, outer=2.0).measure / math.pi, 6)
    3.0
    """

    center: Sequence[float] = (0.0, 0.0)
    inner: float = 0.5
    outer: float = 1.0

    def __post_init__(self) -> None:
        if len(self.center) != 2 or not all(map(math.isfinite, self.center)):
            raise ValueError(f"Annulus needs a center with two finite coordinates, got {self.center}.")
        if not 0 < self.inner < self.outer < math.inf:
            raise ValueError(f"Annulus needs 0 < inner < outer, got inner={self.inner} and outer={self.outer}.")

    @property
    def holes(self) -> tuple[Hole, ...]:
        return ((float(self.center[0]), float(self.center[1]), float(self.inner)),)

    @property
    def dim(self) -> int:
        return 2

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(c - self.outer for c in self.center), tuple(c + self.outer for c in self.center)

    @property
    def measure(self) -> float:
        return math.pi * (self.outer**2 - self.inner**2)

    @property
    def boundary_measure(self) -> float:
        return 2 * math.pi * (self.outer + self.inner)

    @property
    def interior_sample_dim(self) -> int:
        return 2

    def interior(self, u: Tensor) -> Points:
        radius = torch.sqrt(self.inner**2 + (self.outer**2 - self.inner**2) * u[:, 1])
        return u.new_tensor(self.center) + radius[:, None] * _direction(u[:, 0])

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        share = self.outer / (self.outer + self.inner)
        outside = u[:, 0] < share
        direction = _direction(torch.where(outside, u[:, 0] / share, (u[:, 0] - share) / (1 - share)))
        radius = torch.where(outside, u.new_tensor(self.outer), u.new_tensor(self.inner))  # floats would make float32
        normal = torch.where(outside[:, None], direction, -direction)
        return u.new_tensor(self.center) + radius[:, None] * direction, normal

    def contains(self, x: Tensor) -> Tensor:
        slack = 8 * torch.finfo(x.dtype).eps
        r2 = (x - x.new_tensor(self.center)).square().sum(-1)
        return (r2 <= (1 + slack) * self.outer**2) & (r2 >= (1 - slack) * self.inner**2)

    def distance(self, x: Tensor) -> Tensor:
        """φ = 4(R² − ρ²)(ρ² − r²)/(R² − r²)², at distance ρ from the centre."""
        r2 = (x - x.new_tensor(self.center)).square().sum(-1)
        return 4 * (self.outer**2 - r2) * (r2 - self.inner**2) / (self.outer**2 - self.inner**2) ** 2

    def extend(self, g: Field) -> Field:
        """Linear interpolation in ρ between the two circles along each ray."""

        def extension(x: Tensor) -> Tensor:
            center = x.new_tensor(self.center)
            y = x - center
            radius = torch.sqrt((y * y).sum(-1, keepdim=True))
            share = (radius[..., 0] - self.inner) / (self.outer - self.inner)
            inner, outer = (g(center + y / radius * r) for r in (self.inner, self.outer))
            return (1 - share) * inner + share * outer

        return extension

    @property
    def smooth_level_set(self) -> bool:
        return True

    @property
    def tags(self) -> tuple[str, ...]:
        return ("inner", "outer")

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        outward = ((x - x.new_tensor(self.center)) * normal).sum(1) > 0
        return outward if tag == "outer" else ~outward

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]]:
        """For one circle: ρ² less its square, and the data along each ray, falling linearly to the other circle."""
        radius, other = (self.outer, self.inner) if tag == "outer" else (self.inner, self.outer)

        def distance(x: Tensor) -> Tensor:
            r2 = (x - x.new_tensor(self.center)).square().sum(-1)
            return (r2 - radius**2) / (other**2 - radius**2)

        def extend(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                center = x.new_tensor(self.center)
                y = x - center
                rho = torch.sqrt((y * y).sum(-1, keepdim=True))
                return (rho[..., 0] - other) / (radius - other) * g(center + y / rho * radius)

            return extension

        return distance, extend


def _direction(share: Tensor) -> Tensor:
    angle = 2 * math.pi * share
    return torch.stack([angle.cos(), angle.sin()], 1)


@lru_cache(maxsize=8)
def _arc_lengths(a: float, b: float, arcs: int = 2**14) -> np.ndarray:
    """Lengths of the ellipse up to equally spaced parameters, by the midpoint rule, which is spectral here."""
    middle = 2 * np.pi * (np.arange(arcs) + 0.5) / arcs
    speed = np.hypot(a * np.sin(middle), b * np.cos(middle)) * 2 * np.pi / arcs
    return np.concatenate([[0.0], np.cumsum(speed)])
