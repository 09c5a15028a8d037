"""A network of sines."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from pinn.networks.layers import Bounds, check_scale
from pinn.networks.network import Network


class Siren(Network):
    """x ↦ W_{L+1} sin(… sin(W_2 sin(ωW_1 x̂ + b_1) + b_2) …) + b_{L+1} (Sitzmann et al. 2020, arXiv:2006.09661).

    W_1 is uniform on ±1, so that ω = `frequency`, one number for all coordinates or one for each, is the largest
    angular frequency of the first layer in each coordinate on [−1, 1]^d, whatever their number; the further weights
    are uniform on ±√(6/width), which keeps the distribution of all activations alike. The phases
    b_1 are uniform on ±π, the other biases zero. `learn_frequency` trains ω. Shapes as for `MLP`. Raises ValueError for
    counts below 1 and a frequency that is not positive.

    >>> Siren(inputs=2, width=8, depth=2)(torch.zeros(5, 2)).shape
    torch.Size([5])
    """

    omega: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        width: int = 32,
        depth: int = 2,
        frequency: float | Sequence[float] = 5.0,
        learn_frequency: bool = False,
        bounds: Bounds | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(inputs, outputs, bounds, activation="sin", width=width, depth=depth)
        each = [frequency] * inputs if isinstance(frequency, (int, float)) else list(frequency)
        if len(each) != inputs:
            raise ValueError(f"Siren needs a frequency, or one for each of {inputs} inputs, got {len(each)} of them.")
        for one in each:
            check_scale("Siren", "frequency", one)
        sizes = [inputs, *[width] * depth, outputs or 1]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        for k, layer in enumerate(self.layers):
            bound = 1.0 if k == 0 else math.sqrt(6 / width)
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)  # pyright: ignore[reportArgumentType]
            nn.init.zeros_(layer.bias)  # pyright: ignore[reportArgumentType]
        nn.init.uniform_(self.layers[0].bias, -math.pi, math.pi, generator=generator)  # pyright: ignore
        omega = torch.tensor(float(each[0]) if len(set(each)) == 1 else [float(one) for one in each])
        if learn_frequency:
            self.omega = nn.Parameter(omega)
        else:
            # Into the weights, where it costs nothing.
            self.register_parameter("omega", None)
            with torch.no_grad():
                self.layers[0].weight.mul_(omega)  # pyright: ignore[reportCallIssue]

    def values(self, x: Tensor) -> Tensor:
        first, *hidden, last = self.layers
        h = torch.sin(first(x if self.omega is None else self.omega * x))
        for layer in hidden:
            h = torch.sin(layer(h))
        return last(h)
