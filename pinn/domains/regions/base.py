"""Regions: where a condition holds. A region yields tuples of tensors, one row for each point."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.typing import Draw, Field

_ROUNDS, _USUAL, _MORE = 1000, 50, 4096


class Region(ABC):
    """A set of points that can be sampled. `size` is the number of its points, None if there are infinitely many."""

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
        hits: list[tuple[Tensor, ...]] = []
        count = 0
        tried = 0
        for attempt in range(_ROUNDS):
            # A part that few candidates fall into is asked for more of them at a time.
            candidates = n if attempt < _USUAL else max(n, _MORE)
            tried += candidates
            sample = self.from_uniform(draw(candidates, self.sample_dim))
            inside = ~sample[0].flatten(1).isnan().any(dim=1)
            hits.append(tuple(part[inside] for part in sample))
            count += int(inside.sum())
            if count >= n:
                return tuple(torch.cat(parts)[:n] for parts in zip(*hits, strict=True))
        raise ValueError(f"{self} is empty or almost so: {count} of {tried} candidates fell into it.")


class Surface(Region):
    """A region on which values can be built into the field: u = G + φN with φ = 0 and G = g there.

    If no smooth φ is known, `smooth` is False, and values are penalised instead; if no G is known, `extendable`
    is False, and those that do not vanish are.
    """

    domain: Domain
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
    def size(self) -> int:
        return len(self.points)

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        index = torch.arange(u.shape[0], device=u.device) % len(self.points)
        return (u.new_tensor(self.points)[index],)
