"""The ball |x − c| ≤ R in any dimension, and the disk."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.typing import Field, Points

_MOST_DIMENSIONS = 1_000_000  # beyond it, one batch of points alone has more than 8 GB


@dataclass(frozen=True)
class _Round(Domain):
    """All that Ball and Disk share; they differ in how the centre is given."""

    center: Sequence[float] = ()
    radius: float = 1.0

    def __post_init__(self) -> None:
        center = tuple(map(float, self.center))
        if not center or not all(map(math.isfinite, center)):
            raise ValueError(f"{type(self).__name__} needs a center with finite coordinates, got {self.center}.")
        if not 0 < self.radius < math.inf:
            raise ValueError(f"{type(self).__name__} needs a radius > 0, got {self.radius}.")
        object.__setattr__(self, "center", center)
        try:
            _ = self.measure
        except OverflowError:
            raise ValueError(f"{type(self).__name__} has no finite volume at radius={self.radius}.") from None

    @property
    def dim(self) -> int:
        return len(self.center)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(c - self.radius for c in self.center), tuple(c + self.radius for c in self.center)

    @property
    def measure(self) -> float:
        d = self.dim
        # By logarithms: Γ overflows from d = 342 on.
        return math.exp(d / 2 * math.log(math.pi) - math.lgamma(d / 2 + 1) + d * math.log(self.radius))

    @property
    def boundary_measure(self) -> float:
        return self.measure * self.dim / self.radius

    @property
    def interior_sample_dim(self) -> int:
        return self.boundary_sample_dim + 1

    def interior(self, u: Tensor) -> Points:
        radius = self.radius * u[:, :1] ** (1 / self.dim)
        return u.new_tensor(self.center) + radius * self._directions(u[:, 1:])

    @property
    def boundary_sample_dim(self) -> int:
        return 1 if self.dim == 2 else self.dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        normal = self._directions(u)
        return u.new_tensor(self.center) + self.radius * normal, normal

    def contains(self, x: Tensor) -> Tensor:
        slack = 1 + 8 * torch.finfo(x.dtype).eps
        return (x - x.new_tensor(self.center)).square().sum(-1) <= slack * self.radius**2

    def distance(self, x: Tensor) -> Tensor:
        """φ = 1 − |x − c|²/R², which is 1 at the centre."""
        return 1 - ((x - x.new_tensor(self.center)) / self.radius).square().sum(-1)

    def extend(self, g: Field) -> Field:
        """Linear interpolation of g along the chord through x in the direction of the first axis.

        With s the half-length of the chord it is even in s, hence as smooth as g; the values of g
        are asked for at the two ends of the chord only.
        """

        def extension(x: Tensor) -> Tensor:
            y = x - x.new_tensor(self.center)
            first = torch.eye(self.dim, dtype=x.dtype, device=x.device)[0]
            across = y * (1 - first)
            # At the two poles the chord is a point: s → 0. The floor keeps the weight finite there.
            s = (self.radius**2 - across.square().sum(-1)).clamp(min=1e-24 * self.radius**2).sqrt()
            base = x - y * first
            offset = s[..., None] * first
            weight = (y[..., 0] / s + 1) / 2
            return (1 - weight) * g(base - offset) + weight * g(base + offset)

        return extension

    @property
    def extend_outside(self) -> Callable[[Field], Field]:
        """Along rays from the centre."""

        def extend(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                y = x - x.new_tensor(self.center)
                return g(x.new_tensor(self.center) + self.radius * y / y.square().sum(-1, keepdim=True).sqrt())

            return extension

        return extend

    @property
    def smooth_level_set(self) -> bool:
        return True

    def _directions(self, u: Tensor) -> Tensor:
        """Unit vectors uniform on the sphere: by angle in 2-D, by normalised Gaussians (Muller 1959) otherwise."""
        if self.dim == 2:
            angle = 2 * math.pi * u[:, 0]
            return torch.stack([angle.cos(), angle.sin()], dim=1)
        tiny = torch.finfo(u.dtype).eps
        gaussian = torch.special.ndtri(u.clamp(tiny, 1 - tiny))
        return gaussian / gaussian.norm(dim=1, keepdim=True)


@dataclass(frozen=True)
class Ball(_Round):
    """The ball |x − c| ≤ R in any dimension. Raises ValueError unless R > 0.

    >>> round(Ball(center=(0, 0, 0), radius=1.0).measure, 6)
    4.18879
    """

    center: Sequence[float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class CenteredBall(_Round):
    """The ball |x| ≤ R about the origin, for dimensions too many to write down a centre.

    Raises ValueError unless dimensions >= 1 and R > 0.

    >>> CenteredBall(dimensions=1000).dim
    1000
    """

    center: Sequence[float] = field(init=False, repr=False)
    dimensions: int = 3

    def __post_init__(self) -> None:
        if self.dimensions < 1:
            raise ValueError(f"CenteredBall needs dimensions >= 1, got dimensions={self.dimensions}.")
        if self.dimensions > _MOST_DIMENSIONS:
            raise ValueError(f"CenteredBall takes {_MOST_DIMENSIONS} dimensions, got dimensions={self.dimensions}.")
        object.__setattr__(self, "center", (0.0,) * self.dimensions)
        super().__post_init__()


@dataclass(frozen=True)
class Disk(_Round):
    """The disk |x − c| ≤ R in two dimensions. Raises ValueError unless R > 0 and c has two coordinates.

    >>> round(Disk(radius=2.0).boundary_measure / math.pi, 6)
    4.0
    """

    center: Sequence[float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if len(self.center) != 2:
            raise ValueError(f"Disk needs a center with two coordinates, got {self.center}. Use Ball otherwise.")
        super().__post_init__()
