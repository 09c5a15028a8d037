"""Solutions that are not smooth: the corner of an L-shape."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class CornerSingularity:
    """u = r^{2/3} sin(2θ/3), harmonic and zero on both edges of an inner corner of 3π/2 at the origin.

    θ is counted from the edge along +x, so that the wedge 0 < θ < 3π/2 leaves out the fourth quadrant. ∇u is infinite
    in the corner (Grisvard 1985, Chapter 4).
    """

    def __call__(self, x: Tensor) -> Tensor:
        a, b = x[..., 0], x[..., 1]
        # The branch cut of atan2 is turned into the quadrant that is left out.
        half = 3 * math.pi / 4
        c, s = math.cos(half), math.sin(half)
        angle = torch.atan2(-s * a + c * b, c * a + s * b) + half
        return (a * a + b * b) ** (1 / 3) * torch.sin(2 / 3 * angle)
