"""Coefficients that are found together with the solution: further components of the field that a network gives."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.networks.mlp import MLP
from pinn.typing import Params


@dataclass(frozen=True)
class Unknown:
    """An unknown coefficient: a number, or with `field` a function of the point.

    It begins at `initial` and stays above `lower` and below `upper`, by the transforms of a free number θ

        initial + s θ,   lower + (initial − lower) e^θ,   lower + (upper − lower) σ(θ + θ₀)

    with s = |initial|, 1 for a number that begins at 0, and σ the logistic function: in other units all is the same. A
    field has θ(x) from a network of its own, of `width` and `depth`. Raises ValueError unless lower < initial < upper,
    and for an upper bound alone.
    """

    initial: float = 1.0
    lower: float | None = None
    upper: float | None = None
    field: bool = False
    width: int = 16
    depth: int = 2

    def __post_init__(self) -> None:
        lower = -math.inf if self.lower is None else self.lower
        upper = math.inf if self.upper is None else self.upper
        if self.width < 1 or self.depth < 1:
            raise ValueError(f"Unknown needs width >= 1 and depth >= 1, got width={self.width} and depth={self.depth}.")
        if self.upper is not None and not math.isfinite(self.upper):
            raise ValueError(f"Unknown needs a finite upper bound, or null for none, got upper={self.upper}.")
        if not lower < self.initial < upper:
            raise ValueError(f"Unknown needs lower < initial < upper, got {lower}, {self.initial} and {upper}.")
        if self.lower is None and self.upper is not None:
            raise ValueError(f"Unknown takes an upper bound together with a lower one, got upper={self.upper} alone.")

    def value(self, theta: Tensor) -> Tensor:
        """The coefficient from the free number θ, of any shape; `initial` at θ = 0."""
        if self.lower is None:
            return self.initial + (abs(self.initial) or 1.0) * theta
        if self.upper is None:
            return self.lower + (self.initial - self.lower) * torch.exp(theta)
        share = (self.initial - self.lower) / (self.upper - self.lower)
        return self.lower + (self.upper - self.lower) * torch.sigmoid(theta + math.log(share / (1 - share)))


class Constant(nn.Module):
    """A number θ at every point, zero at first, as the weight of a linear layer: derivatives by layers include it."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(0 * x[..., :1] + 1, self.weight)


class WithUnknowns(nn.Module):
    """The components of `network`, followed by one for each unknown: x of shape (…, d) gives (…, m + n).

    A field of unknowns begins at its initial value: the last layer of its network starts at zero.
    """

    def __init__(
        self, network: nn.Module, unknowns: Mapping[str, Unknown], inputs: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.network, self.unknowns = network, dict(unknowns)
        self.free = nn.ModuleDict({name: _free(unknown, inputs, generator) for name, unknown in unknowns.items()})

    def forward(self, x: Tensor) -> Tensor:
        value = self.network(x)
        parts = [value if value.ndim == x.ndim else value.unsqueeze(-1)]
        parts += [unknown.value(self.free[name](x)) for name, unknown in self.unknowns.items()]
        return torch.cat(parts, -1)

    def values(self, params: Params) -> dict[str, float]:
        """The unknown numbers, fields left out, at other parameters of the whole network."""
        return {
            name: float(unknown.value(_number(params, name, self.free[name]).detach()))
            for name, unknown in self.unknowns.items()
            if not unknown.field
        }


def _number(params: Params, name: str, own: nn.Module) -> Tensor:
    """θ of an unknown number, its own if it is not among the parameters that are trained."""
    assert isinstance(own, Constant)
    return params.get(f"free.{name}.weight", own.weight)


def _free(unknown: Unknown, inputs: int, generator: torch.Generator | None) -> nn.Module:
    if not unknown.field:
        return Constant()
    network = MLP(inputs, 1, width=unknown.width, depth=unknown.depth, generator=generator)
    last = network.layers[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    return network
