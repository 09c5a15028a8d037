"""What domains promise, for parameters that nobody has chosen."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import vmap

from pinn.domains import (
    Annulus,
    Ball,
    Box,
    Difference,
    Disk,
    Domain,
    Ellipse,
    Extrusion,
    Intersection,
    LShape,
    Polygon,
    Simplex,
    TimeDomain,
    Transformed,
    Union,
)
from pinn.operators import grad

F64 = torch.float64
place, size, angle = st.floats(-5, 5), st.floats(0.05, 5), st.floats(-7, 7)


def points(d: int) -> st.SearchStrategy[list[float]]:
    return st.lists(place, min_size=d, max_size=d)


def sizes(d: int) -> st.SearchStrategy[list[float]]:
    return st.lists(size, min_size=d, max_size=d)


def a_box(d: int) -> st.SearchStrategy[Domain]:
    def between(lower: list[float], sides: list[float]) -> Domain:
        return Box(lower, [a + b for a, b in zip(lower, sides, strict=True)])

    return st.builds(between, points(d), sizes(d))


def a_star(center: list[float], radii: list[float]) -> Domain:
    """A polygon whose corners go once round a centre, not convex as a rule."""
    turn = 2 * math.pi / len(radii)
    return Polygon(
        [(center[0] + r * math.cos(k * turn), center[1] + r * math.sin(k * turn)) for k, r in enumerate(radii)]
    )


def a_simplex(origin: list[float], sides: list[float], shear: float) -> Domain:
    d = len(origin)
    moved = [[origin[j] + (sides[i] if i == j else shear * (j < i)) for j in range(d)] for i in range(d)]
    return Simplex([origin, *moved])


in_the_plane = st.one_of(
    a_box(2),
    st.builds(Disk, points(2), size),
    st.builds(Ellipse, points(2), sizes(2)),
    st.builds(lambda c, a, b: Annulus(c, a, a + b), points(2), size, size),
    st.builds(LShape, points(2), size),
    st.builds(a_star, points(2), st.lists(size, min_size=5, max_size=9)),
    st.builds(a_simplex, points(2), sizes(2), place),
)
moved = st.builds(Transformed, in_the_plane, points(2), angle, st.floats(0.1, 10))
elsewhere = st.one_of(
    a_box(1),
    a_box(3),
    st.builds(Ball, st.lists(place, min_size=1, max_size=5), size),
    st.builds(a_simplex, points(3), sizes(3), place),
    st.builds(lambda base, a, h: Extrusion(base, (a, a + h)), in_the_plane, place, size),
    st.builds(TimeDomain, size, in_the_plane, place),
)
KINDS = {"plane": in_the_plane, "moved": moved, "elsewhere": elsewhere}


def meeting(kind: type) -> st.SearchStrategy[Domain]:
    """Two disks of about one size, neither apart nor one within the other."""

    def build(center: list[float], radius: float, share: float, ratio: float, turn: float) -> Domain:
        reach = abs(1 - ratio) + share * (1 + ratio - abs(1 - ratio))
        other = [center[0] + radius * reach * math.cos(turn), center[1] + radius * reach * math.sin(turn)]
        return kind(Disk(center, radius), Disk(other, ratio * radius))

    return st.builds(build, points(2), size, st.floats(0.2, 0.8), st.floats(0.5, 2), angle)


def check(domain: Domain) -> None:
    """Samples inside, normals unit and outward, the boundary between in and out, the level of the right sign."""
    generator = torch.Generator().manual_seed(0)
    lower, upper = (torch.tensor(bound, dtype=F64) for bound in domain.bounds)
    reach = float((upper - lower).min())
    assert domain.measure > 0
    assert domain.boundary_measure > 0
    x = domain.interior(torch.rand(200, domain.interior_sample_dim, generator=generator, dtype=F64))
    x = x[~x.isnan().any(1)]
    assert domain.contains(x).all()
    assert (domain.level_set(x) >= -1e-9).all()
    assert ((x >= lower - 1e-9 * reach) & (x <= upper + 1e-9 * reach)).all()
    on, normal = domain.boundary(torch.rand(200, domain.boundary_sample_dim, generator=generator, dtype=F64))
    kept = ~on.isnan().any(1)
    on, normal = on[kept], normal[kept]
    torch.testing.assert_close(normal.norm(dim=1), torch.ones(len(on), dtype=F64), rtol=0, atol=1e-9)
    step = 1e-7 * reach
    # A point next to a corner may miss both; there are few of them.
    assert domain.contains(on - step * normal).double().mean() > 0.97
    assert (~domain.contains(on + step * normal)).double().mean() > 0.97
    assert domain.distance(on).abs().max() <= 1e-6 * max(1.0, float(domain.distance(x).abs().max()))
    # Everywhere in the bounding box and around it: in means level > 0, out means level < 0.
    anywhere = lower + (upper - lower) * (1.4 * torch.rand(300, domain.dim, generator=generator, dtype=F64) - 0.2)
    if isinstance(domain, TimeDomain):  # whose level is that of space
        anywhere[:, 0] = domain.start + domain.duration / 2
    level = domain.level_set(anywhere)
    clear = level.abs() > 1e-9 * level.abs().max()
    assert torch.equal(domain.contains(anywhere)[clear], level[clear] > 0)


def often(times: int, domains: st.SearchStrategy[Domain]) -> None:
    @settings(max_examples=times)
    @given(domains)
    def holds(domain: Domain) -> None:
        check(domain)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_points_normals_and_signs(kind: str) -> None:
    often(25, KINDS[kind])


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
def test_points_normals_and_signs_often(kind: str) -> None:
    often(300, KINDS[kind])


@pytest.mark.parametrize("kind", [Union, Intersection, Difference])
def test_combined(kind: type) -> None:
    often(4, meeting(kind))


@settings(max_examples=25)
@given(in_the_plane, points(2), angle, st.floats(0.1, 10))
def test_motions_keep_what_they_should(domain: Domain, offset: list[float], turn: float, factor: float) -> None:
    other = Transformed(domain, offset, turn, factor)
    assert other.measure == pytest.approx(factor**2 * domain.measure, rel=1e-12)
    assert other.boundary_measure == pytest.approx(factor * domain.boundary_measure, rel=1e-12)
    u = torch.rand(50, domain.interior_sample_dim, generator=torch.Generator().manual_seed(0), dtype=F64)
    torch.testing.assert_close(
        other.distance(other.interior(u)), domain.distance(domain.interior(u)), rtol=1e-9, atol=1e-9, equal_nan=True
    )


@settings(max_examples=25)
@given(st.one_of(a_box(2), st.builds(Disk, points(2), size), st.builds(Ellipse, points(2), sizes(2))))
def test_the_distance_falls_along_the_normal(domain: Domain) -> None:
    u = torch.rand(50, domain.boundary_sample_dim, generator=torch.Generator().manual_seed(0), dtype=F64)
    x, normal = domain.boundary(u)
    slope = (vmap(lambda y: grad(domain.distance, y))(x) * normal).sum(1)
    assert (slope < 0).all()


@pytest.mark.parametrize("domain", [Annulus(inner=1.1, outer=1.7), Extrusion(Box(), (0.1, 0.7))], ids=repr)
def test_boundary_points_have_the_precision_of_their_numbers(domain: Domain) -> None:
    """A radius or height that passes through float32 is off by 1e-8."""
    x, _ = domain.boundary(torch.rand(100, domain.boundary_sample_dim, dtype=F64))
    assert domain.distance(x).abs().max() < 1e-14
