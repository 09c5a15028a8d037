"""Evolution equations in the plane by Fourier or sine modes and exponential time differencing (ETDRK4).

For û_t = Lû + N(û, t) with a diagonal L: Cox & Matthews 2002, with coefficients as means over a circle in the complex
plane (Kassam & Trefethen 2005, Section 3).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

from benchmarks.pinnacle.reference import Array, Reference, relative

FFT: Any = scipy.fft
"""Its stubs have results of another kind."""

_CIRCLE = 32
Nonlinear = Callable[[Array, float], Array]


@dataclass(frozen=True)
class Scheme:
    """The coefficients of one step of length h for L, of any shape."""

    symbol: Array
    h: float

    def run(self, modes: Array, nonlinear: Nonlinear, steps: int, keep: int) -> list[Array]:
        """The modes after every `keep`-th of the steps, without the first."""
        full, half, q, f1, f2, f3 = self._coefficients()
        found, t, h = [], 0.0, self.h
        for k in range(1, steps + 1):
            n0 = nonlinear(modes, t)
            a = half * modes + q * n0
            na = nonlinear(a, t + h / 2)
            b = half * modes + q * na
            nb = nonlinear(b, t + h / 2)
            nc = nonlinear(half * a + q * (2 * nb - n0), t + h)
            modes = full * modes + f1 * n0 + f2 * (na + nb) + f3 * nc
            t = k * h
            if k % keep == 0:
                found.append(modes)
        return found

    def _coefficients(self) -> tuple[Array, ...]:
        z = self.h * self.symbol
        q, f1, f2, f3 = (np.zeros_like(z, dtype=complex) for _ in range(4))
        for angle in 2 * np.pi * (np.arange(_CIRCLE) + 0.5) / _CIRCLE:
            c = z + np.exp(1j * angle)
            e = np.exp(c)
            q += (np.exp(c / 2) - 1) / c
            f1 += (-4 - c + e * (4 - 3 * c + c**2)) / c**3
            f2 += 2 * (2 + c + e * (c - 2)) / c**3
            f3 += (-4 - 3 * c - c**2 + e * (4 - c)) / c**3
        means = [(self.h / _CIRCLE * value).real for value in (q, f1, f2, f3)]
        return np.exp(z), np.exp(z / 2), *means


def gray_scott(nodes: Sequence[int] = (128, 192), steps: Sequence[int] = (500, 1000)) -> Reference:
    """u and v on [−1, 1)² with opposite sides as one, t ≤ 200, at 20 instants and 64² points."""
    return _compared(_gray_scott, nodes, steps)


def heat_long_time(nodes: Sequence[int] = (64, 96), steps: Sequence[int] = (4000, 6000)) -> Reference:
    """u_t = 0.001Δu + 5 sin(u²)(1 + 2 sin πt/4) sin 4πx sin 2πy by sines, since u² is even about the sides."""
    return _compared(_heat_long_time, nodes, steps)


def _compared(
    solve: Callable[[int, int], tuple[Array, Array]], nodes: Sequence[int], steps: Sequence[int]
) -> Reference:
    (_, coarse), (points, fine) = (solve(n, k) for n, k in zip(nodes, steps, strict=True))
    return Reference(points, fine, relative(coarse, fine))


def _gray_scott(nodes: int, steps: int) -> tuple[Array, Array]:
    shared = 64
    k = np.fft.fftfreq(nodes, 1 / nodes) * np.pi
    square = k[:, None] ** 2 + k[None, : nodes // 2 + 1] ** 2
    symbol = np.stack([-1e-5 * square - 0.04, -5e-6 * square - 0.1])
    x = -1 + 2 * np.arange(nodes) / nodes
    x, y = np.meshgrid(x, x, indexing="ij")
    start = np.stack(
        [1 - np.exp(-80 * ((x + 0.05) ** 2 + (y + 0.02) ** 2)), np.exp(-80 * ((x - 0.05) ** 2 + (y - 0.02) ** 2))]
    )
    feed = np.zeros((2, nodes, nodes // 2 + 1))
    feed[0, 0, 0] = 0.04 * nodes**2

    def nonlinear(modes: Array, t: float) -> Array:
        u, v = FFT.irfft2(modes, s=(nodes, nodes))
        reaction = FFT.rfft2(u * v**2)
        return feed + np.stack([-reaction, reaction])

    kept = Scheme(symbol, 200 / steps).run(FFT.rfft2(start), nonlinear, steps, steps // 20)
    slices, every = [], nodes // shared
    for modes in kept:
        slices.append(FFT.irfft2(modes, s=(nodes, nodes))[:, ::every, ::every].reshape(2, -1).T)
    place = np.stack([x[::every, ::every].ravel(), y[::every, ::every].ravel()], 1)
    points = np.concatenate([np.insert(place, 0, 10.0 * (j + 1), 1) for j in range(20)])
    return points, np.concatenate(slices)


def _heat_long_time(nodes: int, steps: int) -> tuple[Array, Array]:
    shared = 32
    x = np.arange(1, nodes) / nodes
    k = np.arange(1, nodes) * np.pi
    symbol = -0.001 * (k[:, None] ** 2 + k[None] ** 2)
    x, y = np.meshgrid(x, x, indexing="ij")
    shape = 5 * np.sin(4 * np.pi * x) * np.sin(2 * np.pi * y)

    def nonlinear(modes: Array, t: float) -> Array:
        u = FFT.idstn(modes, type=1)
        return FFT.dstn(np.sin(u**2) * (1 + 2 * np.sin(np.pi * t / 4)) * shape, type=1)

    start = FFT.dstn(np.sin(4 * np.pi * x) * np.sin(3 * np.pi * y), type=1)
    kept = Scheme(symbol, 100 / steps).run(start, nonlinear, steps, steps // 100)
    every = slice(nodes // shared - 1, None, nodes // shared)
    place = np.stack([x[every, every].ravel(), y[every, every].ravel()], 1)
    points = np.concatenate([np.insert(place, 0, j + 1.0, 1) for j in range(100)])
    return points, np.concatenate([FFT.idstn(modes, type=1)[every, every].reshape(-1, 1) for modes in kept])
