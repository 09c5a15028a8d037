"""Regions: where a condition holds. A region yields tuples of tensors, one row for each point."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.domain import Domain
from pinn.domains.shapes.single_point import SinglePoint
from pinn.operators import partials
from pinn.typing import Draw, Field


class Region(ABC):
    """A set of points that can be sampled. `size` is the number of its points, None where there are infinitely many."""

    size: int | None = None

    @property
    @abstractmethod
    def sample_dim(self) -> int:
        """How many uniform numbers one sample takes."""

    @abstractmethod
    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        """Samples from u of shape (N, numbers): `(x,)` or `(x, normal)`. A row of NaN is a miss."""

    def sample(self, n: int, draw: Draw) -> tuple[Tensor, ...]:
        """Exactly n samples, drawn again for those that missed. Raises ValueError if almost all miss."""
        found: list[tuple[Tensor, ...]] = []
        count = 0
        for _ in range(1000):
            sample = self.from_uniform(draw(n, self.sample_dim))
            hit = ~sample[0].flatten(1).isnan().any(dim=1)
            found.append(tuple(part[hit] for part in sample))
            count += int(hit.sum())
            if count >= n:
                return tuple(torch.cat(parts)[:n] for parts in zip(*found, strict=True))
        raise ValueError(f"{self} is empty or almost so: {count} of {1000 * n} candidates fell into it.")


@dataclass(frozen=True)
class Interior(Region):
    """All of the domain: yields `(x,)`."""

    domain: Domain

    @property
    def sample_dim(self) -> int:
        return self.domain.interior_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return (self.domain.interior(u),)


@dataclass(frozen=True)
class PointSet(Region):
    """Given points, always the same: yields `(x,)`, the points in turn however many are asked for."""

    points: Sequence[Sequence[float]]

    @property
    def size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.points)

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        index = torch.arange(u.shape[0], device=u.device) % len(self.points)
        return (u.new_tensor(self.points)[index],)


class Surface(Region):
    """A region on which values can be built into the field: u = G + φN with φ = 0 and G = g there.

    Where no smooth φ is known, `smooth` is False, and values are penalised instead; where no G is known, `extendable`
    is False, and those that do not vanish are.
    """

    smooth: bool = True
    extendable: bool = True

    @abstractmethod
    def distance(self, x: Tensor) -> Tensor:
        """φ(x), smooth, zero on the surface and positive elsewhere."""

    @abstractmethod
    def extend(self, g: Field) -> Field:
        """A field that equals g on the surface."""

    def data(self, g: Field) -> Field:
        """All that is asked of g on the surface: its value."""
        return g


@dataclass(frozen=True)
class Boundary(Surface):
    """The boundary ∂Ω, or one part of it by name: yields `(x, normal)` with the outward unit normal.

    Raises ValueError for a `tag` that the domain does not have.
    """

    domain: Domain
    tag: str | None = None

    def __post_init__(self) -> None:
        if isinstance(getattr(self.domain, "space", self.domain), SinglePoint):
            raise ValueError(f"The domain {self.domain} is without space and has no boundary; try domain=interval.")
        if self.tag is not None and self.tag not in self.domain.tags:
            known = ", ".join(self.domain.tags) or "none"
            raise ValueError(f"The boundary of the domain {self.domain} has no part {self.tag!r}; its parts: {known}.")

    @property
    def smooth(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.domain.smooth if self.tag is None else self.domain.hard_part(self.tag) is not None

    @property
    def extendable(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.domain.extendable if self.tag is None else self.domain.hard_part(self.tag) is not None

    @property
    def measure(self) -> float:
        """Its length or area; of a part by its share of 2¹⁴ fixed quasi-random points, to about 1e-3."""
        if self.tag is None:
            return self.domain.boundary_measure
        u = torch.quasirandom.SobolEngine(self.sample_dim, scramble=True, seed=0).draw(2**14, dtype=torch.float64)
        x, normal = self.domain.boundary(u)
        hit = ~x.isnan().any(dim=1)
        return self.domain.boundary_measure * float(
            self.domain.boundary_mask(self.tag, x[hit], normal[hit]).double().mean()
        )

    @property
    def sample_dim(self) -> int:
        return self.domain.boundary_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        x, normal = self.domain.boundary(u)
        if self.tag is None:
            return x, normal
        return torch.where(self.domain.boundary_mask(self.tag, x, normal)[:, None], x, torch.nan), normal

    def distance(self, x: Tensor) -> Tensor:
        return self.domain.distance(x) if self.tag is None else self._part[0](x)

    def extend(self, g: Field) -> Field:
        return self.domain.extend(g) if self.tag is None else self._part[1](g)

    @property
    def _part(self) -> tuple[Field, Callable[[Field], Field]]:
        found = self.domain.hard_part(str(self.tag))
        if found is None:
            raise ValueError(f"Values cannot be built in on {self.tag!r} of {self.domain}; use hard=False.")
        return found


@dataclass(frozen=True)
class Initial(Surface):
    """The first instant {t₀} × Ω: yields `(x,)` with t = t₀.

    Values built in are held for all times, unless `evolved`, a field of (t, x), says how a part of them goes on: a
    corner in them, held, would be in the solution for ever.
    """

    domain: TimeDomain
    evolved: Field | None = None

    @property
    def sample_dim(self) -> int:
        return self.domain.space.interior_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return (_first_instant(self.domain, u),)

    def distance(self, x: Tensor) -> Tensor:
        return (x[..., 0] - self.domain.start) / self.domain.duration

    def extend(self, g: Field) -> Field:
        """g at t = t₀, held for all times, but for the part that is evolved."""
        evolved = self.evolved
        if evolved is None:
            return lambda x: g(_at_start(self.domain, x))
        return lambda x: evolved(x) + g(start := _at_start(self.domain, x)) - evolved(start)


@dataclass(frozen=True)
class InitialCauchy(Surface):
    """The first instant {t₀} × Ω, where both u and u_t are prescribed (Cauchy data): yields `(x,)` with t = t₀."""

    domain: TimeDomain

    @property
    def sample_dim(self) -> int:
        return self.domain.space.interior_sample_dim

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return (_first_instant(self.domain, u),)

    def distance(self, x: Tensor) -> Tensor:
        """(t − t₀)²/T², whose first derivative vanishes too."""
        return ((x[..., 0] - self.domain.start) / self.domain.duration) ** 2

    def extend(self, g: Field) -> Field:
        """g + (t − t₀)∂g/∂t, both taken at t = t₀."""

        def extension(x: Tensor) -> Tensor:
            value, rate = partials(g, _at_start(self.domain, x), [(), (0,)])
            return value + (x[..., 0] - self.domain.start) * rate

        return extension

    def data(self, g: Field) -> Field:
        """Value and velocity."""
        return lambda x: torch.stack(partials(g, x, [(), (0,)]))


def _first_instant(domain: TimeDomain, u: Tensor) -> Tensor:
    x = domain.space.interior(u)
    return torch.cat([x.new_full((len(x), 1), domain.start), x], dim=1)


def _at_start(domain: TimeDomain, x: Tensor) -> Tensor:
    return torch.cat([torch.full_like(x[..., :1], domain.start), x[..., 1:]], dim=-1)
