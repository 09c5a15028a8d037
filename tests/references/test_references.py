"""Reference solutions: known values, order of convergence, interpolation, and errors that are measured."""

import dataclasses
import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.func import vmap

from pinn.operators import Rows, grad, laplacian, partials
from pinn.pdes import LidDrivenCavity
from pinn.references import (
    AllenCahnEvolution,
    CavityFlow,
    ColeHopf,
    Evolution,
    KdVEvolution,
    KuramotoSivashinskyEvolution,
    SpectralReference,
)
from pinn.references.cavity import constant
from pinn.references.evolutions import power
from pinn.references.lid_corner import LidCorners
from pinn.references.spectral import integrate

F64 = torch.float64
ORDERS = [(), (0,), (1,), (0, 0), (0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("viscosity", "t", "x", "value"),
    [
        (0.01 / math.pi, 0.5, 0.01, -0.898049642252828),
        (0.01 / math.pi, 0.5, 0.1, -0.958159553418906),
        (0.01 / math.pi, 0.5, 0.5, -0.592769534402051),
        (0.01 / math.pi, 1.0, 0.01, -0.594256167588728),
        (0.01 / math.pi, 1.0, 0.1, -0.665481567663996),
        (0.01 / math.pi, 1.0, 0.5, -0.376181395748122),
        (0.01, 0.5, 0.1, -0.938106632559869),
        (0.01, 1.0, 0.5, -0.374420037644687),
    ],
)
def test_cole_hopf_against_published_values(viscosity: float, t: float, x: float, value: float) -> None:
    assert ColeHopf(viscosity)(torch.tensor([t, x], dtype=F64)).item() == pytest.approx(value, abs=5e-15)


def test_cole_hopf_begins_with_the_initial_value_and_stays_odd() -> None:
    x = torch.linspace(-1, 1, 11, dtype=F64)
    u = ColeHopf()
    start = vmap(u)(torch.stack([torch.zeros_like(x), x], 1))
    torch.testing.assert_close(start, -torch.sin(math.pi * x), rtol=0, atol=1e-15)
    soon = vmap(u)(torch.stack([torch.full_like(x, 1e-9), x], 1))
    torch.testing.assert_close(soon, start, rtol=0, atol=1e-7)
    later = vmap(u)(torch.stack([torch.full_like(x, 0.7), x], 1))
    torch.testing.assert_close(later, -later.flip(0), rtol=0, atol=1e-13)


def test_cole_hopf_is_exact_to_rounding() -> None:
    assert ColeHopf().error < 1e-13
    assert ColeHopf(nodes=4).error > 1e-6


@pytest.mark.parametrize(
    ("reference", "x", "value", "atol"),
    [
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 32), 0.0, -0.65158998, 1e-8),
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 32), 0.5, -0.44163054, 1e-8),
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 32), 0.25, -0.49329969, 1e-8),
        (SpectralReference(AllenCahnEvolution(), 1.0, 4096, 1600, 16), 0.0, 0.0295797210014, 1e-9),
        (SpectralReference(AllenCahnEvolution(), 1.0, 4096, 1600, 16), 0.25, 0.9884746476564, 1e-9),
        (SpectralReference(AllenCahnEvolution(), 1.0, 4096, 1600, 16), 0.5, -0.0640767977280, 1e-9),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 19_200, 16), 0.0, -0.98256626, 1e-6),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 19_200, 16), 2.0, 0.2089191, 1e-6),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 19_200, 16), 4.0, 1.92454256, 1e-6),
    ],
    ids=lambda value: type(value.evolution).__name__ if isinstance(value, SpectralReference) else str(value),
)
def test_spectral_references_against_independent_values(
    reference: SpectralReference, x: float, value: float, atol: float
) -> None:
    assert reference(torch.tensor([1.0, x], dtype=F64)).item() == pytest.approx(value, abs=atol)


