"""Multipoles about the holes of a plane domain: what no function that is smooth in the whole plane resolves there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space, with_monomials


@dataclass(frozen=True)
class HolePowers(Family):
    """xⁱyʲ log r/R, xⁱyʲ (R/r)ᵏ sin kθ and xⁱyʲ (R/r)ᵏ cos kθ about each hole: k to `orders`, i + j below `powers`.

    A hole is (x, y, R), its middle and radius, from which the coordinates are measured. For i = j = 0 these are all
    solutions of Laplace's equation outside a circle: the logarithm and the multipoles (Laurent's series; Greengard &
    Rokhlin 1987, eq. 2.2). The solution of an elliptic equation in a domain with holes is a smooth function and a sum
    of such functions times smooth ones. They are not defined in the middles, which must not be in the domain. Raises
    ValueError without holes, for numbers below 1, radii that are not > 0, and a space that is no plane without period.
    """

    holes: Sequence[Sequence[float]]
    orders: int = 6
    powers: int = 3

    def __post_init__(self) -> None:
        if not self.holes or min(self.orders, self.powers) < 1:
            raise ValueError("HolePowers needs a hole at least, orders >= 1 and powers >= 1.")
        if any(len(hole) != 3 or not 0 < hole[2] < math.inf for hole in self.holes):
            raise ValueError(f"HolePowers has holes (x, y, R), R > 0, got {self.holes}.")

    @property
    def width(self) -> int:
        """The number of functions."""
        return len(self.holes) * (1 + 2 * self.orders) * self.powers * (self.powers + 1) // 2

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        return _Multipoles(self, space.plane_size(type(self).__name__))


class _Multipoles(FeatureMap):
    holes: Tensor

    def __init__(self, family: HolePowers, size: float) -> None:
        super().__init__()
        self.size, self.orders, self.powers, self.width = size, family.orders, family.powers, family.width
        self.register_buffer("holes", torch.tensor([list(hole) for hole in family.holes], dtype=torch.float64))

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        y = x[..., None, :] - self.holes[:, :2]
        a, b = y.unbind(-1)
        s = a**2 + b**2
        # Powers of R/z = R (a − ib)/r², one after the other.
        real, imaginary = self.holes[:, 2] * a / s, -self.holes[:, 2] * b / s
        waves, cos, sin = [torch.log(s / self.holes[:, 2] ** 2) / 2], real, imaginary
        for _ in range(self.orders):
            waves += [cos, sin]
            cos, sin = cos * real - sin * imaginary, cos * imaginary + sin * real
        return with_monomials(torch.stack(waves, -1), a / self.size, b / self.size, self.powers)
