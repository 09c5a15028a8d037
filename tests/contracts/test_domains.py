"""What every domain promises: points inside, unit outward normals, measures, distances, extensions."""

import inspect
import math

import pytest
import torch
from torch import Tensor
from torch.func import vmap

import pinn.domains
from pinn.domains import (
    Annulus,
    Ball,
    Boundary,
    Box,
    CenteredBall,
    Disk,
    Domain,
    Ellipse,
    Extrusion,
    Interior,
    LShape,
    ParameterDomain,
    PeriodicBox,
    Polygon,
    Simplex,
    SinglePoint,
    TimeDomain,
    Triangle,
)
from pinn.operators import div
from pinn.typing import Draw

SHIPPED = [
    cls
    for _, cls in inspect.getmembers(pinn.domains, inspect.isclass)
    if issubclass(cls, Domain) and cls not in (Domain, SinglePoint)
]
DOMAINS: list[Domain] = [
    *(cls() for cls in SHIPPED),
    Box((-1.0,), (3.0,)),
    Box((0.0, -1.0, 2.0), (0.5, 1.0, 5.0)),
    Box((0.0,) * 5, (1.0, 2.0, 1.0, 1.0, 3.0)),
    Ball((1.0,), 0.5),
    Ball((1.0, -2.0, 0.0, 3.0), 1.5),
    CenteredBall(2.0, dimensions=4),
    Disk((2.0, -1.0), 0.25),
    TimeDomain(3.0, Disk((1.0, 1.0), 2.0)),
    TimeDomain(0.5, Box((0.0, 0.0), (1.0, 2.0))),
    TimeDomain(0.5, Disk(), start=-2.0),
    PeriodicBox((0.0, -1.0), (3.0, 2.0)),
    TimeDomain(1.0, PeriodicBox(), start=1.0),
    TimeDomain(1.0, LShape()),
    ParameterDomain(Disk(), (0.0,), (2.0,)),
    Ellipse((1.0, 2.0), (0.3, 2.0)),
    Simplex(((0.0,), (2.0,))),
    Simplex(((0.0, 0.0), (2.0, 0.0), (0.5, 1.0))),
    Polygon(((0.0, 0.0), (1.0, 1.0), (2.0, 0.0), (1.0, 3.0))),
    Disk() | Disk((0.8, 0.0), 0.7),
    Box((-1.0, -1.0), (1.0, 1.0)) - Disk((0.2, 0.1), 0.5),
    Box((0.0, 0.0), (2.0, 1.0)) | Box((0.0, 0.0), (1.0, 2.0)),
    Box((0.0, 0.0), (1.0, 1.0)) | Box((1.0, 0.0), (2.0, 1.0)),
    (Triangle() & Disk((0.2, 0.2), 0.4)).rotated(0.5),
    Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) - Ball((0.5, 0.5, 0.5), 0.3),
    Annulus().rotated(0.3).scaled(2.0).translated((1.0, -1.0)),
    Box((0.0, 0.0, 0.0), (1.0, 2.0, 3.0)).rotated(1.0, axis=(1.0, 1.0, 0.0)),
    Extrusion(LShape(), (-1.0, 1.0)),
    LShape((2.0, 1.0), 0.5).tagged(inlet=lambda x: x[..., 0] < 1.6),
]


def name(domain: Domain) -> str:
    """Short, and without the addresses of functions."""
    return f"{type(domain).__name__}{DOMAINS.index(domain)}"


EACH = pytest.mark.parametrize("domain", DOMAINS, ids=name)
BOUNDED = [domain for domain in DOMAINS if domain.boundary_measure]
WITH_BOUNDARY = pytest.mark.parametrize("domain", BOUNDED, ids=name)
EXTENDABLE = pytest.mark.parametrize("domain", [d for d in BOUNDED if d.extendable], ids=name)
N = 20_000


def sobol(seed: int = 0) -> Draw:
    def draw(n: int, k: int) -> Tensor:
        return torch.quasirandom.SobolEngine(k, scramble=True, seed=seed).draw(n, dtype=torch.float64)

    return draw


def smooth(x: Tensor) -> Tensor:
    """A smooth scalar field without symmetry."""
    return torch.sin(x * torch.arange(1, x.shape[-1] + 1, dtype=x.dtype)).sum(-1) + (0.3 * x).prod(-1)


def in_space(domain: Domain, v: Tensor) -> Tensor:
    """v without its components of time or parameters, which have no part in the lateral boundary."""
    if isinstance(domain, ParameterDomain):
        return torch.cat([v[: domain.base.dim], torch.zeros_like(v[domain.base.dim :])])
    return torch.cat([torch.zeros_like(v[:1]), v[1:]]) if isinstance(domain, TimeDomain) else v


@EACH
def test_interior_points_lie_inside(domain: Domain) -> None:
    (x,) = Interior(domain).sample(500, sobol())
    assert x.shape == (500, domain.dim)
    assert domain.contains(x).all()
    assert (domain.distance(x) > 0).all()
    lower, upper = (torch.tensor(corner, dtype=x.dtype) for corner in domain.bounds)
    assert ((x >= lower) & (x <= upper)).all()


@WITH_BOUNDARY
def test_boundary_points_lie_on_the_boundary(domain: Domain) -> None:
    x, _ = Boundary(domain).sample(500, sobol())
    assert x.shape == (500, domain.dim)
    torch.testing.assert_close(domain.distance(x), torch.zeros(500, dtype=x.dtype), rtol=0, atol=1e-13)


