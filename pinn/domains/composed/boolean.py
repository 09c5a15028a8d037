"""Unions, intersections and differences of domains, two or more at once."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce

import torch
from torch import Tensor

from pinn.domains.composed.hard_parts import hard_part_of
from pinn.domains.composed.leaves import Leaf, Leaves, conjunction, disjunction
from pinn.domains.domain import Domain
from pinn.domains.rejection import NotExtendable, fill_fraction, in_bounding_box
from pinn.domains.shapes.box import Box
from pinn.domains.wedges import Hole, Wedge, hole_of, wedge_within
from pinn.typing import Field, Points

_STEP = 1e-6
"""In sizes of the bounding box."""


@dataclass(frozen=True)
class _Combined(NotExtendable):
    """What the three share: points by rejection, boundary from those of all parts.

    A point of the boundary of a part belongs to that of the whole if one side lies within and the other does not.
    Parts that are themselves combined are taken apart, so that a chain a − b − c … costs as much as one difference with
    as many parts. `measure` and `boundary_measure` are counted at fixed points, to about 1e-3.
    """

    first: Domain
    second: Domain
    more: Sequence[Domain] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "more", tuple(self.more))
        dims = dict.fromkeys(f"d={part.dim}" for part in self.parts)
        if len(dims) > 1:
            raise ValueError(f"{type(self).__name__} needs domains of one dimension, got {' and '.join(dims)}.")
        lower, upper = self.bounds
        filled = all(a < b for a, b in zip(lower, upper, strict=True))
        if not filled or not (fill_fraction(self, 2**9) or fill_fraction(self, 2**14)):
            raise ValueError(f"{type(self).__name__} of {' and '.join(map(str, self.parts))} is empty.")

    def __repr__(self) -> str:
        more = f", more={self.more}" if self.more else ""
        return f"{type(self).__name__}(first={self.first}, second={self.second}{more})"

    @property
    def parts(self) -> tuple[Domain, ...]:
        """All that are combined."""
        return (self.first, self.second, *self.more)

    @property
    def names(self) -> tuple[str, ...]:
        """What the parts are called: first, second, part_3 and so on."""
        return ("first", "second", *(f"part_{k + 3}" for k in range(len(self.more))))

    @abstractmethod
    def keeps(self, name: str) -> bool:
        """Whether the whole lies inside the part of that name, not outside."""

    @cached_property
    def leaves(self) -> Leaves:
        """The parts, and those of parts that are combined."""
        found: list[Leaf] = []
        for name, part in zip(self.names, self.parts, strict=True):
            own = part.leaves.all if isinstance(part, _Combined) else [Leaf(part, (), True)]
            found += [Leaf(leaf.domain, (name, *leaf.path), leaf.inside == self.keeps(name)) for leaf in own]
        return Leaves(found)

    @property
    def dim(self) -> int:
        return self.first.dim

    @cached_property
    def measure(self) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        return fill_fraction(self) * Box(*self.bounds).measure

    @cached_property
    def boundary_measure(self) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        sobol = torch.quasirandom.SobolEngine(self.boundary_sample_dim, scramble=True, seed=0)
        u = sobol.draw(2**16, dtype=torch.float64)
        return self.leaves.measure * float((~self.boundary(u)[0].isnan().any(1)).double().mean())

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        return in_bounding_box(self, u)

    @property
    def boundary_sample_dim(self) -> int:
        return self.leaves.sample_dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        # Which side is which cannot be told in single precision.
        x, normal, number = self.leaves.boundary(u.double())
        step = self._step(u.dtype) * normal
        ahead, behind = self.contains(x + step), self.contains(x - step)
        lost = (ahead == behind) | (self.leaves.owner(x, step) < number)
        outward = torch.where((ahead & ~behind)[:, None], -normal, normal)
        return torch.where(lost[:, None], torch.nan, x).to(u.dtype), outward.to(u.dtype)

    @property
    def tags(self) -> tuple[str, ...]:
        """first, second and so on, from which a boundary comes, and their own names behind these: first.left."""
        pairs = zip(self.names, self.parts, strict=True)
        return tuple(name for key, part in pairs for name in (key, *(f"{key}.{tag}" for tag in part.tags)))

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        """Those of the parts that are corners of the whole; where edges of two parts cross, none is known."""
        radius = 1e-3 * min(b - a for a, b in zip(*self.bounds, strict=True))
        found = (wedge_within(wedge, self.contains, radius) for leaf in self.leaves.all for wedge in leaf.domain.wedges)
        return tuple(dict.fromkeys(wedge for wedge in found if wedge is not None))

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The parts that are cut out of the inside; what is cut out of the edge leaves no hole."""
        cut_out = [leaf.domain for leaf in self.leaves.all if not leaf.inside and self.dim == 2]
        return tuple(hole for part in cut_out for hole in hole_of(part.bounds, self.contains))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        numbers, inner = self.leaves.named(tag)
        size = self._step(x.dtype)
        x, normal = x.double(), normal.double()
        owner = self.leaves.owner(x, size * normal)
        mine = torch.isin(owner, torch.tensor(numbers, device=x.device))
        if not inner:
            return mine
        part = self.leaves.all[numbers[0]].domain
        own = torch.where(part.contains(x + size * normal)[:, None], -normal, normal)
        return mine & part.boundary_mask(inner, x, own)

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """That of the part, as far as it is one for the whole, with values that fall to zero on all others."""
        if tag not in self._hard_parts:
            self._hard_parts[tag] = hard_part_of(self, self.leaves, tag)
        return self._hard_parts[tag]

    @cached_property
    def _hard_parts(self) -> dict[str, tuple[Field, Callable[[Field], Field]] | None]:
        """Those that have been asked for."""
        return {}

    def _step(self, dtype: torch.dtype) -> float:
        """How far a point of a part's boundary is moved to see what lies on either side, in spite of rounding."""
        lower, upper = self.bounds
        largest = max(abs(c) for c in (*lower, *upper))
        return _STEP * min(b - a for a, b in zip(lower, upper, strict=True)) + 64 * torch.finfo(dtype).eps * largest


