"""Incompressible flow in time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Box, PointSet, TimeDomain
from pinn.operators import Strategy, jacobian, laplacian, partials
from pinn.pdes.condition import Condition, interior, point_value
from pinn.pdes.evolution import initial_and_boundary_values
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.flows import Beltrami, TaylorGreen
from pinn.typing import Field


@dataclass(frozen=True)
class UnsteadyNavierStokes(PDE):
    """v_t + λ(v·∇)v + ∇p − Δv/Re = 0 and ∇·v = 0 on [0, T] × Ω in two or three dimensions; Re = `reynolds`.

    λ = `advection` is 1 in nature; it is there to be found from data (Raissi, Perdikaris & Karniadakis 2019,
    Section 4.1.1), and `exact` has it as 1. u = (v, p). Initial and boundary values of the velocity are those of
    `exact`, by default decaying vortices (Taylor & Green 1937) in the plane and Beltrami flow (Ethier & Steinman 1994)
    in space. The pressure, defined up to a function of time, is prescribed with the velocity, or with `free_pressure`
    in one corner of space alone, at 20 instants. `penalty` weighs the conditions if they are soft. Raises
    ValueError unless reynolds and penalty are > 0, and for space of other dimension.
    """

    domain: TimeDomain = TimeDomain(1.0, Box((0.0, 0.0), (math.pi, math.pi)))
    reynolds: float = 100.0
    advection: float = 1.0
    free_pressure: bool = False
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0

    def __post_init__(self) -> None:
        require_positive(self, "reynolds", "penalty")
        if self.domain.dim not in (3, 4):
            raise ValueError(f"UnsteadyNavierStokes needs two or three dimensions of space, got {self.domain.dim - 1}.")
        if self.exact is None:
            object.__setattr__(
                self, "exact", TaylorGreen(self.reynolds) if self.domain.dim == 3 else Beltrami(self.reynolds)
            )

    @property
    def components(self) -> int:
        return self.domain.dim

    @property
    def names(self) -> tuple[str, ...]:
        return (*(f"v_{k + 1}" for k in range(self.domain.dim - 1)), "p")

    @property
    def vectors(self) -> Mapping[str, tuple[int, ...]]:
        return {"velocity": tuple(range(self.domain.dim - 1))}

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        n = self.domain.dim - 1
        value, rate = partials(u, x, [(), (0,)], strategy)
        grad_u = jacobian(u, x, strategy)[:, 1:]
        diffusion = laplacian(u, x, strategy, axes=range(1, n + 1))[:n] / self.reynolds
        momentum = rate[:n] + self.advection * (grad_u[:n] @ value[:n]) + grad_u[n] - diffusion
        return torch.cat([momentum, grad_u[:n].trace().unsqueeze(0)])

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        n = self.domain.dim - 1
        values = initial_and_boundary_values(
            self.domain, self.exact, self.penalty, components=tuple(range(n)) if self.free_pressure else None
        )
        gauge = (self._gauge(self.exact, n),) if self.free_pressure else ()
        return (interior(self.domain, self.residual), *values, *gauge)

    def _gauge(self, exact: Field, n: int) -> Condition:
        corner = self.domain.space.bounds[0]
        instants = (self.domain.start + k / 19 * self.domain.duration for k in range(20))
        region = PointSet(tuple((t, *corner) for t in instants))
        return point_value(region, exact, name="pressure", weight=self.penalty, components=(n,))
