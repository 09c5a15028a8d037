"""Unions, intersections and differences of domains."""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.rejection import fill_fraction, in_bounding_box, refuse_extension
from pinn.domains.shapes.box import Box
from pinn.typing import Field, Points

_STEP = 1e-6
"""In sizes of the bounding box."""


@dataclass(frozen=True)
class _Combined(Domain):
    """What the three share: points by rejection, boundary from those of both parts.

    A point of either boundary belongs to that of the whole if one side lies within and the other does not. `measure`
    and `boundary_measure` are counted at fixed points, to about 1e-3.
    """

    first: Domain
    second: Domain

    def __post_init__(self) -> None:
        if self.first.dim != self.second.dim:
            raise ValueError(
                f"{type(self).__name__} needs domains of one dimension, got d={self.first.dim} and d={self.second.dim}."
            )
        lower, upper = self.bounds
        if not all(a < b for a, b in zip(lower, upper, strict=True)) or not fill_fraction(self, 2**14):
            raise ValueError(f"{type(self).__name__} of {self.first} and {self.second} is empty.")

    @property
    def dim(self) -> int:
        return self.first.dim

    @cached_property
    def measure(self) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        return fill_fraction(self) * Box(*self.bounds).measure

    @cached_property
    def boundary_measure(self) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        total = self.first.boundary_measure + self.second.boundary_measure
        u = torch.quasirandom.SobolEngine(self.boundary_sample_dim, scramble=True, seed=0).draw(
            2**16, dtype=torch.float64
        )
        return total * float((~self.boundary(u)[0].isnan().any(1)).double().mean())

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        return in_bounding_box(self, u)

    @property
    def boundary_sample_dim(self) -> int:
        return 1 + max(self.first.boundary_sample_dim, self.second.boundary_sample_dim)

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        dtype, u = u.dtype, u.double()  # which side is which cannot be told in single precision
        parts = [part.boundary(u[:, 1 : 1 + part.boundary_sample_dim]) for part in (self.first, self.second)]
        share = self.first.boundary_measure / (self.first.boundary_measure + self.second.boundary_measure)
        first = (u[:, 0] < share)[:, None]
        x, normal = (torch.where(first, a, b) for a, b in zip(*parts, strict=True))
        step = self._step(dtype) * normal
        ahead, behind = self.contains(x + step), self.contains(x - step)
        # Where both boundaries run together, the first one speaks for both.
        twice = ~first[:, 0] & _changes(self.first, x, step)
        outward = torch.where((ahead & ~behind)[:, None], -normal, normal)
        return torch.where(((ahead == behind) | twice)[:, None], torch.nan, x).to(dtype), outward.to(dtype)

    def extend(self, g: Field) -> Field:
        return refuse_extension(self)

    @property
    def extendable(self) -> bool:
        return False

    @property
    def tags(self) -> tuple[str, ...]:
        """first and second, the parts from which a boundary comes, and their own names behind these: first.left."""
        pairs = (("first", self.first), ("second", self.second))
        return tuple(name for key, part in pairs for name in (key, *(f"{key}.{tag}" for tag in part.tags)))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        key, _, inner = tag.partition(".")
        part = self.first if key == "first" else self.second
        size = self._step(x.dtype)
        x, normal = x.double(), normal.double()
        step = size * normal
        mine = _changes(self.first, x, step) if key == "first" else ~_changes(self.first, x, step)
        if not inner:
            return mine
        own = torch.where(part.contains(x + step)[:, None], -normal, normal)
        return mine & part.boundary_mask(inner, x, own)

    def _step(self, dtype: torch.dtype) -> float:
        """How far a point of a part's boundary is moved to see what lies on either side, in spite of rounding."""
        lower, upper = self.bounds
        largest = max(abs(c) for c in (*lower, *upper))
        return _STEP * min(b - a for a, b in zip(lower, upper, strict=True)) + 64 * torch.finfo(dtype).eps * largest


def _both(a: Tensor, b: Tensor) -> Tensor:
    return a + b - torch.sqrt(a**2 + b**2)


def _changes(part: Domain, x: Tensor, step: Tensor) -> Tensor:
    """Where the boundary of a part lies between the two sides of a point."""
    return part.contains(x + step) != part.contains(x - step)


@dataclass(frozen=True)
class Union(_Combined):
    """All points of either domain, `first | second`. Raises ValueError for domains of different dimension.

    >>> round(Union(Box(), Box((0.5, 0.0), (1.5, 1.0))).measure, 2)
    1.5
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -0.4), (1.0, 0.4)))
    second: Domain = field(default_factory=lambda: Box((-0.4, -1.0), (0.4, 1.0)))

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        (a, b), (c, d) = self.first.bounds, self.second.bounds
        return tuple(map(min, a, c)), tuple(map(max, b, d))

    def contains(self, x: Tensor) -> Tensor:
        return self.first.contains(x) | self.second.contains(x)

    def distance(self, x: Tensor) -> Tensor:
        """The R-disjunction a + b + √(a² + b²) of the level sets of both (Rvachev 1982)."""
        a, b = self.first.level_set(x), self.second.level_set(x)
        return a + b + torch.sqrt(a**2 + b**2)


@dataclass(frozen=True)
class Intersection(_Combined):
    """The points of both domains, `first & second`. Raises ValueError if there are none.

    >>> round(Intersection(Box(), Box((0.5, 0.0), (1.5, 1.0))).measure, 2)
    0.5
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -0.6), (1.0, 0.6)))
    second: Domain = field(default_factory=lambda: Box((-0.8, -1.0), (0.5, 0.5)))

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        (a, b), (c, d) = self.first.bounds, self.second.bounds
        return tuple(map(max, a, c)), tuple(map(min, b, d))

    def contains(self, x: Tensor) -> Tensor:
        return self.first.contains(x) & self.second.contains(x)

    def distance(self, x: Tensor) -> Tensor:
        """The product of both, as smooth as they are."""
        return self.first.distance(x) * self.second.distance(x)

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction a + b − √(a² + b²) of the level sets of both (Rvachev 1982)."""
        return _both(self.first.level_set(x), self.second.level_set(x))

    @property
    def smooth(self) -> bool:
        return self.first.smooth and self.second.smooth


@dataclass(frozen=True)
class Difference(_Combined):
    """The points of the first domain that are not inside the second, `first - second`, such as a plate with a hole.

    Raises ValueError if nothing is left.

    >>> round(Difference(Box(), Box((0.25, 0.25), (0.75, 0.75))).measure, 2)
    0.75
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -1.0), (1.0, 1.0)))
    second: Domain = field(default_factory=lambda: Box((-0.3, -0.3), (0.3, 0.3)))

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.first.bounds

    def contains(self, x: Tensor) -> Tensor:
        outside = ~self.second.contains(x)
        # The second one is closed, so its boundary is put back.
        rim = self.second.level_set(x).abs() <= 64 * torch.finfo(x.dtype).eps
        return self.first.contains(x) & (outside | rim)

    def distance(self, x: Tensor) -> Tensor:
        """The distance of the first times the level set of the second, with its sign changed."""
        return self.first.distance(x) * -self.second.level_set(x)

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction of a and −b, the level sets of both (Rvachev 1982)."""
        return _both(self.first.level_set(x), -self.second.level_set(x))

    @property
    def smooth(self) -> bool:
        """If what is cut out has no corner, which would point inward."""
        return self.first.smooth and self.second.smooth_level_set
