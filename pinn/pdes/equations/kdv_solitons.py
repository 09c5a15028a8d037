"""The Korteweg–de Vries equation with two solitons that overtake each other."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, TimeDomain
from pinn.operators import Auto, Strategy, grad, partials
from pinn.pdes.condition import Condition, interior, neumann
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class TwoSolitons:
    """u = 2 ∂²/∂x² log F, F = 1 + e^{η₁} + e^{η₂} + A e^{η₁+η₂}, η_i = k_i(x − x_i) − k_i³t (Hirota 1971).

    A = ((k₁ − k₂)/(k₁ + k₂))². Soliton i has height k_i²/2 and speed k_i²; it is at x_i where it is alone.
    """

    k: tuple[float, float] = (2.0, 1.2)
    position: tuple[float, float] = (-4.0, -1.0)

    def __call__(self, x: Tensor) -> Tensor:
        (k1, k2), (x1, x2) = self.k, self.position
        a = torch.exp(k1 * (x[..., 1] - x1) - k1**3 * x[..., 0])
        b = torch.exp(k2 * (x[..., 1] - x2) - k2**3 * x[..., 0])
        overlap = ((k1 - k2) / (k1 + k2)) ** 2 * a * b
        F = 1 + a + b + overlap
        slope = k1 * a + k2 * b + (k1 + k2) * overlap
        curvature = k1**2 * a + k2**2 * b + (k1 + k2) ** 2 * overlap
        return 2 * (curvature / F - (slope / F) ** 2)


@dataclass(frozen=True)
class KdVSolitons(PDE):
    """u_t + 6uu_x + u_xxx = 0 on [0, T] × [a, b], with u prescribed at t = 0 and u and u_x at both ends.

    The data are those of `exact`, by default two solitons (Hirota 1971). `penalty` weighs the conditions if they are
    soft. Raises ValueError unless penalty > 0, and for space that is not one-dimensional.
    """

    domain: TimeDomain = TimeDomain(2.0, Box((-8.0,), (10.0,)))
    exact: Field = TwoSolitons()
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "penalty")
        require_dimension(self, 2, "time and a line")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        u0, u_t, u_x, u_xxx = partials(u, x, [(), (0,), (1,), (1, 1, 1)], strategy)
        return u_t + 6 * u0 * u_x + u_xxx

    def slope_outward(self, x: Tensor) -> Tensor:
        """∂u/∂n at both ends."""
        middle = sum(bound[1] for bound in self.domain.bounds) / 2
        return torch.sign(x[1] - middle) * grad(self.exact, x, Auto())[1]

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
            *([neumann(Boundary(self.domain), self.slope_outward)] if self.domain.boundary_measure else ()),
        )
