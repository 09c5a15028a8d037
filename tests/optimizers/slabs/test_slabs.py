"""Slabs of time: order, exactness, kinds of equations, refinement, resuming, refusals."""

import copy
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from pinn.domains import Box, Disk, PeriodicBox, TimeDomain
from pinn.networks import MLP, GatedSines, Harmonics, RandomSines, SlabFeatures, Unknown
from pinn.networks.features import Family
from pinn.optimizers import Slabs
from pinn.optimizers.slabs import basis
from pinn.optimizers.slabs.radau import Radau
from pinn.pdes import (
    PDE,
    Advection,
    AllenCahn,
    Burgers,
    Burgers2D,
    Evolving,
    GrayScott,
    Heat,
    Inverse,
    KdV,
    Poisson,
    UnsteadyNavierStokes,
    Wave,
)
from pinn.runs.run import load_run
from pinn.samplers import Uniform
from pinn.training import Step, train

F64 = torch.float64


def solved(pde: PDE, features: Family, points: int, degree: int = 8, seed: int = 0, **numbers: Any) -> list[Step]:
    return list(train(Evolving(pde), network(pde, features, degree, seed), Slabs(**numbers), sampler(points)))


def network(pde: PDE, features: Family, degree: int = 8, seed: int = 0) -> SlabFeatures:
    bounds, generator = pde.domain.embedded_bounds, torch.Generator().manual_seed(seed)
    return SlabFeatures(
        len(bounds[0]), pde.components, features=[features], degree=degree, bounds=bounds, chart=pde.domain.chart,
        generator=generator,
    ).double()  # fmt: skip


def sampler(points: int) -> Uniform:
    return Uniform(points, 60, every=0)


@pytest.mark.parametrize("stages", [2, 5, 8])
def test_radau_integrates_polynomials_exactly(stages: int) -> None:
    radau, tau = Radau(stages), torch.linspace(0, 1, 7, dtype=F64)
    for k in range(stages):
        rates = radau.nodes**k
        torch.testing.assert_close(radau.integrals(tau) @ rates, tau ** (k + 1) / (k + 1), rtol=0, atol=1e-13)
        torch.testing.assert_close(radau.interpolation(tau) @ rates, tau**k, rtol=0, atol=1e-12)
    values, V, inverse = radau.eigen
    torch.testing.assert_close((V * values @ inverse).real, radau.A, rtol=0, atol=1e-12)
    assert radau.nodes[-1] == 1


def test_the_end_of_a_slab_has_the_order_of_radau() -> None:
    """u' = −u in one slab with 3 stages: the error at its end falls like Δt⁶, one step of order 5."""
    pde = GrayScott(TimeDomain(1.0, PeriodicBox((0.0,), (1.0,))))
    errors = []
    for duration in (0.8, 0.4):
        part = GrayScott(TimeDomain(duration, PeriodicBox((0.0,), (1.0,))))
        (*_, step) = solved(part, Harmonics(6), 40, degree=3, first=1.0, tolerance=0.9)
        assert step.step == 1
        x = torch.stack([torch.full((9,), duration, dtype=F64), torch.linspace(0, 0.9, 9, dtype=F64)], 1)
        assert pde.exact is not None
        u, exact = (torch.func.vmap(f)(x) for f in (step.field, pde.exact))
        errors.append(float((u - exact).abs().max()))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(6, abs=0.6)


@pytest.mark.parametrize(
    ("pde", "features", "points", "numbers", "bound"),
    [
        (Advection(velocity=5.0), RandomSines(50, 6.0), 150, {"tolerance": 1e-12, "cut": 1e-12}, 1e-11),
        (Wave(speed=1.0), RandomSines(150, 35.0), 200, {"degree": 12, "tolerance": 1e-11}, 1e-10),
        (GrayScott(TimeDomain(1.0, PeriodicBox((0.0, 0.0), (1.0, 1.0)))), Harmonics(2), 120, {}, 1e-10),
        (Heat(TimeDomain(0.5, Box((0.0, 0.0), (1.0, 1.0)))), RandomSines(250, 8.0), 500, {"first": 0.1}, 1e-7),
        (Heat(TimeDomain(0.2, Disk())), RandomSines(200, 5.0), 500, {"first": 0.1}, 1e-6),
        (Burgers2D(viscosity=0.1), RandomSines(300, 7.0), 700, {"tolerance": 1e-7, "first": 0.1}, 1e-6),
    ],
    ids=["advection", "wave", "system in the plane", "heat in the plane", "heat on a disk", "Burgers in the plane"],
)
def test_kinds_of_equations(pde: PDE, features: Family, points: int, numbers: dict, bound: float) -> None:
    *_, step = solved(pde, features, points, **numbers)
    assert step.stop == "finished"
    assert step.rel_l2 < bound


@pytest.mark.parametrize(
    ("pde", "features", "points", "bound"),
    [
        (UnsteadyNavierStokes(TimeDomain(0.5, PeriodicBox((0.0, 0.0), (2 * math.pi,) * 2))), Harmonics(2), 144, 1e-11),
        (Heat(TimeDomain(0.3, Box((0.0,), (1.0,))), hard=False, penalty=100.0), RandomSines(60, 8.0), 120, 1e-8),
    ],
    ids=["flow on a torus", "heat with penalised walls"],
)  # fmt: skip
def test_algebraic_equations_and_penalised_conditions(pde: PDE, features: Family, points: int, bound: float) -> None:
    """Divergence and boundary values have no derivative in time: they hold at each instant, by least squares."""
    *_, step = solved(pde, features, points, degree=5, tolerance=1e-7, first=0.2, cut=1e-9)
    assert step.rel_l2 < bound


