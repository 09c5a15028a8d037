"""What is found of a problem before a method is chosen."""

import math
from dataclasses import replace

import pytest

from pinn.domains import Box, PeriodicBox, TimeDomain
from pinn.methods import facts_of
from pinn.pdes import Burgers, Expression, HarmonicOscillator, Heat, KdV, NavierStokes, Poisson, SineProduct
from pinn.trust.scales import scaled

_SQUARE = Box([0.0, 0.0], [1.0, 1.0])


def test_poisson_is_linear_and_steady() -> None:
    facts = facts_of(scaled(Poisson(_SQUARE)))
    assert (facts.dim, facts.components, facts.rows) == (2, 1, 1)
    assert facts.linear
    assert not any((facts.evolution, facts.periodic, facts.energy, facts.unknowns))


def test_heat_is_linear_and_burgers_is_not() -> None:
    domain = TimeDomain(1.0, Box([-1.0], [1.0]))
    for pde, linear in ((Heat(domain), True), (Burgers(domain), False)):
        facts = facts_of(scaled(pde))
        assert facts.evolution, pde
        assert facts.linear == linear, pde


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_what_is_nonlinear_is_so_at_the_size_of_the_field(size: float) -> None:
    """u is about `size` there, and u³ / size² of the size of u."""

    height = f"{size}*sin(pi*x)*sin(pi*y)"
    for term, linear in (("0*u", True), (f"1e-6*u**3/{size**2}", False)):
        assert facts_of(scaled(Expression(_SQUARE, f"-laplacian(u) + {term} = 0", exact=height))).linear == linear


def test_space_is_periodic_only_if_all_of_it_is() -> None:
    assert facts_of(scaled(KdV(TimeDomain(1.0, PeriodicBox([-1.0], [1.0]))))).periodic
    assert not facts_of(scaled(Heat(TimeDomain(1.0, Box([0.0], [1.0]))))).periodic


def test_systems_energies_and_unknowns() -> None:
    flow = facts_of(scaled(NavierStokes(Box([-0.5, -0.5], [1.0, 1.5]))))
    assert (flow.components, flow.rows) == (3, 3)
    assert facts_of(replace(Poisson(_SQUARE, SineProduct()), ritz=True)).energy
    assert facts_of(HarmonicOscillator(Box([-6.0], [6.0]))).unknowns


@pytest.mark.parametrize("seed", range(5))
def test_no_seed_makes_a_linear_problem_nonlinear(seed: int) -> None:
    assert facts_of(scaled(Poisson(_SQUARE)), seed=seed).linear


def test_the_frequencies_are_those_of_the_source() -> None:
    """f = c sin(2πx) sin(8πy) on [0, 1]²: on [−1, 1]² the angular frequencies are π and 4π."""
    pde = Expression(_SQUARE, "-laplacian(u) = 0", exact="sin(2*pi*x)*sin(8*pi*y)")
    found = facts_of(scaled(pde)).frequencies
    assert found == pytest.approx((math.pi, 4 * math.pi), rel=0.4)  # at 64 points
