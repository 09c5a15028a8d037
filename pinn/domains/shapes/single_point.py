"""No space at all: the domain of zero dimensions, whose product with time is an interval of time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.typing import Field, Points


@dataclass(frozen=True)
class SinglePoint(Domain):
    """The space R⁰, one point without coordinates. `TimeDomain(T, SinglePoint())` is where an ODE lives.

    >>> SinglePoint().dim, SinglePoint().measure
    (0, 1.0)
    """

    @property
    def dim(self) -> int:
        return 0

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (), ()

    @property
    def measure(self) -> float:
        return 1.0

    @property
    def boundary_measure(self) -> float:
        return 0.0

    @property
    def interior_sample_dim(self) -> int:
        return 1  # no generator draws none

    def interior(self, u: Tensor) -> Points:
        return u[:, :0]

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        """Raises ValueError: there is none."""
        raise ValueError("SinglePoint is a space without coordinates and has no boundary.")

    def contains(self, x: Tensor) -> Tensor:
        return torch.ones(x.shape[:-1], dtype=torch.bool, device=x.device)

    def distance(self, x: Tensor) -> Tensor:
        return x.new_ones(x.shape[:-1])

    def extend(self, g: Field) -> Field:
        return g

    @property
    def tags(self) -> tuple[str, ...]:
        return ()