@WITH_BOUNDARY
def test_normals_are_unit_and_point_outward(domain: Domain) -> None:
    x, normal = Boundary(domain).sample(500, sobol())
    torch.testing.assert_close(normal.norm(dim=1), torch.ones(500, dtype=x.dtype))
    lower, upper = domain.bounds
    step = 1e-6 * min(b - a for a, b in zip(lower, upper, strict=True))
    assert not domain.contains(x + step * normal).any()
    # Corners apart, a step inward stays inside.
    assert domain.contains(x - step * normal).double().mean() > 0.99


@EACH
def test_measure_agrees_with_counting(domain: Domain) -> None:
    box = Box(*domain.bounds)
    (x,) = Interior(box).sample(N, sobol())
    share = domain.contains(x).double().mean().item()
    assert share == pytest.approx(domain.measure / box.measure, abs=0.01)


@EACH
def test_points_are_uniform(domain: Domain) -> None:
    """Interior points have the mean of f that counting in the bounding box finds."""
    (x,) = Interior(domain).sample(N, sobol())
    (y,) = Interior(Box(*domain.bounds)).sample(N, sobol(1))
    y = y[domain.contains(y)]
    bar = 4 * smooth(y).std().item() / math.sqrt(len(y))
    assert smooth(x).mean().item() == pytest.approx(smooth(y).mean().item(), abs=bar)


@WITH_BOUNDARY
def test_divergence_theorem(domain: Domain) -> None:
    """∫_Ω ∇·v = ∮ v·n, which ties interior, boundary, normals and both measures together."""

    def v(x: Tensor) -> Tensor:
        return in_space(domain, torch.cos(x + x.flip(0)) + x**2)

    (x,) = Interior(domain).sample(N, sobol())
    y, normal = Boundary(domain).sample(N, sobol(1))
    inside = vmap(lambda x: div(v, x))(x)
    flux = (vmap(v)(y) * normal).sum(1)
    volume, surface = domain.measure, domain.boundary_measure
    bar = 4 * math.hypot(volume * inside.std().item(), surface * flux.std().item()) / math.sqrt(N)
    assert volume * inside.mean().item() == pytest.approx(surface * flux.mean().item(), abs=bar)


@WITH_BOUNDARY
def test_parts_of_the_boundary_by_name(domain: Domain) -> None:
    """Every part yields points of its own, and all parts of the lowest rank together are the whole boundary."""
    x, normal = Boundary(domain).sample(2000, sobol())
    for tag in domain.tags:
        share = domain.boundary_mask(tag, x, normal)
        assert share.dtype == torch.bool
        part = Boundary(domain, tag)
        assert part.measure == pytest.approx(domain.boundary_measure * share.double().mean().item(), rel=0.1, abs=0.05)
        if share.double().mean() > 0.01:
            y, outward = Boundary(domain, tag).sample(20, sobol())
            assert domain.boundary_mask(tag, y, outward).all()
            found = domain.hard_part(tag)
            if found is not None:
                distance, extend = found
                torch.testing.assert_close(distance(y), torch.zeros_like(y[:, 0]), rtol=0, atol=1e-13)
                torch.testing.assert_close(vmap(extend(smooth))(y), smooth(y))
    with pytest.raises(ValueError, match="has no part 'nowhere'; its parts"):
        Boundary(domain, "nowhere")


@EACH
def test_float32_stays_float32(domain: Domain) -> None:
    def draw(n: int, k: int) -> Tensor:
        return torch.rand(n, k, generator=torch.Generator().manual_seed(0))

    (y,) = Interior(domain).sample(100, draw)
    assert y.dtype == domain.distance(y).dtype == domain.embed(y).dtype == torch.float32
    assert domain.contains(y).all()
    if domain.boundary_measure:
        x, normal = Boundary(domain).sample(100, draw)
        assert x.dtype == normal.dtype == torch.float32
        # No part is lost to rounding.
        x, normal = Boundary(domain).sample(2000, sobol())
        for tag in domain.tags:
            share = domain.boundary_mask(tag, x, normal).double().mean().item()
            coarse = domain.boundary_mask(tag, x.float(), normal.float()).double().mean().item()
            assert coarse == pytest.approx(share, abs=0.01)


@EACH
def test_embedded_points_lie_in_their_box(domain: Domain) -> None:
    (x,) = Interior(domain).sample(500, sobol())
    lower, upper = (torch.tensor(corner, dtype=x.dtype) for corner in domain.embedded_bounds)
    embedded = domain.embed(x)
    assert embedded.shape == (500, len(lower))
    assert ((embedded >= lower) & (embedded <= upper)).all()
    torch.testing.assert_close(vmap(domain.embed)(x), embedded, rtol=0, atol=1e-15)


def test_a_periodic_box_has_no_boundary_and_one_point_for_both_faces() -> None:
    torus = PeriodicBox((0.0, -1.0), (3.0, 2.0))
    with pytest.raises(ValueError, match="empty or almost so"):
        Boundary(torus).sample(5, sobol())
    x = torch.tensor([[0.0, 0.3], [3.0, 0.3]], dtype=torch.float64)
    torch.testing.assert_close(torus.embed(x)[0], torus.embed(x)[1], rtol=0, atol=1e-15)
    assert (torus.embed(x)[0] - torus.embed(x + 0.5)[0]).norm() > 0.1


@pytest.mark.parametrize("make", [lambda: PeriodicBox((1.0,), (0.0,)), lambda: TimeDomain(1.0, start=math.inf)])
def test_bad_arguments_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()
