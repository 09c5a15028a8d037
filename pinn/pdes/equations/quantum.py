"""Stationary states: the Schrödinger eigenvalue problem."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.networks import Unknown
from pinn.operators import Strategy, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.couplings import integral
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class OscillatorState:
    """(ψ_n, E_n) of the harmonic oscillator, ψ_n = (2ⁿ n! √π)^{−½} H_n(x) e^{−x²/2} and E_n = n + ½, n = 0 … 3."""

    level: int = 0

    def __call__(self, x: Tensor) -> Tensor:
        y = x[..., 0]
        hermite = (1 + 0 * y, 2 * y, 4 * y**2 - 2, 8 * y**3 - 12 * y)[self.level]
        scale = (2**self.level * math.factorial(self.level) * math.sqrt(math.pi)) ** -0.5
        return torch.stack([scale * hermite * torch.exp(-(y**2) / 2), 0 * y + self.level + 0.5], -1)


@dataclass(frozen=True)
class HarmonicOscillator(PDE):
    """−½ψ'' + ½x²ψ = Eψ on an interval, ψ = 0 at its ends and ∫ψ² dx = 1, for the state ψ and its energy E, unknown.

    u = (ψ, E). The energy begins at `guess`, by default n + 0.3, and training comes to a state near it; `level` n
    says which one is meant, 0 to 3: its projection on xⁿe^{−x²/2} is prescribed, which also settles the sign.
    `penalty` weighs the conditions if they are soft; those of the integrals always are. Raises ValueError for
    another level, unless penalty > 0, and for d ≠ 1.
    """

    domain: Domain = Box((-8.0,), (8.0,))
    level: int = 0
    guess: float | None = None
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2
    scored: ClassVar[tuple[int, ...]] = (0,)

    def __post_init__(self) -> None:
        require_positive(self, "penalty")
        require_dimension(self, 1, "a line")
        if self.level not in range(4):
            raise ValueError(f"HarmonicOscillator knows the levels 0 to 3, got level={self.level}.")
        if self.exact is None:
            object.__setattr__(self, "exact", OscillatorState(self.level))

    @property
    def unknowns(self) -> Mapping[str, Unknown]:
        return {"energy": Unknown(self.level + 0.3 if self.guess is None else self.guess)}

    @property
    def names(self) -> tuple[str, ...]:
        return ("psi", "E")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        state, energy = u(x)
        kinetic = -laplacian(u, x, strategy)[0] / 2
        return kinetic + (x[0] ** 2 / 2 - energy) * state

    def projection(self, u: Tensor, x: Tensor) -> Tensor:
        """ψ xⁿ e^{−x²/2}, whose integral is that of the state meant."""
        return u[0] * x[0] ** self.level * torch.exp(-(x[0] ** 2) / 2)

    def conditions(self) -> tuple[Condition, ...]:
        n = self.level
        overlap = math.factorial(n) * (2**n * math.factorial(n) * math.sqrt(math.pi)) ** -0.5 * math.sqrt(math.pi)
        return (
            interior(self.domain, self.residual),
            dirichlet(
                Boundary(self.domain), lambda x: torch.zeros_like(x.expand(2)), weight=self.penalty, components=(0,)
            ),
            integral(self.domain, lambda u, x: u[0] ** 2, 1.0, nodes=80, name="norm", weight=self.penalty),
            integral(self.domain, self.projection, overlap, nodes=80, name="projection", weight=self.penalty),
        )
