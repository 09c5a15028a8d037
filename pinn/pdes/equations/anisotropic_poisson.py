"""Diffusion along preferred directions."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, hessian
from pinn.pdes.condition import Condition, dirichlet, interior, manufactured
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.pdes.solutions.closed_forms import SineProduct
from pinn.typing import Field


@dataclass(frozen=True)
class AnisotropicPoisson(PDE):
    """−∇·(A∇u) = f in Ω ⊂ R², u = g on ∂Ω, with A = Q diag(1, ε) Qᵀ and Q the rotation by `angle` (radians).

    ε = `ratio` is the conductivity across the preferred direction. f and g are those of `exact`. `penalty` weighs the
    boundary condition if it is soft. Raises ValueError unless ratio and penalty are > 0, and for d ≠ 2.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    ratio: float = 0.1
    angle: float = math.pi / 6
    exact: Field = SineProduct()
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "ratio", "penalty")
        require_dimension(self, 2, "the plane")

    def conductivity(self, like: Tensor) -> Tensor:
        """A, shape (2, 2)."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        along = torch.tensor([[c * c, c * s], [c * s, s * s]], dtype=like.dtype, device=like.device)
        return along + self.ratio * (torch.eye(2, dtype=like.dtype, device=like.device) - along)

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -(self.conductivity(x) * hessian(u, x, strategy)).sum() - f

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
