"""The wave equation."""

from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Boundary, Box, TimeDomain
from pinn.operators import Auto, Strategy, laplacian, partials
from pinn.pdes.condition import Condition, cauchy, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import StandingWaves
from pinn.typing import Field


@dataclass(frozen=True)
class Wave(PDE):
    """u_tt − c²Δu = f in [0, T] × Ω, with u and u_t prescribed at t = 0 and u on ∂Ω; c = `speed`.

    f and the data are those of `exact`, by default sin πx cos cπt + ½ sin 4πx cos 4cπt, for which f = 0 (Wang, Yu &
    Perdikaris 2022, Section 7.2, with c = 2). `penalty` weighs initial and boundary condition if they are soft.
    Raises ValueError unless speed and penalty are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0,), (1.0,)))
    speed: float = 2.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "speed", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", StandingWaves(self.speed))

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        (u_tt,) = partials(u, x, [(0, 0)], strategy)
        return u_tt - self.speed**2 * laplacian(u, x, strategy, axes=range(1, self.domain.dim)) - f

    def source(self, x: Tensor) -> Tensor:
        assert self.exact is not None
        return self.residual(self.exact, x, x.new_zeros(()), strategy=Auto())

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual, source=self.source),
            cauchy(self.domain, self.exact, weight=self.penalty),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
