"""The multilayer perceptron."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sin": torch.sin,
    "silu": nn.functional.silu,
    "gelu": nn.functional.gelu,
    "softplus": nn.functional.softplus,
    "sigmoid": torch.sigmoid,
}
"""Smooth activations: a PDE of second order sees the second derivative, which relu does not have."""


class MLP(nn.Module):
    """`depth` hidden layers of `width` neurons, x ↦ W_{L+1} σ(W_L … σ(W_1 x̂ + b_1) …) + b_{L+1}.

    `inputs` is the number of coordinates d, `outputs` the number of components, None for a scalar field; x of shape
    (…, d) gives (…) or (…, outputs). With `bounds`, x̂ = 2(x − lower)/(upper − lower) − 1 maps the box to [−1, 1]^d.
    Weights are Glorot normal (Glorot & Bengio 2010), biases zero, from `generator`. Raises ValueError for counts
    below 1 and an unknown activation.

    >>> MLP(inputs=2, width=8, depth=2)(torch.zeros(5, 2)).shape
    torch.Size([5])
    """

    center: Tensor
    scale: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        width: int = 32,
        depth: int = 3,
        activation: str = "tanh",
        bounds: tuple[Sequence[float], Sequence[float]] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        components = 1 if outputs is None else outputs
        for name, count in (("inputs", inputs), ("outputs", components), ("width", width), ("depth", depth)):
            if count < 1:
                raise ValueError(f"MLP needs {name} >= 1, got {name}={count}.")
        if activation not in ACTIVATIONS:
            raise ValueError(f"MLP does not know activation={activation!r}; choose one of {', '.join(ACTIVATIONS)}.")
        sizes = [inputs, *[width] * depth, components]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        for parameters in self.layers.parameters():
            if parameters.dim() == 2:
                nn.init.xavier_normal_(parameters, generator=generator)
            else:
                nn.init.zeros_(parameters)
        lower, upper = bounds if bounds is not None else ([-1.0] * inputs, [1.0] * inputs)
        lower, upper = torch.tensor(lower, dtype=torch.float64), torch.tensor(upper, dtype=torch.float64)
        self.register_buffer("center", ((lower + upper) / 2).to(torch.get_default_dtype()))
        self.register_buffer("scale", (2 / (upper - lower)).to(torch.get_default_dtype()))
        self.activation = activation
        self.scalar = outputs is None

    def forward(self, x: Tensor) -> Tensor:
        sigma = ACTIVATIONS[self.activation]
        h = (x - self.center) * self.scale
        for layer in self.layers[:-1]:
            h = sigma(layer(h))
        h = self.layers[-1](h)
        return h[..., 0] if self.scalar else h
