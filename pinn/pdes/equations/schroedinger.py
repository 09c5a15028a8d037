"""The nonlinear Schrödinger equation."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Box, TimeDomain
from pinn.operators import Strategy, partials
from pinn.pdes.condition import Condition, interior
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


def breather(x: Tensor) -> Tensor:
    """h = 4e^{it/2} (cosh 3x + 3e^{4it} cosh x) / (cosh 4x + 4 cosh 2x + 3 cos 4t), real and imaginary part.

    The bound state of two solitons with h(0, x) = 2 sech x (Satsuma & Yajima 1974).
    """
    t, y = x[..., 0], x[..., 1]
    scale = 4 / (torch.cosh(4 * y) + 4 * torch.cosh(2 * y) + 3 * torch.cos(4 * t))
    real = torch.cosh(3 * y) * torch.cos(t / 2) + 3 * torch.cosh(y) * torch.cos(4.5 * t)
    imaginary = torch.cosh(3 * y) * torch.sin(t / 2) + 3 * torch.cosh(y) * torch.sin(4.5 * t)
    return torch.stack([scale * real, scale * imaginary], -1)


@dataclass(frozen=True)
class NonlinearSchroedinger(PDE):
    """ih_t + ½h_xx + |h|²h = 0 on [0, T] × Ω for the complex h = u₁ + iu₂.

    A benchmark of Raissi, Perdikaris & Karniadakis (2019, Section 3.1.1), with h(0, x) = 2 sech x. Initial and boundary
    values are those of `exact`, by default the breather that belongs to it. `penalty` weighs both if they are soft.
    Raises ValueError unless penalty > 0, and for space that is not one-dimensional.
    """

    domain: TimeDomain = TimeDomain(math.pi / 2, Box((-5.0,), (5.0,)))

    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2

    def __post_init__(self) -> None:
        require_positive(self, "penalty")
        require_dimension(self, 2, "time and a line")
        if self.exact is None:
            object.__setattr__(self, "exact", breather)

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        (a, b), (a_t, b_t), (a_xx, b_xx) = partials(u, x, [(), (0,), (1, 1)], strategy)
        density = a**2 + b**2
        return torch.stack([a_t + b_xx / 2 + density * b, b_t - a_xx / 2 - density * a])

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
