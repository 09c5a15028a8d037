"""Bending: the Kirchhoff plate and the Euler–Bernoulli beam."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain, TimeDomain
from pinn.operators import Auto, Strategy, biharmonic, laplacian, partials
from pinn.pdes.condition import Condition, cauchy, dirichlet, interior, manufactured
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.pdes.solutions.closed_forms import SineProduct
from pinn.typing import Field


@dataclass(frozen=True)
class BiharmonicPlate(PDE):
    """DΔ²w = q in Ω with w and Δw prescribed on ∂Ω: the deflection w of a simply supported plate (Navier's conditions).

    D = `rigidity`. The load q and the data are those of `exact`. `penalty` weighs the conditions on the boundary if
    they are soft; that of Δw always is. Raises ValueError unless rigidity and penalty are > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    rigidity: float = 1.0
    exact: Field = SineProduct()
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "rigidity", "penalty")

    def residual(self, w: Field, x: Tensor, q: Tensor, *, strategy: Strategy) -> Tensor:
        return self.rigidity * biharmonic(w, x, strategy) - q

    def moment(self, w: Field, x: Tensor, normal: Tensor, given: Tensor, *, strategy: Strategy) -> Tensor:
        """Δw less its value; on straight edges the bending moment is −DΔw there."""
        return laplacian(w, x, strategy) - given

    def conditions(self) -> tuple[Condition, ...]:
        boundary = Boundary(self.domain)

        def curvature(x: Tensor, normal: Tensor) -> Tensor:
            return laplacian(self.exact, x, Auto())

        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            dirichlet(boundary, self.exact, weight=self.penalty),
            Condition("moment", boundary, self.moment, given=curvature, weight=self.penalty),
        )


@dataclass(frozen=True)
class StandingBending:
    """w(t, x) = sin πx cos π²at, the first mode of a simply supported beam of length 1."""

    stiffness: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.sin(math.pi * x[..., 1]) * torch.cos(math.pi**2 * self.stiffness * x[..., 0])


@dataclass(frozen=True)
class EulerBernoulli(PDE):
    """w_tt + a²w_xxxx = 0 on [0, T] × [0, L] with w = w_xx = 0 at both ends: a vibrating beam, simply supported.

    a² = EI/ρA; a = `stiffness`. w and w_t at t = 0 are those of `exact`, by default the first mode. `penalty` weighs
    the conditions if they are soft; that of the moment w_xx always is. Raises ValueError unless stiffness and
    penalty are > 0, and for space that is not one-dimensional.
    """

    domain: TimeDomain = TimeDomain(0.5, Box((0.0,), (1.0,)))
    stiffness: float = 1.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "stiffness", "penalty")
        require_dimension(self, 2, "time and a line")
        if self.exact is None:
            object.__setattr__(self, "exact", StandingBending(self.stiffness))

    def residual(self, w: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        w_tt, w_xxxx = partials(w, x, [(0, 0), (1, 1, 1, 1)], strategy)
        return w_tt + self.stiffness**2 * w_xxxx

    def moment(self, w: Field, x: Tensor, normal: Tensor, given: Tensor, *, strategy: Strategy) -> Tensor:
        (w_xx,) = partials(w, x, [(1, 1)], strategy)
        return w_xx - given

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        boundary, exact = Boundary(self.domain), self.exact

        def curvature(x: Tensor, normal: Tensor) -> Tensor:
            return partials(exact, x, [(1, 1)], Auto())[0]

        return (
            interior(self.domain, self.residual),
            cauchy(self.domain, exact, weight=self.penalty),
            dirichlet(boundary, exact, weight=self.penalty),
            Condition("moment", boundary, self.moment, given=curvature, weight=self.penalty),
        )
