"""Reference solutions: known values, order of convergence, interpolation, and errors that are measured."""

import math

import numpy as np
import pytest
import torch
from torch.func import vmap

from pinn.operators import Jet
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
from pinn.references.spectral import integrate

F64 = torch.float64


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
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 80), 0.0, -0.65158998, 1e-8),
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 80), 0.5, -0.44163054, 1e-8),
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 80), 0.25, -0.49329969, 1e-8),
        (SpectralReference(AllenCahnEvolution(), 1.0, 2048, 1000, 4), 0.0, 0.0295797210014, 1e-9),
        (SpectralReference(AllenCahnEvolution(), 1.0, 2048, 1000, 4), 0.25, 0.9884746476564, 1e-9),
        (SpectralReference(AllenCahnEvolution(), 1.0, 2048, 1000, 4), 0.5, -0.0640767977280, 1e-9),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 20_000, 80), 0.0, -0.98256626, 1e-6),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 20_000, 80), 2.0, 0.2089191, 1e-6),
        (SpectralReference(KuramotoSivashinskyEvolution(), 1.0, 384, 20_000, 80), 4.0, 1.92454256, 1e-6),
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
        (SpectralReference(KdVEvolution(), 1.0, 512, 20_000, 80), 1e-9),
        (SpectralReference(AllenCahnEvolution(), 1.0, 2048, 1000, 4), 1e-6),
        (SpectralReference(KuramotoSivashinskyEvolution(), 0.5, 384, 10_000, 40), 1e-9),
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


@pytest.mark.parametrize("evolution", [KdVEvolution(), KuramotoSivashinskyEvolution()], ids=repr)
def test_interpolation_in_time_is_as_good_as_the_steps(evolution: Evolution) -> None:
    """Between kept steps, against a computation that keeps more of them."""
    reference = SpectralReference(evolution, 0.5, 256, 10_000, 40)
    all_steps = SpectralReference(evolution, 0.5, 256, 10_000, 4)
    t = 0.5 * (torch.arange(20, 2500, 70, dtype=F64) * 4 / 10_000)
    points = torch.stack([t, torch.linspace(-0.9, 0.9, len(t), dtype=F64)], 1)
    torch.testing.assert_close(vmap(reference)(points), vmap(all_steps)(points), rtol=0, atol=1e-9)


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
    residual = vmap(lambda y: pde.residual(flow, y, strategy=Jet()))(x)
    assert residual[:, 2].abs().max() < 1e-11  # mass
    assert residual[:, :2].abs().max() < 0.1  # momentum, with the pressure that the corners leave
    s = torch.linspace(0, 1, 33, dtype=F64)
    walls = torch.cat([torch.stack(pair, 1) for pair in ((0 * s, s), (1 + 0 * s, s), (s, 0 * s), (s, 1 + 0 * s))])
    torch.testing.assert_close(flow(walls)[:, :2], vmap(pde.walls)(walls)[:, :2], rtol=0, atol=3e-3)
    assert flow(torch.tensor([0.5, 0.0], dtype=F64))[2].abs() < 1e-12
    assert 1e-5 < CavityFlow(degree=24).error < 1e-2


def test_exact_coefficients_of_the_corner() -> None:
    """Σ c_k e^{ikπ(x+1)} is x² cos πx, as near as coefficients that decay like k⁻² come."""
    reference = SpectralReference(AllenCahnEvolution(), 1.0, 2048, 1000, 4)
    x = torch.linspace(-0.9, 0.9, 19, dtype=F64)
    start = vmap(reference)(torch.stack([torch.zeros_like(x), x], 1))
    torch.testing.assert_close(start, x**2 * torch.cos(math.pi * x), rtol=0, atol=3e-6)


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
        lambda: SpectralReference(KdVEvolution(), steps=100, stride=6),
        lambda: SpectralReference(KdVEvolution(), steps=100, stride=20),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()
