"""What is singular in the corners of a moving lid: flow of Stokes in a wedge, in closed form."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

_NEAREST = 1e-24
"""Squared distance to a corner below which it counts as that: there is no 0/0 in the corner itself."""


class CornerDerivatives(NamedTuple):
    """ψ with its derivatives, and those of the vorticity Δψ, of shape (…)."""

    psi: Tensor
    psi_x: Tensor
    psi_y: Tensor
    psi_xx: Tensor
    psi_xy: Tensor
    psi_yy: Tensor
    omega_x: Tensor
    omega_y: Tensor


@dataclass(frozen=True)
class LidCorners:
    """(u, v, p) at (x, y) of a flow of Stokes, Δ²ψ = 0, that is singular as one in the corners of a lid is.

    At the distance x from a wall, b below the lid, and with θ = atan2(x, b), let the lid have the velocity U + κx. Then

        ψ = C ((θ − π/2) x + (π/2) bθ) + (κ/4) (2(x² + b²)θ − πx² − 2xb),      C = −U/(π²/4 − 1),

    vanishes on the wall and the lid, ∂ψ/∂x on the wall, and −∂ψ/∂b = U + κx on the lid (Taylor 1962; Moffatt 1964).
    `values` are U and `slopes` κ, measured from the wall inwards, at the left and the right end of the lid y = 1 of the
    unit square. ∇p = Δv/Re.
    """

    values: tuple[float, float]
    slopes: tuple[float, float]
    reynolds: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        left, right = self._from_corners(x)
        (u, across), (u_right, across_right) = _velocity(*left, *self._end(0)), _velocity(*right, *self._end(1))
        pressure = _pressure(*left, *self._end(0)) - _pressure(*right, *self._end(1))
        return torch.stack([u + u_right, across_right - across, pressure / self.reynolds], -1)

    def derivatives(self, x: Tensor) -> CornerDerivatives:
        """All that the equation of the stream function asks of ψ, at points (…, 2)."""
        left, right = self._from_corners(x)
        near, far = _derivatives(*left, *self._end(0)), _derivatives(*right, *self._end(1))
        # The coordinate of the right corner runs against x, and b against y.
        signs = [(1, 1), (1, -1), (-1, -1), (1, 1), (-1, 1), (1, 1), (1, -1), (-1, -1)]
        return CornerDerivatives(*(a * p + b * q for p, q, (a, b) in zip(near, far, signs, strict=True)))

    def _from_corners(self, x: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        b = 1 - x[..., 1]
        return (x[..., 0], b), (1 - x[..., 0], b)

    def _end(self, k: int) -> tuple[float, float]:
        """C and κ/4."""
        return -self.values[k] / (math.pi**2 / 4 - 1), self.slopes[k] / 4


def _velocity(x: Tensor, b: Tensor, C: float, k: float) -> tuple[Tensor, Tensor]:
    """(−∂ψ/∂b, ∂ψ/∂x)."""
    angle = _angle(x, b)
    along, across = k * (4 * x - 4 * b * angle), k * (4 * x * angle - 2 * math.pi * x)
    if not C:
        return along, across
    s = _squared(x, b)
    along = along - C * (math.pi / 2 * angle - (x**2 + math.pi / 2 * x * b) / s)
    return along, across + C * (angle - math.pi / 2 + (x * b + math.pi / 2 * b**2) / s)


def _pressure(x: Tensor, b: Tensor, C: float, k: float) -> Tensor:
    """Re·p: the conjugate of the vorticity."""
    s = _squared(x, b)
    return 4 * k * torch.log(s) + (C * (2 * x + math.pi * b) / s if C else 0.0)


def _derivatives(x: Tensor, b: Tensor, C: float, k: float) -> tuple[Tensor, ...]:
    """ψ, ψ_x, ψ_b, ψ_xx, ψ_xb, ψ_bb, ω_x, ω_b."""
    angle, s, h = _angle(x, b), _squared(x, b), math.pi / 2
    t_x, t_b = b / s, -x / s
    t_xx, t_xb = -2 * x * b / s**2, (x**2 - b**2) / s**2
    minus_along, across = _velocity(x, b, C, k)
    w = (2 * b - math.pi * x) / s
    return (
        C * ((angle - h) * x + h * b * angle) + k * (2 * (x**2 + b**2) * angle - math.pi * x**2 - 2 * x * b),
        across,
        -minus_along,
        C * (2 * t_x + (x + h * b) * t_xx) + k * (4 * angle + 4 * x * t_x - 2 * math.pi),
        C * (t_b + x * t_xb + h * (t_x + b * t_xb)) + k * 4 * x * t_b,
        C * (-x * t_xx + h * (2 * t_b - b * t_xx)) + k * (4 * angle + 4 * b * t_b),
        C * (-math.pi - 2 * x * w) / s + k * 8 * t_x,
        C * (2 - 2 * b * w) / s + k * 8 * t_b,
    )


def _angle(x: Tensor, b: Tensor) -> Tensor:
    """θ, without a derivative 0/0 in the corner."""
    corner = x**2 + b**2 < _NEAREST
    return torch.atan2(torch.where(corner, 0.0, x), torch.where(corner, 1.0, b))


def _squared(x: Tensor, b: Tensor) -> Tensor:
    """r²."""
    s = x**2 + b**2
    return torch.where(s < _NEAREST, _NEAREST, s)