@pytest.mark.parametrize(
    ("reference", "bound"),
    [
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 32), 1e-11),
        (SpectralReference(AllenCahnEvolution(), 1.0, 4096, 1600, 16), 1e-9),
        (SpectralReference(KuramotoSivashinskyEvolution(), 0.5, 384, 9600, 16), 1e-9),
    ],
    ids=lambda value: type(value.evolution).__name__ if isinstance(value, SpectralReference) else str(value),
)
def test_self_convergence(reference: SpectralReference, bound: float) -> None:
    assert 0 < reference.error < bound


@pytest.mark.parametrize(
    "evolution", [KdVEvolution(), AllenCahnEvolution(1e-3), KuramotoSivashinskyEvolution()], ids=repr
)
def test_the_integrator_has_order_four(evolution: Evolution) -> None:
    runs = [integrate(evolution, 0.2, 64, steps, steps)[-1] for steps in (100, 200, 3200)]
    coarse, fine = (np.abs(run - runs[2]).max() for run in runs[:2])
    assert math.log2(coarse / fine) == pytest.approx(4, abs=0.4)


REFERENCES = [
    SpectralReference(KdVEvolution(), 0.25, 384, 4800, 48),
    SpectralReference(AllenCahnEvolution(), 0.25, 2048, 480, 16),
    SpectralReference(KuramotoSivashinskyEvolution(), 0.25, 256, 3200, 32),
]


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: type(reference.evolution).__name__)
def test_at_the_first_instant_it_is_the_initial_value_itself(reference: SpectralReference) -> None:
    a, b = reference.evolution.period
    x = torch.linspace(a, b, 41, dtype=F64)
    start = vmap(reference)(torch.stack([torch.zeros_like(x), x], 1))
    assert torch.equal(start, reference.evolution.start(x))
    samples = torch.from_numpy(np.fft.irfft(reference.evolution.initial(4096, np.fft.rfftfreq(4096, 1 / 4096))))
    nodes = a + (b - a) * torch.arange(4096, dtype=F64) / 4096
    torch.testing.assert_close(samples[400:-400], reference.evolution.start(nodes)[400:-400], rtol=0, atol=1e-6)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: type(reference.evolution).__name__)
def test_the_error_covers_all_times_and_points(reference: SpectralReference) -> None:
    """At points between those stored, just after the start too, against a computation of twice the resolution."""
    fine = dataclasses.replace(reference, modes=2 * reference.modes, steps=2 * reference.steps)
    a, b = reference.evolution.period
    x = torch.linspace(a, b, 173, dtype=F64)
    step = reference.duration * reference.stride / reference.steps
    for t in (0.37 * step, 1.5 * step, 3.61 * step, 0.5 * reference.duration, reference.duration):
        points = torch.stack([torch.full_like(x, t), x], 1)
        u, v = vmap(reference)(points), vmap(fine)(points)
        assert (u - v).norm() <= 2 * max(reference.error, 1e-12) * v.norm()  # rounding, over thousands of steps


def by_lines(evolution: Evolution, duration: float, modes: int, steps: int) -> np.ndarray:
    """û(duration) by an integrating factor and the classical Runge–Kutta method, products on the nodes, ⅔ kept."""
    a, b = evolution.period
    k = np.fft.rfftfreq(modes, 1 / modes) * (2 * np.pi / (b - a))
    kept = np.arange(len(k)) <= modes // 3
    h, u = duration / steps, evolution.initial(modes, k) * kept
    half = np.exp(evolution.symbol(k) * h / 2)

    def rate(c: np.ndarray) -> np.ndarray:
        return evolution.nonlinear(c, k) * kept

    for _ in range(steps):
        p = rate(u)
        q = rate(half * (u + h / 2 * p))
        r = rate(half * u + h / 2 * q)
        s = rate(half * (half * u + h * r))
        u = half**2 * (u + h / 6 * p) + h / 3 * half * (q + r) + h / 6 * s
    return u / modes


