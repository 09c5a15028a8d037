"""Closed-form fields that serve as exact solutions."""

import math
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
