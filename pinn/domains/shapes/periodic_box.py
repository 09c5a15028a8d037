"""The box whose opposite faces are one: periodic coordinates, no boundary."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.typing import Field, Points


@dataclass(frozen=True)
class PeriodicBox(Domain):
    """The torus [a₁, b₁] × … × [a_d, b_d] with opposite faces identified.

    Fields are periodic exactly, in value and in all derivatives, since the network sees
    (cos ω_i(x_i − a_i), sin ω_i(x_i − a_i)) with ω_i = 2π/(b_i − a_i) for each x_i (Dong & Ni 2021, eq. 4).
    Raises ValueError unless lower < upper in every coordinate.

    >>> PeriodicBox(lower=(0,), upper=(4,)).embed(torch.tensor([1.0]))
    tensor([-4.3711e-08,  1.0000e+00])
    """

    lower: Sequence[float] = (-1.0,)
    upper: Sequence[float] = (1.0,)

    def __post_init__(self) -> None:
        box = Box(self.lower, self.upper)
        object.__setattr__(self, "lower", box.lower)
        object.__setattr__(self, "upper", box.upper)

    @property
    def dim(self) -> int:
        return len(self.lower)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(self.lower), tuple(self.upper)

    @property
    def measure(self) -> float:
        return Box(self.lower, self.upper).measure

    @property
    def boundary_measure(self) -> float:
        return 0.0

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        return Box(self.lower, self.upper).interior(u)

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        """There is none: every candidate is a miss."""
        x = u.new_full((u.shape[0], self.dim), math.nan)
        return x, x

    def contains(self, x: Tensor) -> Tensor:
        return Box(self.lower, self.upper).contains(x)

    def distance(self, x: Tensor) -> Tensor:
        """One everywhere: there is no boundary to come near to."""
        return torch.ones_like(x[..., 0])

    def extend(self, g: Field) -> Field:
        """Zero, and g is not asked."""
        return lambda x: torch.zeros_like(x[..., 0])

    @property
    def tags(self) -> tuple[str, ...]:
        return ()

    def embed(self, x: Tensor) -> Tensor:
        frequency = x.new_tensor([2 * math.pi / (b - a) for a, b in zip(self.lower, self.upper, strict=True)])
        angle = (x - x.new_tensor(self.lower)) * frequency
        return torch.cat([torch.cos(angle), torch.sin(angle)], -1)

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0,) * (2 * self.dim), (1.0,) * (2 * self.dim)

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        return tuple((k, k + self.dim) for k in range(self.dim))
