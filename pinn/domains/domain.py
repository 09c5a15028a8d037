"""What a domain must know: its points, its boundary with normals, its size, and a distance to build in conditions."""

import dataclasses
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains.wedges import Hole, Wedge
from pinn.typing import Field, Points

MOST_POINTS = 10_000_000
"""As many are asked of a region at a time; beyond it derivatives exceed any memory."""


@dataclass(frozen=True)
class Algebra:
    """The classes behind `a | b`, `a & b`, `a - b`, `.translated`, `.rotated`, `.scaled` and `.tagged`.

    They are domains made of domains, so their files import this one. `pinn.domains.composed.algebra` names them once,
    when the package is loaded; an import here, even within a method, would close a circle.
    """

    union: Callable[["Domain", "Domain"], "Domain"]
    intersection: Callable[["Domain", "Domain"], "Domain"]
    difference: Callable[["Domain", "Domain"], "Domain"]
    transformed: Callable[..., "Domain"]
    tagged: Callable[["Domain", Mapping[str, str | Callable[[Tensor], Tensor]]], "Domain"]


def short_repr(domain: "Domain") -> str:
    """The domain as text, long lists of points cut short: a frozen dataclass by its arguments, without empty ones."""
    brief = reprlib.Repr()
    brief.maxtuple = brief.maxlist = 4
    arguments = ", ".join(
        f"{field.name}={brief.repr(getattr(domain, field.name))}"
        for field in dataclasses.fields(domain)  # pyright: ignore[reportArgumentType]  (its subclasses are dataclasses)
        if field.repr and getattr(domain, field.name) != ()
    )
    return f"{type(domain).__name__}({arguments})"


class Domain(ABC):
    """A bounded set Ω in d dimensions.

    Points come from numbers u uniform on [0, 1), shape (N, k), so that the same map serves pseudo-random and
    quasi-random sequences. If no exact map is known, a candidate that misses the set is returned as a row of NaN and
    the region draws again.
    """

    algebra: ClassVar[Algebra]

    @property
    @abstractmethod
    def dim(self) -> int:
        """Number of coordinates d of a point."""

    @property
    @abstractmethod
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner of the bounding box."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """Length, area or volume |Ω|."""

    @property
    @abstractmethod
    def boundary_measure(self) -> float:
        """|∂Ω|: the number of end points in 1-D, perimeter in 2-D, surface area in 3-D."""

    @property
    @abstractmethod
    def interior_sample_dim(self) -> int:
        """How many uniform numbers k one interior point takes."""

    @abstractmethod
    def interior(self, u: Tensor) -> Points:
        """Points uniform in Ω from u of shape (N, interior_sample_dim): shape (N, d)."""

    @property
    @abstractmethod
    def boundary_sample_dim(self) -> int:
        """How many uniform numbers k one boundary point takes."""

    @abstractmethod
    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        """Points uniform on ∂Ω from u of shape (N, boundary_sample_dim), and outward unit normals: both (N, d)."""

    @abstractmethod
    def contains(self, x: Tensor) -> Tensor:
        """Whether points lie in the closed set: (…, d) to bool (…)."""

    @abstractmethod
    def distance(self, x: Tensor) -> Tensor:
        """A smooth φ with φ = 0 on ∂Ω, φ > 0 inside and ∂φ/∂n ≠ 0 (but in corners): (…, d) to (…)."""

    @abstractmethod
    def extend(self, g: Field) -> Field:
        """A field on Ω that equals g on ∂Ω and asks g for nothing but its values there."""

    def level_set(self, x: Tensor) -> Tensor:
        """A function with the sign of `distance` that is negative everywhere outside: (…, d) to (…)."""
        return self.distance(x)

    @property
    def extendable(self) -> bool:
        """Whether there is an extension of boundary values; without one they are penalised, not built in."""
        return True

    @property
    def smooth(self) -> bool:
        """Whether `distance` has bounded derivatives; without, even values that vanish are penalised, not built in."""
        return self.extendable

    @property
    def extend_outside(self) -> Callable[[Field], Field] | None:
        """Like `extend` for the points outside, those around a hole of this shape; None if it has none."""
        return None

    @property
    def smooth_level_set(self) -> bool:
        """Whether `level_set` is smooth outside too, on a boundary without corners."""
        return False

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of the parts of the boundary that can be told apart; "boundary" if it is one piece."""
        return ("boundary",)

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        """The known corners of a plane domain, (x, y, direction, ω) each.

        Inside is between the angles direction and direction + ω there. Empty if no corner is known.
        """
        return ()

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The known holes of a plane domain, (x, y, R) each: a point in the middle of the hole, and its radius."""
        return ()

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        """Which points of the boundary, both (N, d), belong to the part of that name: bool (N,)."""
        return torch.ones_like(x[:, 0], dtype=torch.bool)

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """`distance` and `extend` for one part of the boundary alone; None if values cannot be built in there."""
        return (self.distance, self.extend) if self.extendable and tag == "boundary" else None

    def __or__(self, other: "Domain") -> "Domain":
        """The union."""
        return self.algebra.union(self, other)

    def __and__(self, other: "Domain") -> "Domain":
        """The intersection."""
        return self.algebra.intersection(self, other)

    def __sub__(self, other: "Domain") -> "Domain":
        """The difference."""
        return self.algebra.difference(self, other)

    def translated(self, offset: Sequence[float]) -> "Domain":
        """The domain moved by `offset`, d numbers."""
        return self.algebra.transformed(self, offset)

    def rotated(self, angle: float, axis: Sequence[float] = (0.0, 0.0, 1.0)) -> "Domain":
        """The domain turned by `angle` (radians) about the origin; in space about the direction `axis`."""
        return self.algebra.transformed(self, angle=angle, axis=axis)

    def scaled(self, factor: float) -> "Domain":
        """The domain scaled by `factor` > 0 about the origin."""
        return self.algebra.transformed(self, factor=factor)

    def tagged(self, **parts: str | Callable[[Tensor], Tensor]) -> "Domain":
        """The domain with further names for parts of its boundary, each by a predicate, as text or as function."""
        return self.algebra.tagged(self, parts)

    def embed(self, x: Tensor) -> Tensor:
        """The point as a network sees it: (d,) to (e,). More coordinates than d make a field periodic."""
        return x

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner of the box that holds the embedded points."""
        return self.bounds

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        """For each coordinate the columns of `embed` that hold it: its own, or cos and sin of a periodic one."""
        return tuple((k,) for k in range(self.dim))
