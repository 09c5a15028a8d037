"""A linear space of random functions that no training has seen."""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from pinn.domains import Domain, Interior
from pinn.networks.layers import Bounds, Rescaling
from pinn.typing import Points

STEEPEST = 100.0
"""The largest slope of a step on [−1, 1]^d: what is steeper is not resolved."""


class RandomFeatures(nn.Module):
    """A linear layer on fixed random functions: sines, and steps tanh(w·(x̂ − x̂_i)) through given centers.

    Half are sines of angular frequencies up to `frequency` on [−1, 1]^d; the others resolve what is steep: their
    slopes are spread evenly in the logarithm from 1 to `steepest`, their directions are uniform.
    """

    def __init__(
        self,
        bounds: Bounds,
        outputs: int | None,
        width: int,
        frequency: float,
        steepest: float,
        centers: Tensor,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        d, half = len(bounds[0]), width // 2
        self.rescale = Rescaling(d, bounds).double()
        self.inner, self.layer = _linear(d, width), _linear(width, outputs or 1)
        self.waves, self.outputs = half, outputs
        with torch.no_grad():
            waves = (2 * torch.rand(half, d, generator=generator, dtype=torch.float64) - 1) * frequency / d
            phases = (2 * torch.rand(half, generator=generator, dtype=torch.float64) - 1) * math.pi
            normals = torch.randn(width - half, d, generator=generator, dtype=torch.float64)
            slopes = steepest ** torch.rand(width - half, 1, generator=generator, dtype=torch.float64)
            steps = normals / normals.norm(dim=1, keepdim=True) * slopes
            x = self.rescale(centers[torch.arange(width - half) % len(centers)].cpu())
            self.inner.weight.copy_(torch.cat([waves, steps]))
            self.inner.bias.copy_(torch.cat([phases, -(steps * x).sum(1)]))
            self.layer.weight.zero_()
            self.layer.bias.zero_()

    def features(self, x: Tensor) -> Tensor:
        """The values of all functions, shape (…, width)."""
        z = self.inner(self.rescale(x))
        return torch.cat([torch.sin(z[..., : self.waves]), torch.tanh(z[..., self.waves :])], -1)

    def forward(self, x: Tensor) -> Tensor:
        value = self.layer(self.features(x))
        return value[..., 0] if self.outputs is None else value


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A layer without the weights that torch would draw: its generator is the user's."""
    return cast(nn.Linear, skip_init(nn.Linear, inputs, outputs, dtype=torch.float64))


def points_within(domain: Domain, n: int, like: Tensor, seed: int = 0) -> Points:
    """n uniform points of the domain, the same for the same seed, in the dtype and on the device of `like`."""
    generator = torch.Generator().manual_seed(seed)
    sample = Interior(domain).sample(n, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))
    return sample[0].to(like)
