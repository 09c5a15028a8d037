"""The first instant, where an evolution begins."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.regions.base import Surface
from pinn.operators import partials
from pinn.typing import Field


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
