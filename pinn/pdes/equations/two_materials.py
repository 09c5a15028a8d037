"""Conduction through two materials: a jump of the coefficient at an interface."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Disk, Domain
from pinn.operators import Strategy, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.couplings import interface
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class RoundInclusion:
    """(u₁, u₂) about a disk of radius R: u₁ = ρ²/4k₁ + c and u₂ = ρ²/4k₂ + c′, both R²/4k₂ at ρ = R.

    −∇·(k∇u) = −1 on either side; value and flux R/2 agree at the interface.
    """

    radius: float = 0.5
    inside: float = 1.0
    outside: float = 5.0

    def __call__(self, x: Tensor) -> Tensor:
        r2 = (x * x).sum(-1)
        rim = self.radius**2 * (1 / self.outside - 1 / self.inside) / 4
        return torch.stack([r2 / (4 * self.inside) + rim, r2 / (4 * self.outside)], -1)


@dataclass(frozen=True)
class TwoMaterials(PDE):
    """∇·(k∇u) = 1 in Ω ⊂ R², k = k₁ (`inside`) in a disk about the origin and k₂ (`outside`) around it.

    u = (u₁, u₂): one field for each material, each needed on its own side alone. At the interface value and flux k∂u/∂n
    agree, and u₂ is prescribed on ∂Ω. The solution that is compared and plotted is u₁ within the disk and u₂ around it.
    `penalty` weighs the conditions if they are soft; those of the interface always are. Raises ValueError unless
    radius, inside, outside and penalty are > 0, for d ≠ 2, and if the disk does not lie within Ω.
    """

    domain: Domain = Box((-1.0, -1.0), (1.0, 1.0))
    radius: float = 0.5
    inside: float = 1.0
    outside: float = 5.0
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2

    def __post_init__(self) -> None:
        require_positive(self, "radius", "inside", "outside", "penalty")
        require_dimension(self, 2, "the plane")
        angle = torch.arange(360, dtype=torch.float64) * math.pi / 180
        rim = self.radius * torch.stack([angle.cos(), angle.sin()], 1)
        if not self.domain.contains(rim).all():
            raise ValueError(f"TwoMaterials needs a domain around the disk of radius {self.radius}, got {self.domain}.")

    @property
    def exact(self) -> Field:
        """Both pieces everywhere."""
        return RoundInclusion(self.radius, self.inside, self.outside)

    def solution(self, u: Field) -> Field:
        def pieced(x: Tensor) -> Tensor:
            inner, outer = u(x)
            return torch.where((x * x).sum() < self.radius**2, inner, outer)

        return pieced

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        inner, outer = laplacian(u, x, strategy)
        within = (x * x).sum() < self.radius**2
        return torch.where(within, self.inside * inner, self.outside * outer) - 1

    def conditions(self) -> tuple[Condition, ...]:
        rim = Boundary(Disk((0.0, 0.0), self.radius))
        return (
            interior(self.domain, self.residual),
            interface(rim, inside=self.inside, outside=self.outside, weight=self.penalty),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty, components=(1,)),
        )
