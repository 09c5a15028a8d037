"""A linear space of random functions that no training has seen."""

import math

import torch
from torch import Tensor, nn

from pinn.networks.features import FeatureMap
from pinn.networks.layers import Bounds, Rescaling

STEEPEST = 100.0
"""The largest slope of a step on [−1, 1]^d: what is steeper is not resolved."""
OF_VALUES = 4.0
"""The largest angular frequency along a value that the functions take as a further coordinate."""


class RandomFeatures(nn.Module):
    """A linear layer on fixed random functions: sines, and steps tanh(w·(x̂ − x̂_i)) through given centers.

    Half are sines of angular frequencies up to `frequency` on [−1, 1]^d; the others resolve what is steep: their
    slopes are spread evenly in the logarithm from 1 to `steepest`, their directions are uniform. Every other function
    also takes `values` further coordinates, those of a field v(x) scaled to [−1, 1]: what is as steep as v is, such as
    its derivative across a front, is a smooth function of x and v. The functions are those of `draw`; before, all are
    zero. x of shape (…, d) and v of shape (…, values) give (…) or (…, outputs). The functions of `more` come on top of
    the `width` others.
    """

    center: Tensor
    scale: Tensor

    def __init__(
        self, bounds: Bounds, outputs: int | None, width: int, values: int = 0, more: FeatureMap | None = None
    ) -> None:
        super().__init__()
        d = len(bounds[0])
        self.rescale = Rescaling(d, bounds).double()
        self.inner, self.more = _linear(d + values, width), more
        self.layer = _linear(width + (more.width if more else 0), outputs or 1)
        self.waves, self.outputs, self.values = width // 2, outputs, values
        if values:
            self.register_buffer("center", torch.zeros(values, dtype=torch.float64))
            self.register_buffer("scale", torch.ones(values, dtype=torch.float64))

    def draw(
        self,
        frequency: float,
        steepest: float,
        centers: Tensor,
        generator: torch.Generator,
        values: Tensor | None = None,
    ) -> "RandomFeatures":
        """Draw the functions anew, with the centers (n, d) and the values of v there, (n, values); all weigh zero."""
        width, d, half = int(self.inner.out_features), len(self.rescale.center), self.waves
        x = self.rescale(centers.cpu())
        if values is not None:
            low, high = values.amin(0), values.amax(0)
            self.center.copy_((low + high) / 2)
            self.scale.copy_(torch.where(high > low, 2 / (high - low), 0.0))
            x = torch.cat([x, (values.cpu() - self.center) * self.scale], 1)
        waves = (2 * torch.rand(half, d, generator=generator, dtype=torch.float64) - 1) * frequency / d
        phases = (2 * torch.rand(half, generator=generator, dtype=torch.float64) - 1) * math.pi
        normals = torch.randn(width - half, d, generator=generator, dtype=torch.float64)
        slopes = steepest ** torch.rand(width - half, 1, generator=generator, dtype=torch.float64)
        if self.values:
            more = torch.randn(width - half, self.values, generator=generator, dtype=torch.float64)
            more[::2] = 0.0
            normals = torch.cat([normals, more], 1)
            more = 2 * torch.rand(half, self.values, generator=generator, dtype=torch.float64) - 1
            more[::2] = 0.0
            waves = torch.cat([waves, more * OF_VALUES], 1)
        steps = normals / normals.norm(dim=1, keepdim=True) * slopes
        x = x[torch.arange(width - half) % len(x)]
        with torch.no_grad():
            self.inner.weight.copy_(torch.cat([waves, steps]))
            self.inner.bias.copy_(torch.cat([phases, -(steps * x).sum(1)]))
            self.layer.weight.zero_()
            self.layer.bias.zero_()
        return self

    def features(self, x: Tensor, values: Tensor | None = None) -> Tensor:
        """The values of all functions, shape (…, width)."""
        z = self.rescale(x)
        if values is not None:
            z = torch.cat([z, (values - self.center) * self.scale], -1)
        z = self.inner(z)
        found = [torch.sin(z[..., : self.waves]), torch.tanh(z[..., self.waves :])]
        return torch.cat(found if self.more is None else [*found, self.more(x)], -1)

    def forward(self, x: Tensor, values: Tensor | None = None) -> Tensor:
        value = self.layer(self.features(x, values))
        return value[..., 0] if self.outputs is None else value


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A layer of zeros, without the weights that torch would draw: its generator is the user's."""
    layer = nn.Linear(inputs, outputs, device="meta", dtype=torch.float64)
    # By hand, since `Module.to_empty`, and so torch's skip_init, loads SymPy: half a second at the start of each run.
    layer.weight = nn.Parameter(torch.zeros(outputs, inputs, dtype=torch.float64))
    layer.bias = nn.Parameter(torch.zeros(outputs, dtype=torch.float64))
    return layer
