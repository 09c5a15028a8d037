"""Exact solutions of the incompressible Navier–Stokes equations: velocity and pressure in one vector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Kovasznay:
    """Steady flow behind a grid (Kovasznay 1948), (u, v, p) at (x, y):

    u = 1 − e^{λx} cos 2πy,   v = λ/2π e^{λx} sin 2πy,   p = ½(1 − e^{2λx}),   λ = Re/2 − √(Re²/4 + 4π²).
    """

    reynolds: float = 40.0

    def __call__(self, x: Tensor) -> Tensor:
        rate = self.reynolds / 2 - (self.reynolds**2 / 4 + 4 * math.pi**2) ** 0.5
        decay, y = torch.exp(rate * x[..., 0]), 2 * math.pi * x[..., 1]
        u = 1 - decay * torch.cos(y)
        v = rate / (2 * math.pi) * decay * torch.sin(y)
        return torch.stack([u, v, (1 - decay * decay) / 2], -1)


@dataclass(frozen=True)
class TaylorGreen:
    """Decaying vortices (Taylor & Green 1937), (u, v, p) at (t, x, y), with ν = 1/Re:

    u = −cos x sin y e^{−2νt},   v = sin x cos y e^{−2νt},   p = −¼(cos 2x + cos 2y) e^{−4νt}.

    With a `drift` (U, V) they are carried by a uniform stream: (U, V) is added to the velocity, and x − Ut, y − Vt
    take the place of x and y. Raises ValueError unless the drift has two components.
    """

    reynolds: float = 100.0
    drift: Sequence[float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if len(self.drift) != 2:
            raise ValueError(f"TaylorGreen needs a drift of two components, got {list(self.drift)}.")

    def __call__(self, x: Tensor) -> Tensor:
        U, V = self.drift
        t = x[..., 0]
        decay = torch.exp(-2 / self.reynolds * t)
        a, b = x[..., 1] - U * t, x[..., 2] - V * t
        u, v = U - torch.cos(a) * torch.sin(b) * decay, V + torch.sin(a) * torch.cos(b) * decay
        return torch.stack([u, v, -(torch.cos(2 * a) + torch.cos(2 * b)) / 4 * decay * decay], -1)


@dataclass(frozen=True)
class Beltrami:
    """A three-dimensional flow whose vorticity is parallel to its velocity (Ethier & Steinman 1994, eq. 12–15).

    (u, v, w, p) at (t, x, y, z); a and d are the parameters of the paper, ν = 1/Re.
    """

    reynolds: float = 1.0
    a: float = 1.0
    d: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        a, d = self.a, self.d
        decay = torch.exp(-d * d / self.reynolds * x[..., 0])
        space = x[..., 1:].unbind(-1)
        velocity, squares = [], []
        for i in range(3):
            p, q, r = (space[(i + k) % 3] for k in range(3))
            velocity.append(
                -a * (torch.exp(a * p) * torch.sin(a * q + d * r) + torch.exp(a * r) * torch.cos(a * p + d * q))
            )
            squares.append(
                torch.exp(2 * a * p) + 2 * torch.sin(a * p + d * q) * torch.cos(a * r + d * p) * torch.exp(a * (q + r))
            )
        pressure = -a * a / 2 * torch.stack(squares).sum(0) * decay * decay
        return torch.stack([*(v * decay for v in velocity), pressure], -1)
