"""The Korteweg–de Vries equation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import PeriodicBox, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition
from pinn.pdes.evolution import check_period, periodic_initial_value_problem
from pinn.pdes.pde import PDE, require_positive
from pinn.references import KdVEvolution, SpectralReference
from pinn.typing import Field


@dataclass(frozen=True)
class KdV(PDE):
    """u_t + uu_x + δ²u_xxx = 0 on [0, 1] × [−1, 1), periodic, u(0, x) = cos πx; δ = `dispersion`.

    Solitons emerge from a cosine (Zabusky & Kruskal 1965). `penalty` weighs the initial condition if it is soft.
    Raises ValueError unless penalty > 0, and for a domain other than that of the reference.
    """

    domain: TimeDomain = TimeDomain(1.0, PeriodicBox((-1.0,), (1.0,)))
    dispersion: float = 0.022
    exact: SpectralReference | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "dispersion", "penalty")
        exact = self.exact or SpectralReference(KdVEvolution(self.dispersion), 1.0, 512, 20_000, 32)
        check_period("KdV", self.domain, exact)
        object.__setattr__(self, "exact", exact)

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t, u_x, u_xxx = partials(u, x, [(), (0,), (1,), (1, 1, 1)], strategy)
        return u_t + u0 * u_x + self.dispersion**2 * u_xxx

    def initial(self, x: Tensor) -> Tensor:
        return torch.cos(math.pi * x[1])

    def conditions(self) -> tuple[Condition, ...]:
        return periodic_initial_value_problem(self.domain, self.residual, self.initial, self.penalty)
