"""Powers of the distance to a corner times sines of the angle there: what is singular in the corners of a domain."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space, with_monomials

_NEAREST = 1e-28
_INTEGER = 1e-9


@dataclass(frozen=True)
class WedgePowers(Family):
    """xⁱyʲ r^α sin αθ and xⁱyʲ r^α cos αθ, α = kπ/2ω, at each corner: k from 1 to `orders`, i + j below `powers`.

    A corner is (x, y, direction, ω): the direction of one edge, from which the angle θ is measured into the domain, and
    the angle ω of the wedge there; the powers are those of its own coordinates. For i = j = 0 and even k they solve
    Laplace's equation with values or fluxes that vanish on both edges, for odd k with a value on one and a flux on the
    other (Grisvard 1985, Section 2.3; Fox, Henrici & Moler 1967). Where α is an integer they are polynomials, and in
    their place stand Im and Re of z^α log z, r^α (log r sin αθ + θ cos αθ) and r^α (log r cos αθ − θ sin αθ), which
    sources make there. So the solution of an elliptic equation of second order is a smooth function and a sum of such
    functions times smooth ones. r is divided by the size of the space; θ has its jump along the ray in the middle of
    the outside, where no point of the domain may lie. Raises ValueError without corners, for numbers below 1, angles
    that are not between 0 and 2π, and a space that is no plane without period.
    """

    corners: Sequence[Sequence[float]]
    orders: int = 6
    powers: int = 3

    def __post_init__(self) -> None:
        if not self.corners or min(self.orders, self.powers) < 1:
            raise ValueError("WedgePowers needs a corner at least, orders >= 1 and powers >= 1.")
        if any(len(corner) != 4 or not 0 < corner[3] <= 2 * math.pi for corner in self.corners):
            raise ValueError(f"WedgePowers has corners (x, y, direction, angle), 0 < angle <= 2π, got {self.corners}.")

    @property
    def width(self) -> int:
        """The number of functions."""
        return self.powers * (self.powers + 1) * self.orders * len(self.corners)

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        return _Wedges(self, space.plane_size(type(self).__name__))


class _Wedges(FeatureMap):
    corners: Tensor
    exponents: Tensor
    whole: Tensor

    def __init__(self, family: WedgePowers, size: float) -> None:
        super().__init__()
        self.size, self.powers, self.width = size, family.powers, family.width
        corners = torch.tensor([list(corner) for corner in family.corners], dtype=torch.float64)
        orders = torch.arange(1, family.orders + 1, dtype=torch.float64)
        exponents = orders * math.pi / (2 * corners[:, 3:])
        whole = (exponents - exponents.round()).abs() < _INTEGER
        self.register_buffer("corners", corners)
        self.register_buffer("exponents", torch.where(whole, exponents.round(), exponents))
        self.register_buffer("whole", whole)

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        y = (x[..., None, :] - self.corners[:, :2]) / self.size
        middle = self.corners[:, 2] + self.corners[:, 3] / 2
        cos, sin = torch.cos(middle), torch.sin(middle)
        u, v = y[..., 0] * cos + y[..., 1] * sin, y[..., 1] * cos - y[..., 0] * sin
        s = u**2 + v**2 + _NEAREST
        # tan φ/2 = v/(r + u) for the angle φ from the middle, without a jump but opposite to the inside.
        angle = (2 * torch.atan(v / (torch.sqrt(s) + u)) + self.corners[:, 3] / 2)[..., None]
        log_r = torch.log(s)[..., None] / 2
        r, odd, even = (
            torch.exp(self.exponents * log_r),
            torch.sin(self.exponents * angle),
            torch.cos(self.exponents * angle),
        )
        first = torch.where(self.whole, log_r * odd + angle * even, odd)
        second = torch.where(self.whole, log_r * even - angle * odd, even)
        return with_monomials(torch.cat([r * first, r * second], -1), u, v, self.powers)
