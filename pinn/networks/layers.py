"""Parts that networks are made of: scaling of the inputs, linear layers, activations, Fourier features."""

import math
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

Bounds = tuple[Sequence[float], Sequence[float]]
"""Lower and upper corner of the box that holds the inputs."""


class Rescaling(nn.Module):
    """x ↦ 2(x − lower)/(upper − lower) − 1: the box between `bounds` to [−1, 1]^d; without bounds the identity."""

    center: Tensor
    scale: Tensor

    def __init__(self, inputs: int, bounds: Bounds | None) -> None:
        super().__init__()
        self.given = bounds is not None
        lower, upper = bounds if bounds is not None else ([-1.0] * inputs, [1.0] * inputs)
        if not len(lower) == len(upper) == inputs:
            raise ValueError(f"A network of {inputs} inputs needs as many bounds, got {len(lower)} and {len(upper)}.")
        center, scale = _center_and_scale((lower, upper))
        self.register_buffer("center", center.to(torch.get_default_dtype()))
        self.register_buffer("scale", scale.to(torch.get_default_dtype()))

    def fit(self, bounds: Bounds) -> None:
        """Take these bounds if none were given. Raises ValueError for another number of coordinates."""
        if not self.given:
            if len(bounds[0]) != len(self.center):
                raise ValueError(f"A network of {len(self.center)} inputs cannot take {len(bounds[0])} coordinates.")
            center, scale = _center_and_scale(bounds)
            self.center.copy_(center)
            self.scale.copy_(scale)
            self.given = True

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.center) * self.scale


def _center_and_scale(bounds: Bounds) -> tuple[Tensor, Tensor]:
    low, high = (torch.tensor(bound, dtype=torch.float64) for bound in bounds)
    return (low + high) / 2, 2 / (high - low)


class FactorizedLinear(nn.Module):
    """W = diag(eˢ) V, random weight factorisation (Wang, Wang, Seidman & Perdikaris 2022, arXiv:2210.01274).

    W begins as `weight`, with s normal of mean ½ and deviation 0.1: a learning rate of its own for each neuron.
    """

    def __init__(self, weight: Tensor, bias: Tensor, generator: torch.Generator | None) -> None:
        super().__init__()
        s = 0.5 + 0.1 * torch.randn(weight.shape[0], generator=generator, dtype=weight.dtype)
        self.s = nn.Parameter(s)
        self.V = nn.Parameter(weight / s.exp()[:, None])
        self.bias = nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, torch.exp(self.s)[:, None] * self.V, self.bias)


class FourierEmbedding(nn.Module):
    """x ↦ (cos 2πBx, sin 2πBx) with a fixed B of `features` rows, normal of deviation `scale` (Tancik et al. 2020)."""

    B: Tensor

    def __init__(self, inputs: int, features: int, scale: float, generator: torch.Generator | None) -> None:
        super().__init__()
        self.register_buffer("B", 2 * math.pi * scale * torch.randn(features, inputs, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        angle = nn.functional.linear(x, self.B)
        return torch.cat([torch.cos(angle), torch.sin(angle)], -1)


def dense(inputs: int, outputs: int, generator: torch.Generator | None, *, factorized: bool = False) -> nn.Module:
    """A linear layer with Glorot normal weights (Glorot & Bengio 2010) and zero biases."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return FactorizedLinear(layer.weight.detach(), layer.bias.detach(), generator) if factorized else layer


def perceptron(sizes: Sequence[int], generator: torch.Generator | None, *, factorized: bool = False) -> nn.ModuleList:
    """Linear layers from each of the sizes to the next, for `propagate`."""
    return nn.ModuleList(dense(a, b, generator, factorized=factorized) for a, b in pairwise(sizes))


def propagate(layers: nn.ModuleList, activation: str, h: Tensor) -> Tensor:
    """W_L σ(… σ(W_1 h + b_1) …) + b_L: the activation σ behind all layers but the last."""
    sigma = ACTIVATIONS[activation]
    for layer in layers[:-1]:
        h = sigma(layer(h))
    return layers[-1](h)


MOST_LAYERS, MOST_WEIGHTS = 1000, 10**8


def check(name: str, activation: str = "tanh", **counts: int | None) -> None:
    """Raise ValueError for a count below 1, a network too large to be trained, or an unknown activation."""
    for key, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{name} needs {key} >= 1, got {key}={count}.")
    given = {key: count or 1 for key, count in counts.items()}
    layers = given.get("depth", 3 * given.get("blocks", 0) + 1)
    if layers > MOST_LAYERS:
        raise ValueError(f"{name} has {MOST_LAYERS} layers at most, got {counts}.")
    width, inner = given["width"], layers - 1
    weights = width * (given["inputs"] + given["outputs"] + 2 * given.get("features", 0) + inner * width)
    if weights > MOST_WEIGHTS:
        raise ValueError(f"{name} has {MOST_WEIGHTS:.0e} weights at most; width={width} would make {weights:.0e}.")
    if activation not in ACTIVATIONS:
        raise ValueError(f"{name} does not know activation={activation!r}; choose one of {', '.join(ACTIVATIONS)}.")


def check_scale(name: str, key: str, value: float) -> None:
    """Raise ValueError for a scale or frequency that is not positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{name} needs a finite {key} > 0, got {key}={value}.")
