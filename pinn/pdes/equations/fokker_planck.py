"""A probability density that drifts and diffuses."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Box, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition, interior
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class NormalDensity:
    """The normal density of mean me^{−θt} and variance σ²e^{−2θt} + D/θ (1 − e^{−2θt}) at (t, x)."""

    drift: float = 1.0
    diffusivity: float = 0.5
    mean: float = 1.5
    deviation: float = 0.4

    def __call__(self, x: Tensor) -> Tensor:
        decay = torch.exp(-self.drift * x[..., 0])
        variance = self.deviation**2 * decay**2 + self.diffusivity / self.drift * (1 - decay**2)
        return torch.exp(-((x[..., 1] - self.mean * decay) ** 2) / (2 * variance)) / torch.sqrt(2 * math.pi * variance)


@dataclass(frozen=True)
class FokkerPlanck(PDE):
    """p_t = ∂/∂x (θxp) + D p_xx on [0, T] × Ω: the density of dX = −θX dt + √(2D) dW (Ornstein & Uhlenbeck 1930).

    θ = `drift`, D = `diffusivity`. Initial and boundary values are those of `exact`, by default a normal density that
    begins with `mean` and `deviation`; and ∫ p dx keeps the value it has in Ω. `penalty` weighs all three if they
    are soft. Raises ValueError unless drift, diffusivity, deviation and penalty are > 0, and for other than one
    dimension of space.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((-4.0,), (4.0,)))
    drift: float = 1.0
    diffusivity: float = 0.5
    mean: float = 1.5
    deviation: float = 0.4
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "drift", "diffusivity", "deviation", "penalty")
        require_dimension(self, 2, "time and a line")
        if self.exact is None:
            object.__setattr__(self, "exact", NormalDensity(self.drift, self.diffusivity, self.mean, self.deviation))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        p, p_t, p_x, p_xx = partials(u, x, [(), (0,), (1,), (1, 1)], strategy)
        return p_t - self.drift * (p + x[1] * p_x) - self.diffusivity * p_xx

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
