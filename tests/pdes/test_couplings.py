"""Conditions that tie points and fields together: zero where they hold, and what they say where they do not."""

import math

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, Box, Disk, Measurements, OppositeFaces, Quadrature, SinglePoint, TimeDomain
from pinn.operators import Eye, ForwardOverReverse, Jet, Rows, Strategy
from pinn.pdes import Condition, integral, interface, measured, neumann, periodic, robin
from pinn.samplers import Sobol
from pinn.typing import Field

LIKE = torch.zeros((), dtype=torch.float64)
STRATEGIES = [Rows(), Eye(), Jet(), ForwardOverReverse()]
EACH = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)


def residuals(condition: Condition, u: Field, strategy: Strategy) -> Tensor:
    samples = Sobol(64, 32).sample([condition], torch.Generator().manual_seed(0), LIKE)[condition.name]
    if condition.given is not None:
        samples = (*samples, vmap(condition.given)(*samples))
    return vmap(lambda *s: condition.residual(u, *s, strategy=strategy))(*samples)


@EACH
def test_robin(strategy: Strategy) -> None:
    """2u + 3∂u/∂n of u = x² + y² on the unit disk is 2 + 6."""
    condition = robin(Boundary(Disk()), lambda x: 8 + 0 * x[0], a=2.0, b=3.0)
    torch.testing.assert_close(residuals(condition, lambda x: x @ x, strategy), torch.zeros(32, dtype=torch.float64))
    off = residuals(condition, lambda x: x @ x + 1, strategy)
    torch.testing.assert_close(off, torch.full((32,), 2.0, dtype=torch.float64))


@EACH
def test_neumann_on_one_side(strategy: Strategy) -> None:
    condition = neumann(Boundary(Box(), "right"), lambda x: 2 + 0 * x[0])
    found = residuals(condition, lambda x: x[0] ** 2 + x[1], strategy)
    torch.testing.assert_close(found, torch.zeros(32, dtype=torch.float64))


@EACH
def test_periodic(strategy: Strategy) -> None:
    box = Box((0.0, 0.0), (2.0, 1.0))
    found = residuals(periodic(box, 0, order=2), lambda x: torch.sin(math.pi * x[0]) * x[1] ** 2, strategy)
    assert found.shape == (32, 3)
    torch.testing.assert_close(found, torch.zeros_like(found), rtol=0, atol=1e-13)
    off = residuals(periodic(box, 0), lambda x: x[0] ** 2, strategy)
    torch.testing.assert_close(off, torch.tensor([-4.0, -4.0], dtype=torch.float64).expand(32, 2))
    with pytest.raises(ValueError, match="0 <= axis < 2"):
        OppositeFaces(box, 2)
    with pytest.raises(ValueError, match="order >= 0"):
        periodic(box, 0, order=-1)


@EACH
def test_interface(strategy: Strategy) -> None:
    """u₁ = ρ², u₂ = 1 + 2ρ²: at ρ = 1 the jump is 2, that of the flux 3·4 − 5·2."""
    rim = Boundary(Disk())

    def u(x: Tensor) -> Tensor:
        return torch.stack([x @ x, 1 + 2 * x @ x])

    found = residuals(interface(rim, inside=5.0, outside=3.0, jump=2.0, flux_jump=2.0), u, strategy)
    torch.testing.assert_close(found, torch.zeros(32, 2, dtype=torch.float64))
    off = residuals(interface(rim, inside=5.0, outside=3.0), u, strategy)
    torch.testing.assert_close(off, torch.full((32, 2), 2.0, dtype=torch.float64))


@EACH
@pytest.mark.parametrize(
    ("domain", "value", "accuracy"), [(Box((0.0, 0.0), (1.0, 2.0)), 8 / 3, 1e-12), (Disk(), math.pi / 4, 2e-3)]
)
def test_integral(domain: Box | Disk, value: float, accuracy: float, strategy: Strategy) -> None:
    """∫ y² over a rectangle and over the unit disk."""
    condition = integral(domain, lambda u, x: u * x[1], value)
    found = residuals(condition, lambda x: x[1], strategy)
    assert found.shape == (1,)
    assert found.abs().item() < accuracy


def test_integral_at_every_instant() -> None:
    domain = TimeDomain(2.0, Box((0.0,), (1.0,)))
    found = residuals(integral(domain, lambda u, x: u, 0.5), lambda x: x[1] + x[0] - x[0], Rows())
    torch.testing.assert_close(found, torch.zeros(32, dtype=torch.float64))
    with pytest.raises(ValueError, match="nodes >= 1"):
        Quadrature(domain, 0)


@EACH
def test_measured_data(strategy: Strategy) -> None:
    points = torch.rand(7, 2, dtype=torch.float64)
    condition = measured(points, points[:, 1], components=(1,))
    found = residuals(condition, lambda x: x, strategy)
    assert found.shape == (7, 1)
    assert (found == 0).all()
    off = residuals(measured(points, points), lambda x: x + 1, strategy)
    torch.testing.assert_close(off, torch.ones(7, 2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("points", "values", "message"),
    [
        ([[0.0, 1.0]], [1.0, 2.0], r"got \(1, 2\) and \(2,\)"),
        ([0.0, 1.0], [1.0, 2.0], "points of shape"),
        ([[0.0, math.nan]], [1.0], "NaN or infinity"),
    ],
)
def test_data_that_do_not_fit_are_refused(points, values, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Measurements(points, values)


def test_time_alone_has_no_boundary() -> None:
    domain = TimeDomain(3.0, SinglePoint())
    assert (domain.dim, domain.measure, domain.boundary_measure) == (1, 3.0, 0.0)
    with pytest.raises(ValueError, match="no boundary"):
        Boundary(domain).sample(3, torch.rand)