@dataclass(frozen=True, repr=False)
class Union(_Combined):
    """All points of some domains, `first | second`. Raises ValueError for domains of different dimension.

    >>> round(Union(Box(), Box((0.5, 0.0), (1.5, 1.0)), [Box((1.0, 0.0), (2.0, 1.0))]).measure, 2)
    2.0
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -0.4), (1.0, 0.4)))
    second: Domain = field(default_factory=lambda: Box((-0.4, -1.0), (0.4, 1.0)))

    def keeps(self, name: str) -> bool:
        return True

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = zip(*(part.bounds for part in self.parts), strict=True)
        return tuple(map(min, *lower)), tuple(map(max, *upper))

    def contains(self, x: Tensor) -> Tensor:
        return torch.stack([part.contains(x) for part in self.parts]).any(0)

    def distance(self, x: Tensor) -> Tensor:
        """The R-disjunction a + b + √(a² + b²) of the level sets of all (Rvachev 1982)."""
        return reduce(disjunction, [part.level_set(x) for part in self.parts])


@dataclass(frozen=True, repr=False)
class Intersection(_Combined):
    """The points of all of some domains, `first & second`. Raises ValueError if there are none.

    >>> round(Intersection(Box(), Box((0.5, 0.0), (1.5, 1.0))).measure, 2)
    0.5
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -0.6), (1.0, 0.6)))
    second: Domain = field(default_factory=lambda: Box((-0.8, -1.0), (0.5, 0.5)))

    def keeps(self, name: str) -> bool:
        return True

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = zip(*(part.bounds for part in self.parts), strict=True)
        return tuple(map(max, *lower)), tuple(map(min, *upper))

    def contains(self, x: Tensor) -> Tensor:
        return torch.stack([part.contains(x) for part in self.parts]).all(0)

    def distance(self, x: Tensor) -> Tensor:
        """The product of all, as smooth as they are."""
        first, *others = (part.distance(x) for part in self.parts)
        return math.prod(others, start=first)

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction a + b − √(a² + b²) of the level sets of all (Rvachev 1982)."""
        return reduce(conjunction, [part.level_set(x) for part in self.parts])

    @property
    def smooth(self) -> bool:
        return all(part.smooth for part in self.parts)


@dataclass(frozen=True, repr=False)
class Difference(_Combined):
    """The points of the first domain that are not inside the others, `first - second`, such as a plate with holes.

    Raises ValueError if nothing is left.

    >>> round(Difference(Box(), Box((0.25, 0.25), (0.75, 0.75))).measure, 2)
    0.75
    """

    first: Domain = field(default_factory=lambda: Box((-1.0, -1.0), (1.0, 1.0)))
    second: Domain = field(default_factory=lambda: Box((-0.3, -0.3), (0.3, 0.3)))

    def keeps(self, name: str) -> bool:
        return name == "first"

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.first.bounds

    def contains(self, x: Tensor) -> Tensor:
        found = self.first.contains(x)
        for part in self.parts[1:]:
            # What is cut out is closed, so its boundary is put back.
            rim = part.level_set(x).abs() <= 64 * torch.finfo(x.dtype).eps
            found = found & (~part.contains(x) | rim)
        return found

    def distance(self, x: Tensor) -> Tensor:
        """The distance of the first times the level sets of the others, with their signs changed."""
        return math.prod([-part.level_set(x) for part in self.parts[1:]], start=self.first.distance(x))

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction of a and −b, the level sets of all (Rvachev 1982)."""
        return reduce(conjunction, [-part.level_set(x) for part in self.parts[1:]], self.first.level_set(x))

    @property
    def smooth(self) -> bool:
        """If what is cut out has no corner, which would point inward."""
        return self.first.smooth and all(part.smooth_level_set for part in self.parts[1:])
