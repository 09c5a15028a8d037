"""Transport with diffusion."""

import math
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
class DecayingWave:
    """u(t, x) = exp(−νd k²t) Π_i sin k(x_i − βt), k = 2π, which solves u_t + βΣ∂u/∂x_i = νΔu in d dimensions."""

    velocity: float = 1.0
    diffusivity: float = 0.05

    def __call__(self, x: Tensor) -> Tensor:
        k, d = 2 * math.pi, x.shape[-1] - 1
        decay = torch.exp(-self.diffusivity * d * k**2 * x[..., 0])
        return decay * torch.sin(k * (x[..., 1:] - self.velocity * x[..., :1])).prod(-1)


@dataclass(frozen=True)
class AdvectionDiffusion(PDE):
    """u_t + βΣ_i ∂u/∂x_i = νΔu on [0, T] × Ω; β = `velocity`, ν = `diffusivity`.

    Initial and boundary values are those of `exact`, by default a decaying travelling wave. `penalty` weighs both if
    they are soft. Raises ValueError unless diffusivity and penalty are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0,), (1.0,)))
    velocity: float = 1.0
    diffusivity: float = 0.05
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", DecayingWave(self.velocity, self.diffusivity))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        space = range(1, self.domain.dim)
        u_t, *u_x = partials(u, x, [(0,), *((axis,) for axis in space)], strategy)
        transport = self.velocity * torch.stack(u_x).sum(0)
        return u_t + transport - self.diffusivity * laplacian(u, x, strategy, axes=space)

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
