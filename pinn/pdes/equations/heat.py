"""The heat equation."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Initial, TimeDomain
from pinn.operators import Auto, Strategy, laplacian, partials
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.closed_forms import DecayingSine
from pinn.typing import Field


@dataclass(frozen=True)
class Heat(PDE):
    """u_t − αΔu = f in [0, T] × Ω, with u prescribed at t = 0 and on ∂Ω; α = `diffusivity`, dimensionless.

    f and the data are those of the solution `exact`, by default the decaying sine, for which f = 0. `penalty` weighs
    the initial and the boundary condition if they are soft. Raises ValueError unless both are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0,), (1.0,)))
    diffusivity: float = 0.1
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", DecayingSine(self.diffusivity))

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        (u_t,) = partials(u, x, [(0,)], strategy)
        return u_t - self.diffusivity * laplacian(u, x, strategy, axes=range(1, self.domain.dim)) - f

    def source(self, x: Tensor) -> Tensor:
        assert self.exact is not None
        return self.residual(self.exact, x, torch.zeros_like(x[0]), strategy=Auto())

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual, source=self.source),
            dirichlet(Initial(self.domain), self.exact, name="initial", weight=self.penalty),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
