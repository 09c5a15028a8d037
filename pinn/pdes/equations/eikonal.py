"""The eikonal equation: arrival times of a wave."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, grad
from pinn.pdes.condition import Condition, dirichlet, interior
from pinn.pdes.pde import PDE, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class ArrivalTime:
    """T(x) = |x − x₀|/c: a spherical wave of speed c from `source`, whose last coordinate serves all further ones."""

    source: Sequence[float] = (-0.5,)
    speed: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        last = len(self.source) - 1
        origin = x.new_tensor([self.source[min(i, last)] for i in range(x.shape[-1])])
        return torch.sqrt(((x - origin) ** 2).sum(-1)) / self.speed


@dataclass(frozen=True)
class Eikonal(PDE):
    """|∇T|² = 1/c² in Ω with the arrival times T = g on ∂Ω; c = `speed`.

    The times are those of `exact`, by default of a wave from a point outside Ω. `penalty` weighs the boundary condition
    if it is soft. Raises ValueError unless speed and penalty are > 0.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    speed: float = 1.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "speed", "penalty")
        if self.exact is None:
            lower = tuple(a - (b - a) / 2 for a, b in zip(*self.domain.bounds, strict=True))
            object.__setattr__(self, "exact", ArrivalTime(lower, self.speed))

    def residual(self, T: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return (grad(T, x, strategy) ** 2).sum() - 1 / self.speed**2

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty),
        )
