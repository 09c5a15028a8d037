"""Two substances that react and diffuse: the model of Gray and Scott."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import PeriodicBox, TimeDomain
from pinn.operators import Strategy, laplacian, partials
from pinn.pdes.condition import Condition, interior, manufactured
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_positive
from pinn.typing import Field


def decaying_spots(x: Tensor) -> Tensor:
    """(a, b) = (1 − ½s, ¼s + ¼) with s = e^{−t} Π_i cos² πx_i: a pattern with the period 1."""
    s = torch.exp(-x[..., 0]) * (torch.cos(math.pi * x[..., 1:]) ** 2).prod(-1)
    return torch.stack([1 - s / 2, 0.25 + s / 4], -1)


@dataclass(frozen=True)
class GrayScott(PDE):
    """a_t = D_aΔa − ab² + F(1 − a) + f₁,   b_t = D_bΔb + ab² − (F + k)b + f₂ on [0, T] × Ω (Gray & Scott 1984).

    u = (a, b), F = `feed`, k = `kill`. Initial and boundary values and the sources f are those of `exact`. `penalty`
    weighs both if they are soft. Raises ValueError unless diffusivities, feed, kill and penalty are > 0.
    """

    domain: TimeDomain = TimeDomain(1.0, PeriodicBox((0.0,), (1.0,)))
    diffusivity_a: float = 0.02
    diffusivity_b: float = 0.01
    feed: float = 0.04
    kill: float = 0.06
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 2

    def __post_init__(self) -> None:
        require_positive(self, "diffusivity_a", "diffusivity_b", "feed", "kill", "penalty")
        if self.exact is None:
            object.__setattr__(self, "exact", decaying_spots)

    @property
    def names(self) -> tuple[str, ...]:
        return ("a", "b")

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        (a, b), u_t = partials(u, x, [(), (0,)], strategy)
        lap_a, lap_b = laplacian(u, x, strategy, axes=range(1, self.domain.dim))
        reaction = a * b**2
        rate_a = self.diffusivity_a * lap_a - reaction + self.feed * (1 - a)
        rate_b = self.diffusivity_b * lap_b + reaction - (self.feed + self.kill) * b
        return u_t - torch.stack([rate_a, rate_b]) - f

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        return (
            interior(self.domain, self.residual, source=manufactured(self.residual, self.exact)),
            *initial_and_boundary_values(self.domain, self.exact, self.penalty),
        )
