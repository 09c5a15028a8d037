"""The incompressible Navier–Stokes equations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain, PointSet
from pinn.operators import Strategy, jacobian, laplacian
from pinn.pdes.condition import Condition, dirichlet, interior, point_value
from pinn.pdes.pde import PDE, require_positive
from pinn.pdes.solutions.flows import Kovasznay
from pinn.references import CavityFlow, LidCorners
from pinn.typing import Field


@dataclass(frozen=True)
class NavierStokes(PDE):
    """Steady flow in the plane, λ(v·∇)v + ∇p − Δv/Re = 0 and ∇·v = 0 in Ω; Re = `reynolds`.

    λ = `advection` is 1 in nature; it is there to be found from data (Raissi, Perdikaris & Karniadakis 2019,
    Section 4.1.1), and `exact` has it as 1. u = (v₁, v₂, p). The velocity is prescribed on ∂Ω by `exact`, and the
    pressure at one corner of the bounding box, since it is defined up to a constant. `penalty` weighs the boundary
    condition if it is soft. Raises ValueError unless reynolds and penalty are > 0.
    """

    domain: Domain = Box((-0.5, -0.5), (1.0, 1.5))
    reynolds: float = 40.0
    advection: float = 1.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    components: ClassVar[int] = 3
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}

    def __post_init__(self) -> None:
        require_positive(self, "reynolds", "penalty")
        if self.domain.dim != 2:
            raise ValueError(f"NavierStokes describes flow in the plane, got a domain with d={self.domain.dim}.")
        if self.exact is None:
            object.__setattr__(self, "exact", Kovasznay(self.reynolds))

    @property
    def names(self) -> tuple[str, ...]:
        return ("v_1", "v_2", "p")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return momentum_and_mass(u, x, self.reynolds, strategy, self.advection)

    def conditions(self) -> tuple[Condition, ...]:
        assert self.exact is not None
        corner = self.domain.bounds[0]
        return (
            interior(self.domain, self.residual),
            dirichlet(Boundary(self.domain), self.exact, weight=self.penalty, components=(0, 1)),
            point_value(PointSet((corner,)), self.exact, name="pressure", components=(2,)),
        )


@dataclass(frozen=True)
class LidDrivenCavity(PDE):
    """Steady flow in the unit square whose lid y = 1 moves by 4x(1 − x) to the right; the other walls rest.

    The equations are those of `NavierStokes`, u = (v₁, v₂, p), with p = 0 at the middle of the floor. `exact` is a
    computed reference; errors are those of the velocity, since the pressure is singular in the lid's corners. `penalty`
    weighs the boundary condition if it is soft. With `corners` what is singular there is known (`LidCorners`), and the
    field is the rest. Raises ValueError unless reynolds and penalty are > 0.
    """

    reynolds: float = 100.0
    exact: Field | None = None
    hard: bool = True
    penalty: float = 1.0
    corners: bool = False
    domain: Box = Box((0.0, 0.0), (1.0, 1.0))
    components: ClassVar[int] = 3
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}
    scored: ClassVar[tuple[int, ...]] = (0, 1)

    def __post_init__(self) -> None:
        require_positive(self, "reynolds", "penalty")
        if self.domain != Box((0.0, 0.0), (1.0, 1.0)):
            raise ValueError(f"LidDrivenCavity lives in the unit square, got the domain {self.domain}.")
        if self.exact is None:
            object.__setattr__(self, "exact", CavityFlow(self.reynolds))

    @property
    def known(self) -> Field | None:
        return LidCorners((0.0, 0.0), (4.0, 4.0), self.reynolds) if self.corners else None

    @property
    def names(self) -> tuple[str, ...]:
        return ("v_1", "v_2", "p")

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return momentum_and_mass(u, x, self.reynolds, strategy)

    def walls(self, x: Tensor) -> Tensor:
        """A field with the velocity of the walls at the walls."""
        lid = 4 * x[0] * (1 - x[0]) * x[1]
        return torch.stack([lid, 0 * lid, 0 * lid])

    def conditions(self) -> tuple[Condition, ...]:
        floor = PointSet(((0.5, 0.0),))
        return (
            interior(self.domain, self.residual),
            dirichlet(Boundary(self.domain), self.walls, weight=self.penalty, components=(0, 1)),
            point_value(floor, lambda x: 0 * self.walls(x), name="pressure", components=(2,)),
        )


def momentum_and_mass(u: Field, x: Tensor, reynolds: float, strategy: Strategy, advection: float = 1.0) -> Tensor:
    """(λ(v·∇)v + ∇p − Δv/Re, ∇·v) for u = (v, p) in the plane."""
    v = u(x)[:2]
    grad_u = jacobian(u, x, strategy)
    grad_v, grad_p = grad_u[:2], grad_u[2]
    momentum = advection * (grad_v @ v) + grad_p - laplacian(u, x, strategy)[:2] / reynolds
    return torch.cat([momentum, grad_v.trace().unsqueeze(0)])
