"""Creeping flow."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain, PointSet
from pinn.operators import Strategy, jacobian, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior, manufactured, point_value
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


def stirred(x: Tensor) -> Tensor:
    """(v₁, v₂, p) = (sin πx cos πy, −cos πx sin πy, sin πx sin πy), free of divergence."""
    (sx, sy), (cx, cy) = torch.sin(math.pi * x).unbind(-1), torch.cos(math.pi * x).unbind(-1)
    return torch.stack([sx * cy, -cx * sy, sx * sy], -1)


@dataclass(frozen=True)
class Stokes(PDE):
    """−μΔv + ∇p = f and ∇·v = 0 in Ω ⊂ R²; u = (v₁, v₂, p), μ = `viscosity`.

    The velocity is prescribed on ∂Ω and the pressure at one corner of the bounding box, both by `exact`, which also
    gives f. `penalty` weighs the boundary condition if it is soft. Raises ValueError unless viscosity and penalty
    are > 0, and for d ≠ 2.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    viscosity: float = 1.0
    exact: Field = stirred
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 3
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}

    def __post_init__(self) -> None:
        require_positive(self, "viscosity", "penalty")
        require_dimension(self, 2, "the plane")

    @property
    def names(self) -> tuple[str, ...]:
        return ("v_1", "v_2", "p")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        grad_u = jacobian(u, x, strategy)
        momentum = -self.viscosity * laplacian(u, x, strategy)[:2] + grad_u[2]
        return torch.cat([momentum, grad_u[:2].trace().unsqueeze(0)]) - f

    def conditions(self) -> tuple[Condition, ...]:
        corner = PointSet((self.domain.bounds[0],))
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty, components=(0, 1)),
            point_value(corner, self.exact, name="pressure", components=(2,)),
        )
