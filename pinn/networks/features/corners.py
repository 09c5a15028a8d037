"""Sines of the logarithm of the distance to a corner, and of the angle there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space

_NEAREST = 1e-24


@dataclass(frozen=True)
class CornerSines(Family):
    """rˢ sin(a log r + bθ + c) at each of the named `corners` of a plane domain, `width` for each of them.

    r and θ are polar coordinates there; `radial` bounds a, `angular` bounds b, and s is the `power`. Such functions
    resolve what is singular in a corner at all scales. r is divided by the size of the space. θ has its jump along the
    ray that leaves the corner away from the middle of the space. Raises ValueError for a width below 1, no corners,
    bounds that are negative, and a space that is no plane without period.
    """

    corners: Sequence[Sequence[float]]
    width: int = 50
    radial: float = 4.0
    angular: float = 7.0
    power: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1 or not self.corners or min(self.radial, self.angular) < 0:
            raise ValueError("CornerSines needs width >= 1, a corner at least, radial >= 0 and angular >= 0.")
        if any(len(corner) != 2 for corner in self.corners):
            raise ValueError(f"CornerSines has corners of a plane, two numbers each, got {self.corners}.")

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        size = space.plane_size("CornerSines")
        shape = (len(self.corners), self.width, 3)
        draw = 2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1
        scale = torch.tensor([self.radial, self.angular, math.pi], dtype=torch.float64)
        lower, upper = (torch.tensor(list(bound), dtype=torch.float64) for bound in (space.lower, space.upper))
        corners = torch.tensor([list(corner) for corner in self.corners], dtype=torch.float64)
        inwards = (lower + upper) / 2 - corners
        turn = torch.atan2(inwards[:, 1], inwards[:, 0])
        return _Corners(corners, turn, draw * scale, size, self.power)


class _Corners(FeatureMap):
    corners: Tensor
    turn: Tensor
    numbers: Tensor

    def __init__(self, corners: Tensor, turn: Tensor, numbers: Tensor, size: float, power: float) -> None:
        super().__init__()
        self.size, self.power, self.width = size, power, numbers.shape[0] * numbers.shape[1]
        self.register_buffer("corners", corners)
        self.register_buffer("turn", turn)
        self.register_buffer("numbers", numbers)

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        y = (x[..., None, :] - self.corners) / self.size
        cos, sin = torch.cos(self.turn), torch.sin(self.turn)
        u, v = y[..., 0] * cos + y[..., 1] * sin, y[..., 1] * cos - y[..., 0] * sin
        s = u**2 + v**2 + _NEAREST
        log_r = torch.log(s) / 2
        # tan θ/2 = v/(r + u), without a jump but opposite to the inside.
        angle = 2 * torch.atan(v / (torch.sqrt(s) + u))
        a, b, c = self.numbers.unbind(-1)
        functions = torch.sin(a * log_r[..., None] + b * angle[..., None] + c)
        if self.power:
            functions = functions * torch.exp(self.power * log_r)[..., None]
        return functions.reshape(*functions.shape[:-2], -1)