@pytest.mark.parametrize(
    ("reference", "modes", "steps", "atol"),
    [(REFERENCES[0], 480, 8000, 1e-9), (REFERENCES[2], 320, 16_000, 1e-8)],
    ids=lambda value: type(value.evolution).__name__ if isinstance(value, SpectralReference) else str(value),
)
def test_against_another_method_in_time(reference: SpectralReference, modes: int, steps: int, atol: float) -> None:
    c = by_lines(reference.evolution, reference.duration, modes, steps)
    nodes = np.fft.irfft(c * modes)
    a, b = reference.evolution.period
    x = a + (b - a) * torch.arange(modes, dtype=F64) / modes
    u = vmap(reference)(torch.stack([torch.full_like(x, reference.duration), x], 1))
    torch.testing.assert_close(u, torch.from_numpy(nodes), rtol=0, atol=atol)


def test_allen_cahn_against_finite_differences() -> None:
    """Differences of second order on two meshes, extrapolated: a corner as narrow as √(εt) is resolved by 1/8000."""
    found = []
    for n in (4000, 8000):
        x = -1 + 2 * torch.arange(n, dtype=F64) / n
        u, h, steps = x**2 * torch.cos(math.pi * x), 2 / n, 800
        dt = 0.25 / steps

        def rate(v: torch.Tensor, h: float = h) -> torch.Tensor:
            return 1e-4 * (v.roll(1) - 2 * v + v.roll(-1)) / h**2 + 5 * (v - v**3)

        for _ in range(steps):
            p = rate(u)
            q = rate(u + dt / 2 * p)
            r = rate(u + dt / 2 * q)
            u = u + dt / 6 * (p + 2 * q + 2 * r + rate(u + dt * r))
        found.append(u[:: n // 4000])
    x = -1 + torch.arange(4000, dtype=F64) / 2000
    u = vmap(REFERENCES[1])(torch.stack([torch.full_like(x, 0.25), x], 1))
    torch.testing.assert_close(found[1] + (found[1] - found[0]) / 3, u, rtol=0, atol=3e-7)


GHIA_U = {0.9766: 0.84123, 0.8516: 0.23151, 0.7344: 0.00332, 0.5: -0.20581, 0.2813: -0.15662, 0.0547: -0.03717}
GHIA_V = {0.9688: -0.05906, 0.9063: -0.16914, 0.5: 0.05454, 0.2344: 0.17527, 0.0625: 0.09233}


def test_cavity_against_tables() -> None:
    """Ghia, Ghia & Shin (1982) to their own error, up to 9e-3; the extrema of Botella & Peyret (1998)."""
    flow = CavityFlow(100.0, constant, 32)
    for y, u in GHIA_U.items():
        assert flow(torch.tensor([0.5, y], dtype=F64))[0].item() == pytest.approx(u, abs=6e-3)
    for x, v in GHIA_V.items():
        assert flow(torch.tensor([x, 0.5], dtype=F64))[1].item() == pytest.approx(v, abs=1e-2)
    line = torch.linspace(0, 1, 2001, dtype=F64)
    half = torch.full_like(line, 0.5)
    assert flow(torch.stack([half, line], 1))[:, 0].min().item() == pytest.approx(-0.2140424, abs=1e-5)
    v = flow(torch.stack([line, half], 1))[:, 1]
    assert v.max().item() == pytest.approx(0.1795728, abs=1e-5)
    assert v.min().item() == pytest.approx(-0.2538030, abs=1e-5)


def test_cavity_satisfies_its_equations_and_walls() -> None:
    flow = CavityFlow(degree=32)
    x = 0.2 + 0.6 * torch.rand(50, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    pde = LidDrivenCavity(exact=flow)
    residual = vmap(lambda y: pde.residual(flow, y, strategy=Rows()))(x)
    assert residual[:, 2].abs().max() < 1e-11  # mass
    assert residual[:, :2].abs().max() < 0.1  # momentum, with the pressure that third derivatives of ψ leave
    s = torch.linspace(0, 1, 33, dtype=F64)
    walls = torch.cat([torch.stack(pair, 1) for pair in ((0 * s, s), (1 + 0 * s, s), (s, 0 * s), (s, 1 + 0 * s))])
    torch.testing.assert_close(flow(walls)[:, :2], vmap(pde.walls)(walls)[:, :2], rtol=0, atol=1e-5)
    assert flow(torch.tensor([0.5, 0.0], dtype=F64))[2].abs() < 1e-12
    assert 1e-5 < CavityFlow(degree=24).error < 1e-3


def test_the_cavity_converges_fast_once_its_corners_are_known() -> None:
    grid = torch.cartesian_prod(*[torch.linspace(0, 1, 41, dtype=F64)] * 2)
    fine, *coarse = (CavityFlow(degree=degree)(grid)[:, :2] for degree in (36, 20, 28))
    errors = [float((v - fine).norm() / fine.norm()) for v in coarse]
    assert errors[1] < 3e-6
    assert errors[1] < errors[0] / 5


@pytest.mark.parametrize(("values", "slopes"), [((1.0, 0.5), (0.0, 0.0)), ((0.0, 0.0), (4.0, 2.0))])
def test_the_lid_corners_are_a_flow_of_stokes_between_wall_and_lid(values, slopes) -> None:
    corners = LidCorners(values, slopes, 10.0)
    x = 0.1 + 0.8 * torch.rand(20, 2, dtype=F64, generator=torch.Generator().manual_seed(0))
    momentum = vmap(lambda y: grad(lambda z: corners(z)[2], y, Rows()) - laplacian(corners, y, Rows())[:2] / 10)(x)
    torch.testing.assert_close(momentum, torch.zeros_like(momentum), rtol=0, atol=1e-10)
    known = corners.derivatives(x)
    psi = vmap(partial(partials, lambda y: corners.derivatives(y).psi, orders=ORDERS, strategy=Rows()))(x)
    for found, expected in zip(psi, known, strict=False):
        torch.testing.assert_close(expected, found, rtol=0, atol=1e-11)
    torch.testing.assert_close(torch.stack([known.psi_y, -known.psi_x], 1), corners(x)[:, :2])
    for end in (0.0, 1.0):
        alone = LidCorners(*((v[0], 0.0) if end == 0 else (0.0, v[1]) for v in (values, slopes)))  # type: ignore[misc]
        s = torch.linspace(0.1, 0.9, 9, dtype=F64)
        wall = alone.derivatives(torch.stack([torch.full_like(s, end), s], 1))
        lid = alone.derivatives(torch.stack([(s - end).abs(), torch.ones_like(s)], 1))
        torch.testing.assert_close(
            torch.stack([wall.psi, wall.psi_x, lid.psi]), torch.zeros(3, 9, dtype=F64), atol=1e-15, rtol=0
        )
        torch.testing.assert_close(lid.psi_y, values[int(end)] + slopes[int(end)] * s, atol=1e-14, rtol=0)


@pytest.mark.parametrize("p", [2, 3])
def test_powers_are_free_of_aliases(p: int) -> None:
    """cos(kx)ᵖ of a mode near the cut keeps its low part and loses what is beyond the cut."""
    modes, k = 32, 15
    u = np.zeros(modes // 2 + 1, dtype=complex)
    u[k] = modes / 2
    out = power(u, p) / modes
    expected = np.zeros_like(out)
    if p == 2:
        expected[0] = 0.5
    else:
        expected[k] = 3 / 8
    np.testing.assert_allclose(out, expected, atol=1e-15)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ColeHopf(0.0),
        lambda: ColeHopf(nodes=0),
        lambda: CavityFlow(0.0),
        lambda: CavityFlow(degree=8),
        lambda: SpectralReference(KdVEvolution(), modes=10),
        lambda: SpectralReference(KdVEvolution(), steps=100, stride=8),
        lambda: SpectralReference(KdVEvolution(), steps=96, stride=32),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()
