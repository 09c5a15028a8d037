"""Flow through a porous medium."""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, div, grad
from pinn.pdes.condition import Condition, dirichlet, interior, manufactured
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import SineProduct
from pinn.typing import Field


@dataclass(frozen=True)
class WavyConductivity:
    """k(x) = exp(a Π cos(πx_i)), between e^{−a} and e^a."""

    amplitude: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.exp(self.amplitude * torch.cos(math.pi * x).prod(-1))


@dataclass(frozen=True)
class Darcy(PDE):
    """−∇·(k∇p) = f in Ω, p = g on ∂Ω: the pressure p in a medium of `conductivity` k(x) > 0.

    The flux −k∇p is Darcy's law. f and g are those of `exact`. `penalty` weighs the boundary condition if it is
    soft. Raises ValueError unless penalty > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    conductivity: Field = WavyConductivity()
    exact: Field = SineProduct()
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def flux(self, p: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return -self.conductivity(x) * grad(p, x, strategy)

    def residual(self, p: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return div(partial(self.flux, p, strategy=strategy), x, strategy) - f

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
