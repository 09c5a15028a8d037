"""Time-harmonic electromagnetic fields."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Strategy, curl, div
from pinn.pdes.condition import Condition, at_point, interior, manufactured
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


def cavity_mode(x: Tensor) -> Tensor:
    """E = (cos πx sin πy sin πz, sin πx cos πy sin πz, −2 sin πx sin πy cos πz): ∇·E = 0, no tangential part on walls.

    ∇×∇×E = 3π²E.
    """
    (sx, sy, sz), (cx, cy, cz) = torch.sin(math.pi * x).unbind(-1), torch.cos(math.pi * x).unbind(-1)
    return torch.stack([cx * sy * sz, sx * cy * sz, -2 * sx * sy * cz], -1)


@dataclass(frozen=True)
class Maxwell(PDE):
    """∇×∇×E − k²E = f and ∇·E = 0 in Ω ⊂ R³, n×E prescribed on ∂Ω: the electric field in a cavity.

    k = `wavenumber`; n×E = 0 on a perfect conductor. The current f and n×E are those of `exact`, which must be free of
    divergence. `penalty` weighs the boundary condition, which is always soft. Raises ValueError unless wavenumber and
    penalty are > 0, and for d ≠ 3.
    """

    domain: Domain = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    wavenumber: float = 2.0
    exact: Field = cavity_mode
    hard: bool = False
    penalty: float = 1.0
    components: ClassVar[int] = 3
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"electric field": (0, 1, 2)}

    def __post_init__(self) -> None:
        require_positive(self, "wavenumber", "penalty")
        require_dimension(self, 3, "space")

    @property
    def names(self) -> tuple[str, ...]:
        return ("E_1", "E_2", "E_3")

    def residual(self, E: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        rotation = partial(curl, E, strategy=strategy)
        wave = curl(rotation, x, strategy) - self.wavenumber**2 * E(x)
        return torch.cat([wave, div(E, x, strategy).unsqueeze(0)]) - f

    def tangential(self, E: Field, x: Tensor, normal: Tensor, given: Tensor, *, strategy: Strategy) -> Tensor:
        """n×E less its value, that of the field `given`."""
        return torch.linalg.cross(normal, E(x) - given)

    def conditions(self) -> tuple[Condition, ...]:
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            Condition("boundary", Boundary(self.domain), self.tangential, at_point(self.exact), self.penalty),
        )
