"""Reaction and diffusion with two stable states."""

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
class BistableFront:
    """u(t, x) = ½ + ½ tanh(κ(x₁ + 3√(ρD/2) t)), κ = √(ρ/8D): a front from 0 to 1 that travels along −x₁."""

    diffusivity: float = 1.0
    rate: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        steepness = (self.rate / (8 * self.diffusivity)) ** 0.5
        speed = 3 * (self.rate * self.diffusivity / 2) ** 0.5
        return 0.5 + 0.5 * torch.tanh(steepness * (x[..., 1] + speed * x[..., 0]))


@dataclass(frozen=True)
class ReactionDiffusion(PDE):
    """u_t = DΔu + ρu(1 − u²) on [0, T] × Ω, a reaction between −1 and 1 (Newell & Whitehead 1969).

    D = `diffusivity`, ρ = `rate`. Initial and boundary values are those of `exact`, by default a travelling front.
    `penalty` weighs both if they are soft. Raises ValueError unless diffusivity, rate and penalty are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((-5.0,), (5.0,)))
    diffusivity: float = 1.0
    rate: float = 4.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity", "rate", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", BistableFront(self.diffusivity, self.rate))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t = partials(u, x, [(), (0,)], strategy)
        diffusion = self.diffusivity * laplacian(u, x, strategy, axes=range(1, self.domain.dim))
        return u_t - diffusion - self.rate * u0 * (1 - u0**2)

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
