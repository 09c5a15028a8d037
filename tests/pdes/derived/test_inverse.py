"""Unknown coefficients: their transforms, what is refused, and whether the intervals hold the truth."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.coverage import CASES, fitted
from pinn.domains import Boundary, Box, Initial, SinglePoint, TimeDomain
from pinn.networks import MLP, Unknown, WithUnknowns
from pinn.operators import laplacian, partials
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import (
    PDE,
    Burgers,
    Condition,
    Darcy,
    Expression,
    HarmonicOscillator,
    Heat,
    Inverse,
    Lorenz,
    Poisson,
    WavyConductivity,
    dirichlet,
    interior,
)
from pinn.runs.run import build_network
from pinn.runs.uncertainty import UnknownEstimate, found_fields, found_unknowns
from pinn.samplers import Sobol
from pinn.training.loop import Step, train

PROBLEMS = {
    "heat": Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}),
    "lorenz": Inverse(
        Lorenz(TimeDomain(1.0, SinglePoint()), hard=False),
        {"prandtl": Unknown(7.0, 1.0), "rayleigh": Unknown(20.0, 1.0), "beta": Unknown(2.0, 0.1)},
        keep=(),
    ),
    "burgers": Inverse(Burgers(viscosity=0.05), {"viscosity": Unknown(0.1, 0.0)}, sensors=300),
}
DARCY = Inverse(
    Darcy(conductivity=WavyConductivity(0.5)),
    {"conductivity": Unknown(1.0, 0.0, field=True, width=8)},
    sensors=1000,
)


def solved(
    pde: Inverse | HarmonicOscillator,
    *,
    steps: int = 60,
    width: int = 16,
    seed: int = 0,
    adam: int = 30,
    points: int = 500,
) -> Step:
    recipe = {"_target_": "pinn.networks.MLP", "width": width, "depth": 2}
    network = build_network(recipe, pde, torch.Generator().manual_seed(seed)).double()
    method = Schedule((Adam(steps=adam), LevenbergMarquardt(steps=steps)))
    *_, last = train(pde, network, method, Sobol(points, points // 5, every=0), seed=seed)
    return last


@pytest.mark.parametrize("name", ["heat"])
@pytest.mark.slow
def test_coefficients_are_found_from_noisy_data(name: str) -> None:
    step = solved(PROBLEMS[name], steps=100)
    for found in found_unknowns(step.objective, step.params).values():
        assert found.truth is not None
        assert found.value == pytest.approx(found.truth, rel=0.02)
        assert 0 < found.deviation < 0.02 * found.truth


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["heat", "lorenz"])
def test_intervals_hold_the_truth_as_often_as_those_of_direct_least_squares(name: str) -> None:
    """With 1 % of noise each coefficient is within 2 % of the truth, and it and its interval are the classical ones.

    An estimate whose deviation is w times that of the best differs from it by √(w² − 1) of that, at w = 1.2 by 0.66, in
    the mean square over data sets. Ten sets decide nothing about 95 %: on those of heat conduction the classical
    intervals hold the truth eight times.
    """
    held: dict[str, list[int]] = {}
    shifts: dict[str, list[float]] = {}
    for seed in range(10):
        step = solved(dataclasses.replace(PROBLEMS[name], seed=seed), steps=150, seed=seed)
        direct = fitted(CASES[name], seed)
        for key, found in found_unknowns(step.objective, step.params).items():
            assert found.truth is not None
            assert found.value == pytest.approx(found.truth, rel=0.02), (key, seed)
            value, deviation = direct[key]
            shifts.setdefault(key, []).append((found.value - value) / deviation)
            assert found.deviation == pytest.approx(deviation, rel=0.2), (key, seed)
            both = (found.interval(), (value - 1.96 * deviation, value + 1.96 * deviation))
            counts = held.setdefault(key, [0, 0])
            for k, (lower, upper) in enumerate(both):
                counts[k] += lower <= found.truth <= upper
    assert all(ours >= min(9, theirs) for ours, theirs in held.values()), held
    assert all(np.square(of).mean() < 1.2**2 - 1 for of in shifts.values()), shifts


@pytest.mark.nightly
def test_the_viscosity_of_a_front_is_found() -> None:
    step = solved(PROBLEMS["burgers"], steps=200, width=20)
    assert found_unknowns(step.objective, step.params)["viscosity"].value == pytest.approx(0.05, rel=0.02)


@pytest.mark.nightly
def test_an_unknown_field_is_found() -> None:
    """As well after many steps, when a weight of the data that is too large follows their noise: 0.25, a fifth held."""
    step = solved(DARCY, steps=200, width=20)
    points = next(iter(step.objective.samples.values()))[0][:100]
    field = found_fields(step.objective, step.params, points)["conductivity"]
    assert field.error < 0.06
    assert field.coverage >= 0.7


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 1])
def test_an_eigenvalue_is_found(level: int) -> None:
    step = solved(HarmonicOscillator(level=level), steps=60 if level == 0 else 200, adam=300, width=20)
    found = found_unknowns(step.objective, step.params)["energy"]
    assert found.value == pytest.approx(level + 0.5, rel=1e-5)
    assert step.rel_l2 < 1e-3


def test_the_deviation_of_a_line_is_that_of_textbooks() -> None:
    """95 % of a normal distribution lies within 1.96 deviations."""
    lower, upper = UnknownEstimate(2.0, 0.5).interval()
    assert (upper - lower) / 2 == pytest.approx(1.959964 * 0.5, rel=1e-6)
    with pytest.raises(ValueError, match="0 < level < 1"):
        UnknownEstimate(2.0, 0.5).interval(1.0)


@pytest.mark.parametrize("unknown", [Unknown(3.0), Unknown(3.0, 1.0), Unknown(3.0, 1.0, 4.0)])
def test_an_unknown_begins_at_its_initial_value_and_stays_in_bounds(unknown: Unknown) -> None:
    theta = torch.linspace(-5, 5, 11, dtype=torch.float64)
    values = unknown.value(theta)
    assert values[5].item() == pytest.approx(3.0)
    assert (values.diff() > 0).all()
    assert unknown.lower is None or values.min() > unknown.lower
    assert unknown.upper is None or values.max() < unknown.upper


def test_a_network_with_unknowns_begins_at_their_initial_values() -> None:
    network = WithUnknowns(MLP(2), {"k": Unknown(2.0, 0.0), "q": Unknown(3.0, field=True)}, 2)
    values = network(torch.rand(5, 2))
    assert values.shape == (5, 3)
    torch.testing.assert_close(values[:, 1:], torch.tensor([2.0, 3.0]).expand(5, 2))
    assert network.values(dict(network.named_parameters())) == {"k": 2.0}


def test_data_may_come_from_a_file(tmp_path: Path) -> None:
    heat = Heat()
    points = torch.rand(30, 2, dtype=torch.float64)
    assert heat.exact is not None
    np.savez(tmp_path / "data.npz", points=points.numpy(), values=torch.vmap(heat.exact)(points).numpy())
    pde = Inverse(heat, {"diffusivity": Unknown(0.5, 0.0)}, data=str(tmp_path / "data.npz"))
    assert pde.exact is None
    assert pde.measurements[1].shape == (30, 1)
    np.savez(tmp_path / "wrong.npz", points=points.numpy()[:, :1], values=np.zeros(30))
    with pytest.raises(ValueError, match=r"expected points \(n, 2\)"):
        dataclasses.replace(pde, data=str(tmp_path / "wrong.npz"))
    np.savez(tmp_path / "lacking.npz", points=points.numpy())
    with pytest.raises(ValueError, match="lacks the arrays"):
        dataclasses.replace(pde, data=str(tmp_path / "lacking.npz"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Inverse(Heat(), {}), "at least one coefficient of Heat: diffusivity"),
        (lambda: Inverse(Heat(), {"diffusion": Unknown()}), "no coefficient 'diffusion'; it has diffusivity"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown(field=True)}), "is a number"),
        (lambda: Inverse(Darcy(), {"conductivity": Unknown()}), "is a function"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown()}, sensors=0), "sensors >= 1"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown()}, keep=("wall",)), "cannot keep"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown()}, data="no.npz"), "there is no file"),
        (lambda: Inverse(Poisson(), {"penalty": Unknown()}), "no coefficient 'penalty'"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown()}, weight=-1.0), "finite weight > 0, or null"),
        (lambda: Inverse(Heat(), {"diffusivity": Unknown()}, on_boundary={"diffusivity": 1.0}), "takes unknown fields"),
        (lambda: Inverse(Poisson(ritz=True), {"penalty": Unknown()}), "no coefficient"),
        (lambda: Unknown(1.0, 2.0), "lower < initial < upper"),
        (lambda: Unknown(1.0, None, 2.0), "together with a lower one"),
    ],
)
def test_what_cannot_work_is_refused(make, message: str) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        make()


def test_time_and_space_of_a_wrapped_problem() -> None:
    pde = Inverse(Heat(TimeDomain(2.0, Box())), {"diffusivity": Unknown(0.5, 0.0)})
    assert pde.domain.dim == 3
    assert pde.components == 2
    assert pde.scored == (0,)


@pytest.mark.slow
def test_a_typed_coefficient_is_found_as_that_of_the_same_equation_by_hand() -> None:
    typed = Expression(equation="dt(u) = k*laplacian(u)", exact="exp(-k*pi**2*t)*sin(pi*x)", coefficients={"k": 0.1})
    found = [
        solved(Inverse(pde, {name: Unknown(0.5, 0.0)}), steps=15)
        for pde, name in ((Heat(), "diffusivity"), (typed, "k"))
    ]
    (by_hand,), (by_text,) = (found_unknowns(step.objective, step.params).values() for step in found)
    assert by_text.value == pytest.approx(by_hand.value, rel=1e-6)
    assert by_text.truth == by_hand.truth == 0.1


@pytest.mark.parametrize("as_field", [False, True])
def test_a_typed_coefficient_is_a_number_or_a_field(as_field: bool) -> None:
    pde = Expression(Box(), "-div(k*grad(u))", exact="sin(pi*x)*sin(pi*y)", coefficients={"k": "1 + x*y"})
    if as_field:
        exact = Inverse(pde, {"k": Unknown(1.0, field=True)}).exact
        assert exact is not None
        assert exact(torch.tensor([0.5, 0.5])).tolist() == [1.0, 1.25]
    else:
        with pytest.raises(ValueError, match="k of Expression is a function"):
            Inverse(pde, {"k": Unknown(1.0)})


def measured_in(folder: Path, u, n: int = 120, noise: float = 0.01) -> str:
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(n, 2, generator=generator, dtype=torch.float64)
    values = torch.vmap(u)(points)
    values = values + noise * torch.randn(n, generator=generator, dtype=torch.float64)
    np.savez(folder / "data.npz", points=points.numpy(), values=values.numpy())
    return str(folder / "data.npz")


def decaying(x: torch.Tensor) -> torch.Tensor:
    return torch.exp(-0.1 * torch.pi**2 * x[0]) * torch.sin(torch.pi * x[1])


WHERE = {
    "initial value": ({"initial": "al*sin(pi*x)", "boundary": "0"}, decaying),
    "boundary value": (
        {"initial": "1 + sin(pi*x)", "boundary": "al"},
        lambda x: 1 + decaying(x),
    ),
    "flux": (
        {"initial": "x + cos(pi*x)", "flux": "al*(2*x - 1)"},
        lambda x: x[1] + torch.exp(-0.1 * torch.pi**2 * x[0]) * torch.cos(torch.pi * x[1]),
    ),
}


@pytest.mark.parametrize("name", WHERE)
@pytest.mark.slow
def test_an_unknown_in_the_data_of_a_condition_is_found(name: str, tmp_path: Path) -> None:
    """Truth 1 from a start at 3, where the coefficient stands in an initial, boundary or flux value alone."""
    typed, u = WHERE[name]
    pde = Expression(equation="dt(u) = 0.1*laplacian(u)", coefficients={"al": 3.0}, **typed)
    inverse = Inverse(pde, {"al": Unknown(3.0)}, data=measured_in(tmp_path, u))
    (found,) = found_unknowns(*solved_parts(inverse)).values()
    assert found.value == pytest.approx(1.0, abs=0.03)
    assert found.why == ""
    lower, upper = found.interval()
    assert lower - 0.5 * found.deviation <= 1.0 <= upper + 0.5 * found.deviation


def solved_parts(pde: Inverse) -> tuple:
    step = solved(pde, steps=100, width=12, points=200)
    return step.objective, step.params


def test_an_unknown_in_the_conditions_of_a_class_of_ones_own_is_found(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Own(PDE):
        domain: TimeDomain = TimeDomain(1.0, Box(lower=(0.0,), upper=(1.0,)))
        amplitude: float = 3.0
        exact: None = None
        hard: bool = True

        def start(self, x: torch.Tensor) -> torch.Tensor:
            return self.amplitude * torch.sin(torch.pi * x[1])

        def conditions(self) -> tuple[Condition, ...]:
            def residual(u, x, *, strategy):
                (u_t,) = partials(u, x, [(0,)], strategy)
                return u_t - 0.1 * laplacian(u, x, strategy, axes=[1])

            zero = dirichlet(Boundary(self.domain), lambda x: torch.zeros_like(x[0]))
            return interior(self.domain, residual), dirichlet(Initial(self.domain), self.start, name="initial"), zero

    inverse = Inverse(Own(), {"amplitude": Unknown(3.0, 0.0)}, data=measured_in(tmp_path, decaying))
    assert [condition.name for condition in inverse.soft_conditions()] == ["interior", "initial", "data"]
    (found,) = found_unknowns(*solved_parts(inverse)).values()
    assert found.value == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("keep", [None, ()])
def test_an_unknown_that_nothing_depends_on_is_refused_by_name(keep) -> None:
    """In data that come from the solution it is known; in a condition that is left out it is not asked for."""
    from_exact = Expression(
        equation="dt(u) = 0.1*laplacian(u)", exact="al*exp(-0.1*pi**2*t)*sin(pi*x)", coefficients={"al": 3.0}
    )
    with pytest.raises(ValueError, match="The unknown 'al' has no effect: none of interior, data"):
        solved(Inverse(from_exact, {"al": Unknown(2.0)}, keep=keep), steps=1)


def test_sources_that_are_made_from_the_solution_are_known() -> None:
    for name, pde in PROBLEMS.items():
        assert not pde._following, name
        assert [c.name for c in pde.soft_conditions() if c.given is None] in (["data"], ["interior", "data"]), name


@pytest.mark.parametrize("initial", [1e-9, 1e-5, 1.0, 3e7])
def test_a_start_value_has_the_scale_of_its_unit(initial: float) -> None:
    theta = torch.linspace(-1, 1, 5, dtype=torch.float64)
    for make in (lambda a: Unknown(a), lambda a: Unknown(a, 0.1 * a), lambda a: Unknown(a, 0.0, 3 * a)):
        torch.testing.assert_close(make(initial).value(theta) / initial, make(1.0).value(theta))


def test_an_unknown_field_can_be_prescribed_on_the_boundary() -> None:
    truth = WavyConductivity(0.5)
    known = Inverse(
        Darcy(conductivity=truth),
        {"conductivity": Unknown(1.0, 0.0, field=True, width=8)},
        on_boundary={"conductivity": truth},
    )
    assert "boundary_conductivity" in [condition.name for condition in known.conditions()]
    step = solved(known, steps=40)
    (points, *_) = step.objective.samples["boundary_conductivity"]
    field = found_fields(step.objective, step.params, points)["conductivity"]
    assert field.error < 0.02


def test_there_is_no_interval_without_convergence() -> None:
    step = solved(PROBLEMS["burgers"], steps=12)
    (found,) = found_unknowns(step.objective, step.params).values()
    assert math.isnan(found.deviation)
    assert found.why.startswith("training has not converged: the linearised problem would move it by ")


def test_a_weight_that_follows_the_noise_has_no_interval() -> None:
    step = solved(dataclasses.replace(PROBLEMS["heat"], noise=0.05, weight=1e4), steps=40)
    (found,) = found_unknowns(step.objective, step.params).values()
    assert math.isnan(found.deviation)
    assert found.why


def test_the_deviation_is_that_of_least_squares_on_the_exact_solution() -> None:
    step = solved(PROBLEMS["heat"], steps=60)
    (found,) = found_unknowns(step.objective, step.params).values()
    assert 0.00012 < found.deviation < 0.00025  # 0.00017 by nonlinear least squares on the exact solution
