"""Growth that spreads: the equation of Fisher, Kolmogorov, Petrovsky and Piskunov."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Box, TimeDomain
from pinn.operators import Strategy, laplacian, partials
from pinn.pdes.condition import Condition, interior
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class FisherFront:
    """u(t, x) = (1 + exp(√(r/6D) x₁ − 5rt/6))⁻², a front of speed 5√(rD/6) (Ablowitz & Zeppetella 1979)."""

    diffusivity: float = 1.0
    rate: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        phase = (self.rate / (6 * self.diffusivity)) ** 0.5 * x[..., 1] - 5 * self.rate / 6 * x[..., 0]
        return torch.sigmoid(-phase) ** 2


@dataclass(frozen=True)
class FisherKPP(PDE):
    """u_t = DΔu + ru(1 − u) on [0, T] × Ω; D = `diffusivity`, r = `rate` (Fisher 1937).

    Initial and boundary values are those of `exact`, by default the closed-form front of Ablowitz & Zeppetella (1979).
    `penalty` weighs both if they are soft. Raises ValueError unless diffusivity, rate and penalty are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((-5.0,), (10.0,)))
    diffusivity: float = 1.0
    rate: float = 6.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity", "rate", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", FisherFront(self.diffusivity, self.rate))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t = partials(u, x, [(), (0,)], strategy)
        diffusion = self.diffusivity * laplacian(u, x, strategy, axes=range(1, self.domain.dim))
        return u_t - diffusion - self.rate * u0 * (1 - u0)

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
