"""Nonlinear wave equations: Klein–Gordon and sine-Gordon."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, TimeDomain
from pinn.operators import Strategy, laplacian, partials
from pinn.pdes.condition import Condition, cauchy, dirichlet, interior, manufactured
from pinn.pdes.pde import PDE, require_positive
from pinn.typing import Field


def oscillation_and_growth(x: Tensor) -> Tensor:
    """u(t, x) = x cos 5πt + (tx)³, with the first coordinate of space (Wang, Teng & Perdikaris 2021, Section 4.2)."""
    t, y = x[..., 0], x[..., 1]
    return y * torch.cos(5 * math.pi * t) + (t * y) ** 3


@dataclass(frozen=True)
class Breather:
    """u(t, x) = 4 arctan(√(1 − ω²)/ω · sin(ωt) / cosh(√(1 − ω²) x)), a standing breather of sine-Gordon, 0 < ω < 1."""

    frequency: float = 0.6

    def __call__(self, x: Tensor) -> Tensor:
        decay = (1 - self.frequency**2) ** 0.5
        shape = torch.sin(self.frequency * x[..., 0]) / torch.cosh(decay * x[..., 1])
        return 4 * torch.atan(decay / self.frequency * shape)


@dataclass(frozen=True)
class KleinGordon(PDE):
    """u_tt − Δu + γu³ = f on [0, T] × Ω, with u and u_t prescribed at t = 0 and u on ∂Ω; γ = `coupling`.

    f and the data are those of `exact`, by default that of Wang, Teng & Perdikaris (2021, Section 4.2). `penalty`
    weighs initial and boundary condition if they are soft. Raises ValueError unless penalty > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0,), (1.0,)))
    coupling: float = 1.0
    exact: Field = oscillation_and_growth
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_tt = partials(u, x, [(), (0, 0)], strategy)
        return u_tt - laplacian(u, x, strategy, axes=range(1, self.domain.dim)) + self.coupling * u0**3 - f

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            cauchy(self.domain, self.exact, weight=self.penalty),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )


@dataclass(frozen=True)
class SineGordon(PDE):
    """u_tt − Δu + sin u = f on [0, T] × Ω, with u and u_t prescribed at t = 0 and u on ∂Ω.

    f and the data are those of `exact`, by default a breather on a line, for which f = 0. `penalty` weighs initial and
    boundary condition if they are soft. Raises ValueError unless penalty > 0.
    """

    domain: TimeDomain = TimeDomain(4.0, Box((-6.0,), (6.0,)))
    exact: Field = Breather()
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_tt = partials(u, x, [(), (0, 0)], strategy)
        return u_tt - laplacian(u, x, strategy, axes=range(1, self.domain.dim)) + torch.sin(u0) - f

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            cauchy(self.domain, self.exact, weight=self.penalty),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
