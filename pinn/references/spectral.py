"""Periodic solutions in one dimension by Fourier modes, exponential time differencing, and interpolation.

For û_t = Lû + N(û) with a diagonal L the scheme is ETDRK4 (Cox & Matthews 2002) with the coefficients taken as means
over a circle in the complex plane (Kassam & Trefethen 2005, Section 3), extrapolated from two lengths of step
(Richardson).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

_CIRCLE = 64  # points of the contour mean
_IN_TIME = 10  # stored times that an interpolation in time uses: order 10
_IN_SPACE = 16  # nodes of an interpolation in space, on twice as many as there are modes: exact to rounding


@dataclass(frozen=True)
class Evolution(ABC):
    """u_t = Lu + N(u) on a period: what the integrator needs of an equation. A subclass is a frozen dataclass."""

    @property
    @abstractmethod
    def period(self) -> tuple[float, float]:
        """The ends a < b of the periodic interval."""

    @abstractmethod
    def symbol(self, k: np.ndarray) -> np.ndarray:
        """L as a function of the wavenumber: e^{ikx} ↦ L e^{ikx}."""

    @abstractmethod
    def nonlinear(self, u: np.ndarray, k: np.ndarray) -> np.ndarray:
        """N(û) from the coefficients û of the modes k, n/2 + 1 of them, free of aliases."""

    @abstractmethod
    def initial(self, modes: int, k: np.ndarray) -> np.ndarray:
        """The coefficients of u(0, ·), as `numpy.fft.rfft` gives them for `modes` nodes."""

    @abstractmethod
    def fading(self, k: np.ndarray) -> np.ndarray:
        """Rates ≤ 0 at which the modes of u(0, ·) change by themselves; 0 unless it has a corner.

        Modes without end make a layer at t = 0 that no interpolation in time follows.
        """

    @abstractmethod
    def start(self, x: Tensor) -> Tensor:
        """u(0, x) itself, from x within the period: shapes (…)."""


@dataclass(frozen=True)
class SpectralReference:
    """The solution of an evolution equation at (t, x), 0 ≤ t ≤ `duration`, as a field.

    `modes` nodes in x and `steps` steps in t, and half as many steps for the extrapolation û + (û − û½)/15; every
    `stride`-th step is kept. What is stored, at twice as many nodes, is u without the part e^{rt} û(0) that fades by
    itself (`Evolution.fading`): that part, in which a corner of the initial value dissolves, is evaluated exactly, and
    the rest is interpolated by polynomials of degree 9 in t and 15 in x. At t = 0 it is the initial value itself. It
    runs at the first evaluation, once in a process. Raises ValueError for modes that are no multiple of eight, and
    unless there are at least ten whole strides of a multiple of sixteen steps.
    """

    evolution: Evolution
    duration: float = 1.0
    modes: int = 512
    steps: int = 20_000
    stride: int = 80

    def __post_init__(self) -> None:
        if self.stride % 16 or self.steps % self.stride or self.steps // self.stride < _IN_TIME:
            raise ValueError(
                f"SpectralReference needs steps in at least {_IN_TIME} whole strides of a multiple of sixteen, got "
                f"steps={self.steps} and stride={self.stride}."
            )
        if self.modes < 16 or self.modes % 8:
            raise ValueError(f"SpectralReference needs a multiple of 8 as number of modes, got modes={self.modes}.")

    @property
    def error(self) -> float:
        """The largest relative L2 difference in space, at any stored time or between two, to a coarser computation.

        That one has ¾ of the modes and of the steps, so that its difference bounds the error of this one.
        """
        return _self_convergence(self)

    def __call__(self, x: Tensor) -> Tensor:
        stored, start = _stored(self), _fading(self)
        table = torch.from_numpy(stored).to(x)  # (times, nodes)
        times, nodes = table.shape
        a, b = self.evolution.period
        s = (x[..., 1] - a) / (b - a)
        place, position = s * nodes, x[..., 0] * ((times - 1) / self.duration)
        before = (position.detach().floor() - (_IN_TIME // 2 - 1)).clamp(0, times - _IN_TIME)
        left = place.detach().floor() - (_IN_SPACE // 2 - 1)
        rows = before[..., None].long() + torch.arange(_IN_TIME, device=x.device)
        columns = (left[..., None].long() + torch.arange(_IN_SPACE, device=x.device)) % nodes
        near = table.reshape(-1)[rows[..., :, None] * nodes + columns[..., None, :]]
        within = (near * _lagrange(place - left, _IN_SPACE)[..., None, :]).sum(-1)
        rest = (within * _lagrange(position - before, _IN_TIME)).sum(-1)
        k, rate, real, imaginary = (torch.from_numpy(array).to(x) for array in start)
        angle = 2 * torch.pi * s[..., None] * k
        fading = (torch.exp(rate * x[..., :1]) * (real * torch.cos(angle) - imaginary * torch.sin(angle))).sum(-1)
        return torch.where(x[..., 0] > 0, rest + fading, self.evolution.start(x[..., 1]))


def integrate(evolution: Evolution, duration: float, modes: int, steps: int, stride: int) -> np.ndarray:
    """The coefficients û at times 0, …, duration, one for each `stride` steps: (steps/stride + 1, modes/2 + 1)."""
    a, b = evolution.period
    k = np.fft.rfftfreq(modes, 1 / modes) * (2 * np.pi / (b - a))
    h = duration / steps
    z = h * evolution.symbol(k).astype(complex)
    circle = z[:, None] + np.exp(2j * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE)
    full, half = np.exp(z), np.exp(z / 2)
    e = np.exp(circle)
    q = h * ((np.exp(circle / 2) - 1) / circle).mean(1)
    f1 = h * ((-4 - circle + e * (4 - 3 * circle + circle**2)) / circle**3).mean(1)
    f2 = h * ((2 + circle + e * (-2 + circle)) / circle**3).mean(1)
    f3 = h * ((-4 - 3 * circle - circle**2 + e * (4 - circle)) / circle**3).mean(1)
    u = evolution.initial(modes, k)
    kept = [u]
    for step in range(1, steps + 1):
        n = evolution.nonlinear(u, k)
        p = half * u + q * n
        n_p = evolution.nonlinear(p, k)
        r = half * u + q * n_p
        n_r = evolution.nonlinear(r, k)
        s = half * p + q * (2 * n_r - n)
        u = full * u + f1 * n + 2 * f2 * (n_p + n_r) + f3 * evolution.nonlinear(s, k)
        if step % stride == 0:
            kept.append(u)
    return np.stack(kept)


class _Fading(NamedTuple):
    """Σ e^{rate·t} (real cos kθ − imaginary sin kθ): the part of û(0) that fades by itself, θ from 0 to 2π."""

    k: np.ndarray
    rate: np.ndarray
    real: np.ndarray
    imaginary: np.ndarray


@lru_cache(maxsize=8)
def _solved(reference: SpectralReference) -> np.ndarray:
    """The extrapolated coefficients at the stored times, those of one node each: (times, modes/2 + 1)."""
    return _extrapolated(reference.evolution, reference.duration, reference.modes, reference.steps, reference.stride)


def _extrapolated(evolution: Evolution, duration: float, modes: int, steps: int, stride: int) -> np.ndarray:
    fine = integrate(evolution, duration, modes, steps, stride)
    half = integrate(evolution, duration, modes, steps // 2, stride // 2)
    return (fine + (fine - half) / 15) / modes


def _rates(reference: SpectralReference) -> np.ndarray:
    """Those of `Evolution.fading` for all modes."""
    a, b = reference.evolution.period
    k = np.fft.rfftfreq(reference.modes, 1 / reference.modes) * (2 * np.pi / (b - a))
    return reference.evolution.fading(k)


@lru_cache(maxsize=8)
def _stored(reference: SpectralReference) -> np.ndarray:
    """u without the part of û(0) that fades by itself: (times, 2·modes)."""
    rest = _rest(reference)
    padded = np.zeros((len(rest), reference.modes + 1), dtype=complex)
    padded[:, : rest.shape[1]] = rest
    return np.fft.irfft(padded * (2 * reference.modes), 2 * reference.modes, axis=1)


def _rest(reference: SpectralReference) -> np.ndarray:
    solved = _solved(reference)
    times = np.linspace(0, reference.duration, len(solved))
    return solved - np.exp(np.outer(times, _rates(reference))) * solved[0]


@lru_cache(maxsize=8)
def _fading(reference: SpectralReference) -> _Fading:
    start = _solved(reference)[0]
    k = np.flatnonzero(np.abs(start) > 1e-18 * np.abs(start).max())
    twice = np.where(k > 0, 2.0, 1.0)
    return _Fading(k.astype(float), _rates(reference)[k], twice * start[k].real, twice * start[k].imag)


@lru_cache(maxsize=8)
def _self_convergence(reference: SpectralReference) -> float:
    modes, steps, stride = (number * 3 // 4 for number in (reference.modes, reference.steps, reference.stride))
    # Twice as many times as are stored: those between them see the interpolation.
    coarse = _extrapolated(reference.evolution, reference.duration, modes, steps, stride // 2)
    rest, n = _rest(reference), len(coarse)
    position = torch.linspace(0, len(rest) - 1, n, dtype=torch.float64)
    first = (position.floor() - (_IN_TIME // 2 - 1)).clamp(0, len(rest) - _IN_TIME)
    weights = _lagrange(position - first, _IN_TIME).numpy()
    rows = first.long().numpy()[:, None] + np.arange(_IN_TIME)
    times = np.linspace(0, reference.duration, n)
    worst = 0.0
    for j in range(1, n):  # at t = 0 it is the initial value itself
        fine = weights[j] @ rest[rows[j]] + np.exp(times[j] * _rates(reference)) * _solved(reference)[0]
        difference = fine.copy()
        difference[: modes // 2 + 1] -= coarse[j]
        worst = max(worst, float(np.linalg.norm(difference) / np.linalg.norm(fine)))
    return worst


def _lagrange(position: Tensor, n: int) -> Tensor:
    """Weights of the nodes 0, 1, …, n − 1 for the polynomial through them at `position`: (…) to (…, n)."""
    nodes = torch.arange(n, device=position.device, dtype=position.dtype)
    weights = []
    for i in range(n):
        others = torch.cat([nodes[:i], nodes[i + 1 :]])
        weights.append(((position[..., None] - others) / (nodes[i] - others)).prod(-1))
    return torch.stack(weights, -1)
