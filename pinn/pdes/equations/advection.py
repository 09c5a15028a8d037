"""Advection by a constant velocity."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Initial, PeriodicBox, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import TravellingSine
from pinn.typing import Field


@dataclass(frozen=True)
class Advection(PDE):
    """u_t + β Σ_i ∂u/∂x_i = 0 on [0, T] × Ω, u(0, x) = Π sin x_i; β = `velocity`.

    By default Ω = [0, 2π) is periodic: the benchmark of Krishnapriyan et al. (2021, Section 4.1), who call it
    convection; β = 40 is a hard case for a penalised initial value. On a domain with a boundary u is prescribed there
    too. `penalty` weighs both conditions if they are soft. Raises ValueError unless penalty > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, PeriodicBox((0.0,), (2 * math.pi,)))
    velocity: float = 40.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", TravellingSine(self.velocity))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u_t, *u_x = partials(u, x, [(axis,) for axis in range(self.domain.dim)], strategy)
        return u_t + self.velocity * torch.stack(u_x).sum()

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        given = [dirichlet(Initial(self.domain), self.exact, name="initial", weight=self.penalty)]
        if self.domain.boundary_measure:
            given.append(dirichlet(Boundary(self.domain), self.exact, weight=self.penalty))
        return (interior(self.domain, self.residual), *given)
