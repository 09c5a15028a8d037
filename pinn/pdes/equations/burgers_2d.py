"""The Burgers equation in the plane."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Box, TimeDomain
from pinn.operators import Strategy, jacobian, laplacian, partials
from pinn.pdes.condition import Condition, interior
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class ObliqueFront:
    """v = (¾ − s, ¾ + s), s = ¼ (1 + exp((4y − 4x − t)/32ν))⁻¹ at (t, x, y), by Cole–Hopf (Fletcher 1983)."""

    viscosity: float = 0.02

    def __call__(self, x: Tensor) -> Tensor:
        phase = (4 * x[..., 2] - 4 * x[..., 1] - x[..., 0]) / (32 * self.viscosity)
        s = torch.sigmoid(-phase) / 4
        return torch.stack([0.75 - s, 0.75 + s], -1)


@dataclass(frozen=True)
class Burgers2D(PDE):
    """v_t + (v·∇)v = νΔv on [0, T] × Ω ⊂ R² for the velocity v = (v₁, v₂); ν = `viscosity`.

    Initial and boundary values are those of `exact`, by default an oblique front (Fletcher 1983). `penalty` weighs both
    if they are soft. Raises ValueError unless viscosity and penalty are > 0, and for space that is not the plane.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0, 0.0), (1.0, 1.0)))
    viscosity: float = 0.02
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}

    def __post_init__(self) -> None:
        require_positive(self, "viscosity", "penalty")
        require_dimension(self, 3, "time and the plane")
        if self.exact is None:
            object.__setattr__(self, "exact", ObliqueFront(self.viscosity))

    @property
    def names(self) -> tuple[str, ...]:
        return ("v_1", "v_2")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        v, v_t = partials(u, x, [(), (0,)], strategy)
        grad_v = jacobian(u, x, strategy)[:, 1:]
        return v_t + grad_v @ v - self.viscosity * laplacian(u, x, strategy, axes=(1, 2))

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
