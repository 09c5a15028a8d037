"""Solids: linear elasticity and a neo-Hookean material, both in plane strain."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Domain
from pinn.operators import Auto, Strategy, div, jacobian, sym_grad
from pinn.pdes.condition import Condition, Residual, dirichlet, interior, manufactured
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.typing import Field


@dataclass(frozen=True)
class SmoothDisplacement:
    """u = a (sin πx cos πy, cos πx sin πy + x y)."""

    amplitude: float = 0.1

    def __call__(self, x: Tensor) -> Tensor:
        (sx, sy), (cx, cy) = torch.sin(math.pi * x).unbind(-1), torch.cos(math.pi * x).unbind(-1)
        return self.amplitude * torch.stack([sx * cy, cx * sy + x[..., 0] * x[..., 1]], -1)


@dataclass(frozen=True)
class LinearElasticity(PDE):
    """−∇·σ = f in Ω ⊂ R², σ = λ tr(ε) I + 2με, ε = (∇u + ∇uᵀ)/2: small displacements u in plane strain.

    λ and μ (`lame_lambda`, `lame_mu`) are Lamé's constants. The traction σn is prescribed on the part `traction_on`
    of the boundary, u on all others; `traction_on=None` prescribes u everywhere. f and the data are those of
    `exact`. `penalty` weighs the boundary conditions if they are soft; that of the traction always is. With
    `ritz` training minimises the energy ∫ ½σ:ε − f·u − ∮ t·u in place of residual and traction. Raises ValueError
    unless lame_mu and penalty are > 0 and lame_lambda + lame_mu > 0, for d ≠ 2, and for a part that Ω does not
    have.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    lame_lambda: float = 1.0
    lame_mu: float = 0.5
    traction_on: str | None = "right"
    exact: Field = SmoothDisplacement()
    hard: bool = True
    penalty: float = 1.0
    ritz: bool = False
    components: ClassVar[int] = 2
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"displacement": (0, 1)}

    def __post_init__(self) -> None:
        require_positive(self, "lame_mu", "penalty")
        require_dimension(self, 2, "the plane")
        if isinstance(self.lame_lambda, float) and not self.lame_lambda + self.lame_mu > 0:
            raise ValueError(f"LinearElasticity needs lame_lambda + lame_mu > 0, got lame_lambda={self.lame_lambda}.")
        if self.traction_on is not None:
            Boundary(self.domain, self.traction_on)

    def stress(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        strain = sym_grad(u, x, strategy)
        identity = torch.eye(2, dtype=x.dtype, device=x.device)
        return self.lame_lambda * strain.trace() * identity + 2 * self.lame_mu * strain

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -div(partial(self.stress, u, strategy=strategy), x, strategy) - f

    def energy(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        """½σ:ε − f·u."""
        return (self.stress(u, x, strategy=strategy) * sym_grad(u, x, strategy)).sum() / 2 - f @ u(x)

    def conditions(self) -> tuple[Condition, ...]:
        source, energy = manufactured(self.residual, self.exact), self.energy if self.ritz else None
        return (
            interior(self.domain, self.residual, source=source, energy=energy),
            *supports(self.domain, self.traction_on, self.exact, self.stress, self.penalty, ritz=self.ritz),
        )


@dataclass(frozen=True)
class NeoHookean(PDE):
    """−∇·P = f in Ω ⊂ R², P = μ(F − F⁻ᵀ) + λ log(det F) F⁻ᵀ, F = I + ∇u: large displacements u in plane strain.

    A compressible neo-Hookean solid with the energy density W = μ/2 (tr FᵀF − 2 − 2 log det F) + λ/2 (log det F)²
    (Bonet & Wood 2008, eq. 6.28). Constants, conditions and errors are those of `LinearElasticity`; the traction is Pn.
    """

    domain: Domain = Box((0.0, 0.0), (1.0, 1.0))
    lame_lambda: float = 1.0
    lame_mu: float = 0.5
    traction_on: str | None = "right"
    exact: Field = SmoothDisplacement()
    hard: bool = True
    penalty: float = 1.0
    ritz: bool = False
    components: ClassVar[int] = 2
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"displacement": (0, 1)}

    def __post_init__(self) -> None:
        require_positive(self, "lame_lambda", "lame_mu", "penalty")
        require_dimension(self, 2, "the plane")
        if self.traction_on is not None:
            Boundary(self.domain, self.traction_on)

    def stress(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        """P, the first Piola–Kirchhoff stress."""
        F = torch.eye(2, dtype=x.dtype, device=x.device) + jacobian(u, x, strategy)
        J = F[0, 0] * F[1, 1] - F[0, 1] * F[1, 0]
        cofactor = torch.stack([torch.stack([F[1, 1], -F[1, 0]]), torch.stack([-F[0, 1], F[0, 0]])])
        # log J has no value if a network turns the material inside out.
        volume = self.lame_lambda * torch.log(torch.abs(J)) - self.lame_mu
        return self.lame_mu * F + volume / J * cofactor

    def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        return -div(partial(self.stress, u, strategy=strategy), x, strategy) - f

    def energy(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
        """W − f·u."""
        F = torch.eye(2, dtype=x.dtype, device=x.device) + jacobian(u, x, strategy)
        log_J = torch.log(torch.abs(F[0, 0] * F[1, 1] - F[0, 1] * F[1, 0]))
        shape = self.lame_mu / 2 * ((F * F).sum() - 2 - 2 * log_J)
        return shape + self.lame_lambda / 2 * log_J**2 - f @ u(x)

    def conditions(self) -> tuple[Condition, ...]:
        source, energy = manufactured(self.residual, self.exact), self.energy if self.ritz else None
        return (
            interior(self.domain, self.residual, source=source, energy=energy),
            *supports(self.domain, self.traction_on, self.exact, self.stress, self.penalty, ritz=self.ritz),
        )


def supports(
    domain: Domain, traction_on: str | None, exact: Field, stress: Residual, penalty: float, *, ritz: bool
) -> tuple[Condition, ...]:
    """The displacement of `exact` on every part of the boundary but one, where its traction t is prescribed.

    With `ritz` by the energy −∮ t·u, whose weight is 1.
    """
    if traction_on is None:
        return (dirichlet(Boundary(domain), exact, weight=penalty),)
    fixed = [tag for tag in domain.tags if tag != traction_on]
    held = [dirichlet(Boundary(domain, tag), exact, name=tag, weight=penalty) for tag in fixed]
    region = Boundary(domain, traction_on)

    def given(x: Tensor, normal: Tensor) -> Tensor:
        return stress(exact, x, strategy=Auto()) @ normal

    def traction(u: Field, x: Tensor, normal: Tensor, t: Tensor, *, strategy: Strategy) -> Tensor:
        return stress(u, x, strategy=strategy) @ normal - t

    def work(u: Field, x: Tensor, normal: Tensor, t: Tensor, *, strategy: Strategy) -> Tensor:
        return -t @ u(x)

    if ritz:
        return (*held, Condition("traction", region, traction, given, energy=work, measure=region.measure))
    return (*held, Condition("traction", region, traction, given, penalty))
