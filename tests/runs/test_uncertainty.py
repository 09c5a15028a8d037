"""The band of a solution found from data: closed forms, coverage, and where there is none."""

import dataclasses
import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from pinn.domains import SinglePoint, TimeDomain
from pinn.networks import Unknown
from pinn.pdes import Heat, Inverse, Lorenz, Poisson
from pinn.runs.covariance import Answer
from pinn.runs.uncertainty import Findings, FoundField, band_in_words, found_solution, found_unknowns
from pinn.training.loop import Step
from tests.pdes.derived.test_inverse import solved

HEAT = Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)})


@cache
def heat() -> Step:
    return solved(HEAT, steps=30, width=12, points=200)


def points(n: int = 300, d: int = 2) -> Tensor:
    return torch.rand(n, d, generator=torch.Generator().manual_seed(99), dtype=torch.float64)


def test_where_one_number_is_free_the_band_is_that_of_the_number() -> None:
    """u = exp(−kπ²t) sin πx, so the deviation of u is |∂u/∂k| = π² t u times that of k."""
    step, x = heat(), points()
    number = found_unknowns(step.objective, step.params)["diffusivity"]
    (u,) = found_solution(step.objective, step.params, x).values()
    slope = math.pi**2 * x[:, 0] * torch.exp(-0.1 * math.pi**2 * x[:, 0]) * torch.sin(math.pi * x[:, 1])
    expected = slope * number.deviation
    seen = expected > 0.1 * expected.max()
    torch.testing.assert_close(u.deviations[seen], expected[seen], rtol=0.2, atol=0)
    assert float((u.deviations / expected).median()) == pytest.approx(1.0, abs=0.02)
    # The error is the number's as well, so the band holds the truth exactly where the interval does.
    assert number.truth is not None
    assert u.coverage == (abs(number.value - number.truth) < 1.96 * number.deviation)
    assert u.error < 2e-3


def test_values_are_those_of_the_field_and_truth_is_the_solution() -> None:
    step, x = heat(), points()
    (name, u), *others = found_solution(step.objective, step.params, x).items()
    assert (name, others) == ("u", [])
    torch.testing.assert_close(u.values, step.field(x)[:, 0])
    exact = HEAT.pde.exact
    assert exact is not None
    torch.testing.assert_close(u.truth, torch.vmap(exact)(x))


def test_where_the_value_is_built_in_there_is_no_band() -> None:
    step, x = heat(), points()
    x[:, 0] = 0.0
    (u,) = found_solution(step.objective, step.params, x).values()
    assert float(u.deviations.max()) < 1e-12


def test_many_points_in_parts_are_the_same_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    step, x = heat(), points(50)
    answer = Answer(step.objective, step.params)
    (whole,) = found_solution(step.objective, step.params, x, answer).values()
    monkeypatch.setattr("pinn.runs.uncertainty.AT_ONCE", 7 * sum(v.numel() for v in step.params.values()))
    (parts,) = found_solution(step.objective, step.params, x, answer).values()
    torch.testing.assert_close(parts.deviations, whole.deviations)


def test_the_band_grows_with_the_noise() -> None:
    """Ten times the noise, ten times the deviation."""
    x = points(100)
    noisy = solved(dataclasses.replace(HEAT, noise=0.1), steps=30, width=12, points=200)
    (low,), (high,) = (found_solution(s.objective, s.params, x).values() for s in (heat(), noisy))
    assert float((high.deviations / low.deviations).median()) == pytest.approx(10.0, rel=0.2)


@pytest.mark.slow
def test_the_band_holds_the_truth_as_often_as_it_says() -> None:
    """Heat conduction of which neither start nor boundary is known: the data decide on a whole function.

    A training that does not come to a minimum has no band, and says so.
    """
    covered, refused = [], 0
    for seed in range(6):
        step = solved(dataclasses.replace(HEAT, keep=(), seed=seed), steps=45, seed=seed, width=12, points=200)
        (u,) = found_solution(step.objective, step.params, points()).values()
        if u.why:
            refused += 1
            assert "has not converged" in u.why or "do not determine" in u.why
        else:
            covered.append(u.coverage)
            assert u.error < 0.01
    assert refused <= 1
    assert 0.85 <= np.mean(covered) <= 1.0
    assert min(covered) > 0.5


@pytest.mark.slow
def test_every_component_of_a_system_has_a_band() -> None:
    """Lorenz's equations from an unknown start: about 95 % at 200 times for each of three components."""
    pde = Inverse(
        Lorenz(TimeDomain(1.0, SinglePoint()), hard=False),
        {"prandtl": Unknown(7.0, 1.0), "rayleigh": Unknown(20.0, 1.0), "beta": Unknown(2.0, 0.1)},
        keep=(),
    )
    step = solved(pde, steps=100, points=300)
    found = found_solution(step.objective, step.params, points(200, 1))
    assert len(found) == 3
    assert all(not u.why for u in found.values())
    assert np.mean([u.coverage for u in found.values()]) >= 0.8


def test_there_is_no_band_without_convergence() -> None:
    step = solved(HEAT, steps=3, width=12, points=200)
    (u,) = found_solution(step.objective, step.params, points(20)).values()
    assert "has not converged" in u.why
    assert bool(u.deviations.isnan().all())
    assert math.isnan(u.coverage)
    assert band_in_words("u", u.figures()).startswith("u: no band (training has not converged")


def test_a_number_that_nothing_depends_on_has_neither_interval_nor_band() -> None:
    """At k = 1e-26 neither equation nor data depend on θ = log k: the deviation is that of ignorance, ρ |dk/dθ|."""
    step = heat()
    params = {**step.params, "free.diffusivity.weight": torch.full((1, 1), -60.0, dtype=torch.float64)}
    (number,) = found_unknowns(step.objective, params).values()
    assert math.isnan(number.deviation)
    assert number.why == "the data do not determine diffusivity: near what was found, nothing depends on it"
    (u,) = found_solution(step.objective, params, points(20)).values()
    assert u.why == number.why


def test_a_problem_without_data_has_no_band() -> None:
    step = solved(Poisson(), steps=2)  # pyright: ignore[reportArgumentType]
    assert found_solution(step.objective, step.params, points(5)) == {}
    assert Findings.of(step.objective, step.params) == Findings({}, {}, {})


def test_figures_in_words() -> None:
    x = points(4)
    values = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    truth = values + torch.tensor([0.0, 0.1, 0.19, 0.3], dtype=torch.float64)
    found = FoundField(x, values, torch.full_like(values, 0.1), truth)
    assert found.coverage == 0.75
    assert band_in_words("u", found.figures()) == (
        "u: 95 % band ± 2.0e-01 in the median, holds the true value at 75% of the points"
    )
    assert band_in_words("u", {"median_half_width": 0.5, "coverage": None}) == "u: 95 % band ± 5.0e-01 in the median"
