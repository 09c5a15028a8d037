"""The problems with a solution in closed form, or one that the project's own references compute."""

import math

import numpy as np
import torch

from benchmarks.pinnacle.reference import Array, Reference, closed_form, relative, spread
from pinn.domains import Ball, Box, TimeDomain
from pinn.references import CavityFlow, ColeHopf, KuramotoSivashinskyEvolution, SpectralReference

sin, cos, exp, pi = np.sin, np.cos, np.exp, np.pi


def burgers_1d() -> Reference:
    """The formula of Cole and Hopf at ν = 0.01/π."""
    solution = ColeHopf(viscosity=0.01 / math.pi)
    points = spread(TimeDomain(1.0, Box((-1.0,), (1.0,))))
    values = solution(torch.from_numpy(points)).numpy()
    return Reference(points, values.reshape(-1, 1), solution.error)


def wave_1d() -> Reference:
    """sin πx cos 2πt + ½ sin 4πx cos 8πt."""

    def solution(p: Array) -> Array:
        t, x = p.T
        return sin(pi * x) * cos(2 * pi * t) + 0.5 * sin(4 * pi * x) * cos(8 * pi * t)

    return closed_form(TimeDomain(1.0, Box((0.0,), (1.0,))), solution)


def wave_long_time() -> Reference:
    """(sinh πx sin πy + sin 3πx sinh 2πy) cos πt."""

    def solution(p: Array) -> Array:
        t, x, y = p.T
        return (np.sinh(pi * x) * sin(pi * y) + sin(3 * pi * x) * np.sinh(2 * pi * y)) * cos(pi * t)

    return closed_form(TimeDomain(100.0, Box((0.0, 0.0), (1.0, 1.0))), solution)


def heat_multiscale() -> Reference:
    """e^{−(0.0016 + 1)t} sin 20πx sin πy."""

    def solution(p: Array) -> Array:
        t, x, y = p.T
        return exp(-((20 / 500) ** 2 + 1) * t) * sin(20 * pi * x) * sin(pi * y)

    return closed_form(TimeDomain(5.0, Box((0.0, 0.0), (1.0, 1.0))), solution)


def poisson_5d() -> Reference:
    """Σ sin(πx_i/2)."""
    return closed_form(Box((0.0,) * 5, (1.0,) * 5), lambda p: sin(pi / 2 * p).sum(1))


def heat_5d() -> Reference:
    """e^{|x|²/2 + t}."""
    domain = TimeDomain(1.0, Ball(center=(0.0,) * 5))
    return closed_form(domain, lambda p: exp((p[:, 1:] ** 2).sum(1) / 2 + p[:, 0]))


def poisson_inverse() -> Reference:
    """u = sin πx sin πy and k = 1/(1 + x² + y² + (x − 1)² + (y − 1)²), both of them scored together."""

    def solution(p: Array) -> Array:
        x, y = p.T
        k = 1 / (1 + x**2 + y**2 + (x - 1) ** 2 + (y - 1) ** 2)
        return np.stack([sin(pi * x) * sin(pi * y), k], 1)

    return closed_form(Box((0.0, 0.0), (1.0, 1.0)), solution)


def heat_inverse() -> Reference:
    """u = e^{−t} sin πx sin πy and k = 2 + sin πx sin πy, both of them scored together."""

    def solution(p: Array) -> Array:
        t, x, y = p.T
        s = sin(pi * x) * sin(pi * y)
        return np.stack([exp(-t) * s, 2 + s], 1)

    return closed_form(TimeDomain(1.0, Box((-1.0, -1.0), (1.0, 1.0))), solution)


def kuramoto_sivashinsky(modes: int = 384, steps: int = 40_000) -> Reference:
    """Fourier modes and ETDRK4."""
    solution = SpectralReference(KuramotoSivashinskyEvolution(), modes=modes, steps=steps)
    points = spread(TimeDomain(1.0, Box((0.0,), (2 * pi,))))
    values = solution(torch.from_numpy(points)).numpy()
    return Reference(points, values.reshape(-1, 1), solution.error)


def ns_lid(degree: int = 40) -> Reference:
    """Chebyshev collocation with the lid's corners in closed form; u, v and p with p = 0 at (1/20, 1/20).

    The pressure hardly changes from there to the corner (0, 0), where the problem prescribes it, but its collocation is
    off by half its size in the corner itself. The error is that of all three against eight degrees less.
    """
    points = spread(Box((0.0, 0.0), (1.0, 1.0)))

    def values(degree: int) -> Array:
        flow = CavityFlow(reynolds=100.0, degree=degree)
        found = flow(torch.from_numpy(points)).numpy()
        found[:, 2] -= flow(torch.full((1, 2), 0.05, dtype=torch.float64)).numpy()[0, 2]
        return found

    fine = values(degree)
    return Reference(points, fine, relative(values(degree - 8), fine))
