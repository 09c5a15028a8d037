"""The Allen–Cahn equation."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import PeriodicBox, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition
from pinn.pdes.evolution import check_period, periodic_initial_value_problem
from pinn.pdes.pde import PDE, require_positive
from pinn.references import AllenCahnEvolution, SpectralReference
from pinn.typing import Field


@dataclass(frozen=True)
class AllenCahn(PDE):
    """u_t = εu_xx + 5(u − u³) on [0, 1] × [−1, 1), periodic, u(0, x) = x² cos πx; ε = `diffusivity`.

    A benchmark of Raissi, Perdikaris & Karniadakis (2019, Section 3.2). The initial value has a corner at x = ±1,
    where it is −1 + 2y at the distance y. Held for all times it would stay in the solution; so if values are
    built in, the corner evolves by the equation linearised about −1, v_t = εv_xx − 10v, from v = 2y. A network
    alone comes to 2e-4: the corner dissolves within a time and a width that points do not see. `penalty` weighs the
    initial condition if it is soft. Raises ValueError unless penalty > 0, and for a domain other than that of
    the reference.
    """

    domain: TimeDomain = TimeDomain(1.0, PeriodicBox((-1.0,), (1.0,)))
    diffusivity: float = 1e-4
    exact: SpectralReference | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity", "penalty")
        exact = self.exact or SpectralReference(AllenCahnEvolution(self.diffusivity), 1.0, 4096, 1600, 16)
        check_period("AllenCahn", self.domain, exact)
        object.__setattr__(self, "exact", exact)

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t, u_xx = partials(u, x, [(), (0,), (1, 1)], strategy)
        return u_t - self.diffusivity * u_xx - 5 * (u0 - u0**3)

    def initial(self, x: Tensor) -> Tensor:
        return x[1] ** 2 * torch.cos(math.pi * x[1])

    def corner(self, x: Tensor) -> Tensor:
        """v(t, y) = 2e^{−10t} (y erf(y/s) + s/√π e^{−y²/s²}) with s = √(4εt) and y = 2/π cos πx/2, near the corner.

        y is the distance from the corner if it is small, and smooth elsewhere; a factor e^{−(4y)⁴} keeps v away from
        x = 0, where the solution hangs on an unstable equilibrium.
        """
        t, y = x[..., 0], 2 / math.pi * torch.cos(math.pi / 2 * x[..., 1])
        width = torch.sqrt(4 * self.diffusivity * (t + 1e-14))  # no 0/0 at the first instant
        spread = y * torch.erf(y / width) + width / math.sqrt(math.pi) * torch.exp(-((y / width) ** 2))
        return 2 * torch.exp(-10 * t - (4 * y) ** 4) * spread

    def conditions(self) -> tuple[Condition, ...]:
        return periodic_initial_value_problem(self.domain, self.residual, self.initial, self.penalty, self.corner)
