"""Closed-form fields that serve as exact solutions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SineProduct:
    """u(x) = Π_i sin(kπx_i), an eigenfunction: Δu = −d(kπ)²u. Zero on the faces of the unit box for integer k."""

    wavenumber: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.sin(self.wavenumber * math.pi * x).prod(-1)


@dataclass(frozen=True)
class DecayingSine:
    """u(t, x) = exp(−αd(kπ)²t) Π_i sin(kπx_i), which solves u_t = αΔu in d space dimensions."""

    diffusivity: float
    wavenumber: float = 1.0

    def __call__(self, x: Tensor) -> Tensor:
        rate = self.diffusivity * (x.shape[-1] - 1) * (self.wavenumber * math.pi) ** 2
        return torch.exp(-rate * x[..., 0]) * torch.sin(self.wavenumber * math.pi * x[..., 1:]).prod(-1)


@dataclass(frozen=True)
class SineWaves:
    """u(x) = Π_i sin(k_iπx_i), one `wavenumbers` entry for each coordinate; the last one serves all further ones."""

    wavenumbers: Sequence[float] = (1.0, 4.0)

    def __call__(self, x: Tensor) -> Tensor:
        last = len(self.wavenumbers) - 1
        k = x.new_tensor([self.wavenumbers[min(i, last)] for i in range(x.shape[-1])])
        return torch.sin(math.pi * k * x).prod(-1)


@dataclass(frozen=True)
class MultiScaleSines:
    """u(x) = 1/n Σ_w Π_i sin(wπx_i) over n wavenumbers w: several scales at once."""

    wavenumbers: Sequence[float] = (4.0, 8.0, 12.0, 16.0)

    def __call__(self, x: Tensor) -> Tensor:
        w = x.new_tensor(self.wavenumbers)
        return torch.sin(math.pi * w[:, None] * x).prod(-1).mean(-1)


@dataclass(frozen=True)
class CosineSum:
    """u(x) = Σ_i cos(πx_i), which solves −Δu = π²u in any number of dimensions."""

    def __call__(self, x: Tensor) -> Tensor:
        return torch.cos(math.pi * x).sum(-1)


@dataclass(frozen=True)
class StandingWaves:
    """u(t, x) = Π sin(πx_i) cos(cωt) + ½ Π sin(4πx_i) cos(4cωt) with ω = π√d.

    It solves u_tt = c²Δu in d dimensions of space, and u_t = 0 at t = 0.
    """

    speed: float = 2.0

    def __call__(self, x: Tensor) -> Tensor:
        frequency = math.pi * self.speed * math.sqrt(x.shape[-1] - 1)
        slow, fast = (
            torch.sin(k * math.pi * x[..., 1:]).prod(-1) * torch.cos(k * frequency * x[..., 0]) for k in (1, 4)
        )
        return slow + 0.5 * fast


@dataclass(frozen=True)
class TravellingSine:
    """u(t, x) = Π_i sin(x_i − βt), which solves u_t + β Σ_i ∂u/∂x_i = 0."""

    velocity: float = 40.0

    def __call__(self, x: Tensor) -> Tensor:
        return torch.sin(x[..., 1:] - self.velocity * x[..., :1]).prod(-1)
