"""The Kuramoto–Sivashinsky equation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import PeriodicBox, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition
from pinn.pdes.evolution import check_period, periodic_initial_value_problem
from pinn.pdes.pde import PDE, require_positive
from pinn.references import KuramotoSivashinskyEvolution, SpectralReference
from pinn.typing import Field


@dataclass(frozen=True)
class KuramotoSivashinsky(PDE):
    """u_t + αuu_x + βu_xx + γu_xxxx = 0 on [0, T] × [0, 2π), periodic, u(0, x) = cos x (1 + sin x).

    α = 100/16, β = 100/16², γ = 100/16⁴: the chaotic case of Wang, Sankaran & Perdikaris (2024), here up to T = 0.5.
    `penalty` weighs the initial condition if it is soft. Raises ValueError unless penalty > 0, and for a domain
    other than that of the reference.
    """

    domain: TimeDomain = TimeDomain(0.5, PeriodicBox((0.0,), (2 * math.pi,)))
    alpha: float = 100 / 16
    beta: float = 100 / 16**2
    gamma: float = 100 / 16**4
    exact: SpectralReference | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")
        evolution, half = KuramotoSivashinskyEvolution(self.alpha, self.beta, self.gamma), self._halves
        exact = self.exact or SpectralReference(evolution, half / 2, 384, 9600 * half, 16)
        check_period("KuramotoSivashinsky", self.domain, exact)
        object.__setattr__(self, "exact", exact)

    @property
    def _halves(self) -> int:
        """Halves of a unit of time that hold the domain, at least one."""
        return max(1, math.ceil(2 * (self.domain.start + self.domain.duration)))

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t, u_x, u_xx, u_xxxx = partials(u, x, [(), (0,), (1,), (1, 1), (1, 1, 1, 1)], strategy)
        return u_t + self.alpha * u0 * u_x + self.beta * u_xx + self.gamma * u_xxxx

    def initial(self, x: Tensor) -> Tensor:
        return torch.cos(x[1]) * (1 + torch.sin(x[1]))

    def conditions(self) -> tuple[Condition, ...]:
        return periodic_initial_value_problem(self.domain, self.residual, self.initial, self.penalty)
