"""What every domain promises of its distance, its level and the extension of data from its boundary."""

import math

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import (
    Boundary,
    Box,
    Domain,
    Interior,
    ParameterDomain,
    PeriodicBox,
    PointCloud,
    TimeDomain,
)
from pinn.operators import grad, laplacian
from tests.contracts.test_domains import EACH, EXTENDABLE, WITH_BOUNDARY, smooth, sobol


@EACH
def test_the_level_is_positive_inside_and_negative_outside(domain: Domain) -> None:
    if type(domain) in (PeriodicBox, PointCloud, TimeDomain, ParameterDomain):
        return  # of which no set is made by combination
    lower, upper = domain.bounds
    around = Box(
        tuple(a - 0.3 * (b - a) for a, b in zip(lower, upper, strict=True)),
        tuple(b + 0.3 * (b - a) for a, b in zip(lower, upper, strict=True)),
    )
    (x,) = Interior(around).sample(500, sobol())
    level = domain.level_set(x)
    assert level.isfinite().all()
    assert torch.equal(level > 0, domain.contains(x))


@EACH
def test_distance_and_level_are_finite_on_the_bounding_box(domain: Domain) -> None:
    """Its corners too: figures ask for both at the nodes of a grid."""
    axes = [
        torch.linspace(a, b, 9 if domain.dim < 4 else 3, dtype=torch.float64)
        for a, b in zip(*domain.bounds, strict=True)
    ]
    x = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1)
    assert domain.distance(x).isfinite().all()
    assert domain.level_set(x).isfinite().all()


@EACH
def test_distance_has_finite_derivatives_inside(domain: Domain) -> None:
    (x,) = Interior(domain).sample(100, sobol())
    assert vmap(lambda y: grad(domain.distance, y))(x).isfinite().all()
    if domain.smooth:
        assert vmap(lambda y: laplacian(domain.distance, y))(x).isfinite().all()


@WITH_BOUNDARY
def test_distance_grows_from_the_boundary(domain: Domain) -> None:
    """∂φ/∂n < 0 but in corners."""
    if isinstance(domain, PointCloud):
        return  # which knows its boundary at points alone
    x, normal = Boundary(domain).sample(200, sobol())
    step = 1e-5 * min(b - a for a, b in zip(*domain.bounds, strict=True))
    inside = domain.contains(x - step * normal)
    assert ((domain.distance(x - step * normal) / step)[inside] > 1e-4).double().mean() > 0.95


@EXTENDABLE
def test_extension_equals_the_data_and_asks_for_nothing_else(domain: Domain) -> None:
    def g(x: Tensor) -> Tensor:
        return torch.where(domain.distance(x).abs() < 1e-9, smooth(x), math.nan)

    extension = domain.extend(g)
    x, _ = Boundary(domain).sample(200, sobol())
    torch.testing.assert_close(vmap(extension)(x), smooth(x), rtol=1e-9, atol=1e-9)
    (y,) = Interior(domain).sample(200, sobol())
    assert vmap(extension)(y).isfinite().all()
    assert vmap(extension)(y.float()).dtype == torch.float32
    assert vmap(lambda z: laplacian(domain.extend(smooth), z))(y[:50]).isfinite().all()