def test_subdomains_are_refined_at_a_front() -> None:
    pde = Burgers(TimeDomain(0.5, Box((-1.0,), (1.0,))), viscosity=0.02)
    *_, step = solved(pde, GatedSines(30, 3), 300, tolerance=1e-7, resolution=1e-6, first=0.05, cut=1e-11)
    edges = step.params["edges.0"]
    assert len(edges) > 4
    middle = edges.abs().argmin()
    assert (edges[middle + 1] - edges[middle]) < 0.3
    assert step.rel_l2 < 1e-6


@pytest.mark.nightly
def test_a_corner_that_evolves_is_in_the_field() -> None:
    pde = AllenCahn(TimeDomain(0.05, PeriodicBox((-1.0,), (1.0,))))
    *_, step = solved(pde, GatedSines(30, 6), 540, tolerance=1e-7, resolution=1e-5, first=0.1)
    assert step.rel_l2 < 3e-6


def test_a_resumed_run_takes_the_same_bits() -> None:
    pde = Burgers(TimeDomain(0.3, Box((-1.0,), (1.0,))), viscosity=0.05)
    numbers: dict[str, Any] = {"tolerance": 1e-7, "resolution": 1e-6, "first": 0.05}
    steps, state = [], None
    for step in train(Evolving(pde), network(pde, GatedSines(20, 3)), Slabs(**numbers), sampler(150)):
        steps.append(step)
        if step.step == 3:
            state = copy.deepcopy(step.state_dict())
    assert state is not None
    assert len(steps) > 4
    resumed = list(train(Evolving(pde), network(pde, GatedSines(20, 3)), Slabs(**numbers), sampler(150), state=state))
    assert resumed[-1].step == steps[-1].step
    assert all(torch.equal(resumed[-1].params[name], value) for name, value in steps[-1].params.items())


def test_the_network_holds_the_field_whatever_its_slabs() -> None:
    pde = Heat(TimeDomain(0.3, Box((0.0,), (1.0,))))
    one = network(pde, GatedSines(20, 3))
    *_, step = train(Evolving(pde), one, Slabs(tolerance=1e-6, resolution=1e-5, first=0.2), sampler(100))
    assert len(one.times) == len(step.params["times"]) > 2
    other = network(pde, GatedSines(20, 3), seed=1)
    other.load_state_dict(one.state_dict())
    x = torch.rand(20, 2, dtype=F64, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.3, 1.0])
    assert torch.equal(other(x), one(x))


def test_after_the_last_slab_the_field_stays() -> None:
    pde = Advection(velocity=1.0)
    first = next(iter(train(Evolving(pde), network(pde, Harmonics(3)), Slabs(first=0.2), sampler(20))))
    end = float(first.params["times"][-1])
    assert end < 0.5
    at, later = (first.field(torch.tensor([t, 1.0], dtype=F64)) for t in (end, 0.9))
    torch.testing.assert_close(at, later, rtol=0, atol=1e-12)
    assert first.stop is None


def mlp(pde: PDE) -> MLP:
    return MLP(len(pde.domain.embedded_bounds[0])).double()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: list(train(Advection(), network(Advection(), Harmonics(3)), Slabs(), sampler(20))), "Evolving"),
        (lambda: list(train(Evolving(Advection()), mlp(Advection()), Slabs(), sampler(20))), "SlabFeatures"),
        (lambda: solved(Advection(), Harmonics(40), 100), "81 frozen features need 162 points"),
        (lambda: Evolving(Poisson()), "has time"),
        (lambda: Evolving(Inverse(Heat(), unknowns={"diffusivity": Unknown(lower=0.0)})), "unknown coefficients"),
        (lambda: Slabs(tolerance=0.0), "tolerance"),
        (lambda: Slabs(growth=1.0), "growth"),
        (lambda: SlabFeatures(2, degree=1), "degree"),
        (lambda: SlabFeatures(1), "time"),
    ],
)
def test_refusals(make, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_features_that_never_resolve_the_field_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis, "MOST", 60)
    with pytest.raises(ValueError, match="do not resolve"):
        solved(Heat(), GatedSines(6, 3), 60, resolution=1e-12)


def test_float32_is_refused() -> None:
    single = network(Advection(), Harmonics(3)).float()
    with pytest.raises(ValueError, match="float64"):
        list(train(Evolving(Advection()), single, Slabs(), sampler(20)))


@pytest.mark.nightly
def test_the_reference_of_kdv_agrees_with_another_method() -> None:
    """Random features in slabs share nothing with Fourier modes and exponential integrators."""
    *_, step = solved(KdV(), RandomSines(1000, 140.0), 750, tolerance=1e-12)
    assert step.rel_l2 < 3e-11


@pytest.mark.slow
def test_the_command_line_comes_to_the_same_field(tmp_path: Path) -> None:
    """A run folder scales networks: these have weights in the units of the field, and are left alone."""
    words = [
        "experiment=accuracy/advection_features",
        "pde.velocity=5",
        "threads=1",
        f"hydra.run.dir={tmp_path / 'run'}",
    ]
    subprocess.run([sys.executable, "-m", "pinn", "train", *words], check=True, capture_output=True)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["stopped_by"] == "finished"
    assert summary["rel_l2"] < 1e-11
    x = torch.tensor([0.3, 1.0], dtype=F64)
    torch.testing.assert_close(load_run(tmp_path / "run")(x), torch.sin(x[1] - 5 * x[0]), rtol=0, atol=1e-11)
