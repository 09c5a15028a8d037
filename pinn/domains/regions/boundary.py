"""The boundary of a domain, or a part of it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.regions.base import Surface
from pinn.domains.shapes.single_point import SinglePoint
from pinn.typing import Field


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
    def smooth(self) -> bool:
        return self.domain.smooth if self.tag is None else self.domain.hard_part(self.tag) is not None

    @property
    def extendable(self) -> bool:
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
        part = self.domain.hard_part(str(self.tag))
        if part is None:
            raise ValueError(f"Values cannot be built in on {self.tag!r} of {self.domain}; use hard=False.")
        return part
