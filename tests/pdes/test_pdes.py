"""Equations against solutions by hand, and the ansatz against its definition."""

import math

import pytest
import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Disk, Initial, PointSet, TimeDomain
from pinn.operators import Rows, partials
from pinn.pdes import Condition, DecayingSine, Heat, Poisson, SineProduct, Wave, dirichlet, enforce, point_value

X = torch.tensor([0.3, 0.8], dtype=torch.float64)
ZERO = torch.zeros((), dtype=torch.float64)


def test_poisson_source_of_the_sine_product() -> None:
    """−Δ sin(πx) sin(πy) = 2π² sin(πx) sin(πy)."""
    expected = 2 * math.pi**2 * torch.sin(math.pi * X).prod()
    torch.testing.assert_close(Poisson().source(X), expected, rtol=1e-12, atol=0)


def test_poisson_source_of_a_typed_solution() -> None:
    pde = Poisson(exact=lambda x: x[0] ** 2 * x[1])
    torch.testing.assert_close(pde.source(X), -2 * X[1])


def test_poisson_residual_by_hand() -> None:
    """u = x²y with f = 1: −Δu − f = −2y − 1."""
    residual = Poisson().residual(lambda x: x[0] ** 2 * x[1], X, torch.ones_like(ZERO), strategy=Rows())
    torch.testing.assert_close(residual, -2 * X[1] - 1)


def test_the_default_heat_solution_has_no_source() -> None:
    for space in (Box((0.0,), (1.0,)), Box(), Disk()):
        pde = Heat(TimeDomain(1.0, space), diffusivity=0.3)
        x = torch.full((pde.domain.dim,), 0.4, dtype=torch.float64)
        torch.testing.assert_close(pde.source(x), ZERO, rtol=0, atol=1e-13)


def test_heat_residual_by_hand() -> None:
    """u = t x², α = ½: u_t − αu_xx = x² − t."""
    residual = Heat(diffusivity=0.5).residual(lambda x: x[0] * x[1] ** 2, X, ZERO, strategy=Rows())
    torch.testing.assert_close(residual, X[1] ** 2 - X[0])


def test_decaying_sine_starts_as_the_sine_product() -> None:
    start = torch.tensor([0.0, 0.3, 0.8], dtype=torch.float64)
    torch.testing.assert_close(DecayingSine(2.0)(start), SineProduct()(start[1:]))


def test_ansatz_without_data_is_distance_times_network() -> None:
    """Zero data need no extension: u = φN to the last bit."""
    box = Box()
    condition = dirichlet(Boundary(box), lambda x: 0 * x[0])
    u = enforce([condition])(lambda x: 1 + x[0])
    assert torch.equal(u(X), box.distance(X) * (1 + X[0]))


def test_ansatz_joins_initial_and_boundary_values() -> None:
    """Where initial and boundary data agree on the common edge, both hold, whatever the network."""
    domain = TimeDomain(2.0, Box((0.0,), (1.0,)))

    def g(x: Tensor) -> Tensor:
        return torch.exp(x[0]) + x[0] * x[1] ** 2 + torch.cos(x[1])

    conditions = [dirichlet(Initial(domain), g, name="initial"), dirichlet(Boundary(domain), g)]
    u = enforce(conditions)(lambda x: 100 * torch.sin(7 * x[0] + x[1]))
    for x in ([0.0, 0.3], [0.0, 1.0], [1.7, 0.0], [2.0, 1.0]):
        point = torch.tensor(x, dtype=torch.float64)
        torch.testing.assert_close(u(point), g(point), rtol=1e-13, atol=1e-13)
    inside = torch.tensor([1.0, 0.5], dtype=torch.float64)
    assert not torch.isclose(u(inside), g(inside))


def test_a_point_value_stays_soft() -> None:
    condition = point_value(PointSet(((0.0, 0.0),)), lambda x: x[0])
    assert condition.prescribed is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Poisson(penalty=0), "penalty > 0, got penalty=0"),
        (lambda: Heat(diffusivity=-1), "diffusivity > 0, got diffusivity=-1"),
        (lambda: Heat(penalty=math.nan), "penalty > 0, got penalty=nan"),
        (lambda: Condition("wall", Boundary(Box()), lambda *_, strategy: ZERO, weight=-2), "weight > 0, got weight=-2"),
    ],
)
def test_refuses(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


def test_a_velocity_without_displacement_is_built_in() -> None:
    """sin πx sin 2πt starts from rest's opposite: u = 0 and u_t ≠ 0, which once counted as no data at all."""
    u = Wave(exact=lambda x: torch.sin(math.pi * x[1]) * torch.sin(2 * math.pi * x[0])).ansatz()(lambda x: 0 * x[0])
    x = torch.tensor([0.0, 0.3], dtype=torch.float64)
    (velocity,) = partials(u, x, [(0,)])
    torch.testing.assert_close(velocity, 2 * math.pi * torch.sin(math.pi * x[1]))
