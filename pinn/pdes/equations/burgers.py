"""The viscous Burgers equation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Initial, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.references import ColeHopf
from pinn.typing import Field


@dataclass(frozen=True)
class Burgers(PDE):
    """u_t + uu_x = νu_xx on [0, T] × [−1, 1], u(0, x) = −sin πx, u = 0 at x = ±1; ν = `viscosity`.

    At ν = 0.01/π a front of width ν stands at x = 0 from t ≈ 1/π on (Basdevant et al. 1986; Raissi, Perdikaris &
    Karniadakis 2019). `exact` is the Cole–Hopf quadrature. `penalty` weighs initial and boundary condition if they
    are soft. Raises ValueError unless viscosity and penalty are > 0, and for space that is not one-dimensional.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((-1.0,), (1.0,)))
    viscosity: float = 0.01 / math.pi
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "viscosity", "penalty")
        if self.domain.dim != 2:
            raise ValueError(f"Burgers lives on one dimension of space, got a domain with {self.domain.dim - 1}.")
        if self.exact is None:
            object.__setattr__(self, "exact", ColeHopf(self.viscosity))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t, u_x, u_xx = partials(u, x, [(), (0,), (1,), (1, 1)], strategy)
        return u_t + u0 * u_x - self.viscosity * u_xx

    def initial(self, x: Tensor) -> Tensor:
        return -torch.sin(math.pi * x[1])

    def conditions(self) -> tuple[Condition, ...]:
        given = [dirichlet(Initial(self.domain), self.initial, name="initial", weight=self.penalty)]
        if self.domain.boundary_measure:
            given.append(dirichlet(Boundary(self.domain), lambda x: 0 * x[0], weight=self.penalty))
        return (interior(self.domain, self.residual), *given)
