"""The Laplace equation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.typing import Field


def exponential_sine(x: Tensor) -> Tensor:
    """u = e^{x₀} sin x₁, which is harmonic in any number of dimensions from two on."""
    return torch.exp(x[..., 0]) * torch.sin(x[..., 1])


@dataclass(frozen=True)
class Laplace(PDE):
    """Δu = 0 in Ω with u = g on ∂Ω, g the values of `exact`, a harmonic function.

    `penalty` weighs the boundary condition if it is soft. Raises ValueError unless penalty > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    exact: Field = exponential_sine
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return laplacian(u, x, strategy)

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
