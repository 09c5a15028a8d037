"""Evolution equations on a period, as the spectral integrator sees them."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.references.spectral import Evolution


@dataclass(frozen=True)
class AllenCahnEvolution(Evolution):
    """u_t = εu_xx + 5(u − u³) on [−1, 1), u(0, x) = x² cos πx.

    The initial value has a corner at x = ±1, so its coefficients decay like k⁻²; they are the exact ones, not those of
    sampled values.
    """

    diffusivity: float = 1e-4

    @property
    def period(self) -> tuple[float, float]:
        return -1.0, 1.0

    def symbol(self, k: np.ndarray) -> np.ndarray:
        return 5 - self.diffusivity * k**2

    def nonlinear(self, u: np.ndarray, k: np.ndarray) -> np.ndarray:
        return -5 * power(u, 3)

    def initial(self, modes: int, k: np.ndarray) -> np.ndarray:
        """½∫x² cos πx e^{−ikπ(x+1)} dx by the sum formula for products of cosines."""
        n = np.arange(modes // 2 + 1)

        def second_moment(m: np.ndarray) -> np.ndarray:
            safe = np.where(m == 0, 1, m)
            return np.where(m == 0, 2 / 3, 4 * (-1.0) ** m / (safe * np.pi) ** 2)

        coefficients = (-1.0) ** n * (second_moment(n - 1) + second_moment(n + 1)) / 4
        coefficients[-1] = 0  # the mode of half the sampling frequency has no phase
        return modes * coefficients.astype(complex)

    def fading(self, k: np.ndarray) -> np.ndarray:
        """The corner is one of u = −1 + 2y, and v_t = εv_xx − 10v the equation linearised about −1."""
        return -10 - self.diffusivity * k**2

    def start(self, x: Tensor) -> Tensor:
        return x**2 * torch.cos(math.pi * x)


@dataclass(frozen=True)
class KdVEvolution(Evolution):
    """u_t + uu_x + δ²u_xxx = 0 on [−1, 1), u(0, x) = cos πx (Zabusky & Kruskal 1965)."""

    dispersion: float = 0.022

    @property
    def period(self) -> tuple[float, float]:
        return -1.0, 1.0

    def symbol(self, k: np.ndarray) -> np.ndarray:
        return 1j * self.dispersion**2 * k**3

    def nonlinear(self, u: np.ndarray, k: np.ndarray) -> np.ndarray:
        return -0.5j * k * power(u, 2)

    def initial(self, modes: int, k: np.ndarray) -> np.ndarray:
        x = -1 + 2 * np.arange(modes) / modes
        return np.fft.rfft(np.cos(np.pi * x))

    def fading(self, k: np.ndarray) -> np.ndarray:
        return 0 * k

    def start(self, x: Tensor) -> Tensor:
        return torch.cos(math.pi * x)


@dataclass(frozen=True)
class KuramotoSivashinskyEvolution(Evolution):
    """u_t + αuu_x + βu_xx + γu_xxxx = 0 on [0, 2π), u(0, x) = cos x (1 + sin x)."""

    alpha: float = 100 / 16
    beta: float = 100 / 16**2
    gamma: float = 100 / 16**4

    @property
    def period(self) -> tuple[float, float]:
        return 0.0, 2 * math.pi

    def symbol(self, k: np.ndarray) -> np.ndarray:
        return self.beta * k**2 - self.gamma * k**4

    def nonlinear(self, u: np.ndarray, k: np.ndarray) -> np.ndarray:
        return -0.5j * self.alpha * k * power(u, 2)

    def initial(self, modes: int, k: np.ndarray) -> np.ndarray:
        x = 2 * np.pi * np.arange(modes) / modes
        return np.fft.rfft(np.cos(x) * (1 + np.sin(x)))

    def fading(self, k: np.ndarray) -> np.ndarray:
        return 0 * k

    def start(self, x: Tensor) -> Tensor:
        return torch.cos(x) * (1 + torch.sin(x))


def power(u: np.ndarray, p: int) -> np.ndarray:
    """The coefficients of uᵖ, p = 2 or 3, by (p + 1)/2 times as many nodes, where no mode aliases into those kept."""
    modes = 2 * (len(u) - 1)
    nodes = modes * (p + 1) // 2
    padded = np.zeros(nodes // 2 + 1, dtype=complex)
    padded[: len(u) - 1] = u[:-1]
    v = np.fft.irfft(padded, nodes)
    product = np.fft.rfft(v * v if p == 2 else v * v * v) * (nodes / modes) ** (p - 1)  # v ** 3 takes ten times as long
    out = product[: len(u)].copy()
    out[-1] = 0
    return out
