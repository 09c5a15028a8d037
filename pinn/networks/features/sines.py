"""Sines with random frequencies and phases."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space, numbers


@dataclass(frozen=True)
class RandomSines(Family):
    """sin(w·x̂ + b), the random feature method (Rahimi & Recht 2007; Chen, Chi, E & Yang 2022), `width` of them.

    x̂ is the input scaled to [−1, 1]. `frequency` bounds the angular frequency, one number for all coordinates or one
    for each: w is uniform up to it. A periodic coordinate enters as a cos θ + b sin θ with (a, b) uniform in the disc
    of that radius, whose harmonics reach about as far. Raises ValueError for a width below 1 and other frequencies.
    """

    width: int = 400
    frequency: float | Sequence[float] = 10.0

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"RandomSines needs width >= 1, got width={self.width}.")

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        largest = numbers(self.frequency, len(space.axes), "frequency")
        draw = torch.rand(self.width, len(space.lower) + 1, generator=generator, dtype=torch.float64)
        weight = torch.empty(self.width, len(space.lower), dtype=torch.float64)
        bias = 2 * math.pi * draw[:, -1]
        for columns, frequency in zip(space.axes, largest, strict=True):
            if len(columns) == 2:
                radius, angle = frequency * draw[:, columns[0]].sqrt(), 2 * math.pi * draw[:, columns[1]]
                weight[:, columns[0]], weight[:, columns[1]] = radius * torch.cos(angle), radius * torch.sin(angle)
            else:
                (column,) = columns
                low, high = space.lower[column], space.upper[column]
                weight[:, column] = frequency * (2 * draw[:, column] - 1) * 2 / (high - low)
                bias -= weight[:, column] * (low + high) / 2
        return _Sines(weight, bias)


class _Sines(FeatureMap):
    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.width = len(bias)
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        return torch.sin(torch.nn.functional.linear(x, self.weight, self.bias))
