"""Shapes against closed forms, what their constructors refuse, and which boundary values a PDE builds in."""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import (
    Annulus,
    Ball,
    Boundary,
    Box,
    Disk,
    Domain,
    Ellipse,
    Extrusion,
    Interior,
    LShape,
    Mesh,
    ParameterDomain,
    PointCloud,
    Polygon,
    Simplex,
    TimeDomain,
    Triangle,
    at_all_parameters,
)
from pinn.operators import laplacian
from pinn.pdes import PDE, Poisson, dirichlet
from pinn.pdes.ansatz import enforce, vanishes

HEXAGON = tuple((math.cos(k * math.pi / 3), math.sin(k * math.pi / 3)) for k in range(6))
BOW_TIE = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 2.0))
OPEN = ((0, 2, 1), (0, 1, 3), (1, 2, 3))


def draw(n: int, k: int) -> Tensor:
    return torch.quasirandom.SobolEngine(k, scramble=True, seed=0).draw(n, dtype=torch.float64)


def quadratic(x: Tensor) -> Tensor:
    return 1 + 2 * x[0] - 3 * x[1] + x[0] * x[1]


def test_measures() -> None:
    assert Polygon(HEXAGON).measure == pytest.approx(1.5 * math.sqrt(3))
    assert Polygon(HEXAGON[::-1]).boundary_measure == pytest.approx(6)
    assert LShape(size=2).measure == 12
    assert LShape(size=2).boundary_measure == 16
    assert Triangle((0, 0), (3, 0), (0, 4)).boundary_measure == pytest.approx(12)
    assert Simplex().boundary_measure == pytest.approx(1.5 + math.sqrt(3) / 2)
    assert Mesh().boundary_measure == pytest.approx(Simplex().boundary_measure)
    assert Ellipse(semi_axes=(2, 1)).boundary_measure == pytest.approx(9.688448220547676, rel=1e-12)
    assert Annulus(inner=1, outer=2).boundary_measure == pytest.approx(6 * math.pi)
    assert Extrusion(Disk(), (0, 2)).boundary_measure == pytest.approx(6 * math.pi)
    assert Box((0, 0), (1, 2)).rotated(0.3).scaled(3).measure == pytest.approx(18)
    assert PointCloud().measure == pytest.approx(math.pi, rel=1e-2)


def test_measures_of_combinations() -> None:
    """The lens of two unit disks at distance 1 has the area 2π/3 − √3/2, to the stated 1e-3."""
    first, second = Disk(), Disk((1.0, 0.0))
    lens = 2 * math.pi / 3 - math.sqrt(3) / 2
    assert (first & second).measure == pytest.approx(lens, rel=1e-3)
    assert (first | second).measure == pytest.approx(2 * math.pi - lens, rel=1e-3)
    assert (first - second).measure == pytest.approx(math.pi - lens, rel=1e-3)
    assert (first & second).boundary_measure == pytest.approx(4 * math.pi / 3, rel=1e-3)
    assert (first - second).boundary_measure == pytest.approx(2 * math.pi, rel=1e-3)


def test_parts_have_their_own_measure() -> None:
    box = Box((0, 0), (1, 3))
    assert [Boundary(box, tag).measure for tag in box.tags] == pytest.approx([3, 3, 1, 1], rel=1e-2)
    assert Boundary(TimeDomain(2.0, box), "left").measure == pytest.approx(6, rel=1e-2)
    assert Boundary(Annulus(inner=1, outer=2), "inner").measure == pytest.approx(2 * math.pi, rel=1e-2)
    top = box.tagged(outlet=lambda x: (x[..., 1] == 3) & (x[..., 0] > 0.5))
    assert Boundary(top, "outlet").measure == pytest.approx(0.5, rel=3e-2)


CONVEX = [Triangle(), Polygon(), Polygon(HEXAGON), Simplex(((0, 0), (2, 0), (0.5, 1)))]


@pytest.mark.parametrize("domain", CONVEX, ids=str)
def test_distance_is_smooth_up_to_corners(domain: Domain) -> None:
    """Its Laplacian stays bounded on the way into every corner."""
    corners = torch.tensor(getattr(domain, "corners", None) or domain.vertices, dtype=torch.float64)  # pyright: ignore
    for corner in corners:
        x = corner + torch.logspace(-8, -1, 8, dtype=torch.float64)[:, None] * (corners.mean(0) - corner)
        for f in (domain.distance, domain.extend(torch.sum), domain.extend(lambda y: torch.sin(3 * y[0]) * y[1])):
            assert vmap(lambda y: laplacian(f, y))(x).abs().max() < 100  # noqa: B023


@pytest.mark.parametrize("domain", [Box(), Triangle(), Extrusion(Disk())], ids=str)
def test_extension_reproduces_linear_data(domain: Domain) -> None:
    (x,) = Interior(domain).sample(50, draw)
    torch.testing.assert_close(vmap(domain.extend(torch.sum))(x), x.sum(1))


@pytest.mark.parametrize("domain", [Box(), Triangle(), Polygon(), Annulus(), Extrusion(Triangle()), Simplex()], ids=str)
def test_conditions_on_all_parts_hold_together(domain: Domain) -> None:
    """Hard conditions on each part in turn, with data that agree where parts meet."""
    tags = [tag for tag in domain.tags if tag != "side"]
    ansatz = enforce([dirichlet(Boundary(domain, tag), quadratic, name=tag) for tag in tags])
    u = ansatz(lambda x: torch.cos(5 * x).sum())
    x, _ = Boundary(domain).sample(200, draw)
    torch.testing.assert_close(vmap(u)(x), vmap(quadratic)(x))


def test_a_part_moves_with_its_domain() -> None:
    moved = Box().translated((1.0, 0.0)).rotated(0.7)
    for tag in moved.tags:
        region = Boundary(TimeDomain(2.0, moved), tag)
        assert region.smooth
        x, normal = region.sample(50, draw)
        assert region.distance(x).abs().max() < 1e-14
        assert (normal[:, 0] == 0).all()
        torch.testing.assert_close(vmap(region.extend(torch.sum))(x), x.sum(1))
    turned = Boundary(Box().rotated(math.pi / 2), "right").sample(10, draw)[1]
    torch.testing.assert_close(turned, torch.tensor([[0.0, 1.0]], dtype=torch.float64).expand(10, 2))


def built_in(pde: PDE) -> bool:
    return [condition.name for condition in pde.soft_conditions()] == ["interior"]


def rim(x: Tensor) -> Tensor:
    """Zero on the unit circle and on that of radius ½."""
    r2 = (x * x).sum(-1)
    return (1 - r2) * (r2 - 0.25)


@pytest.mark.parametrize(
    ("domain", "exact", "expected"),
    [
        (Triangle(), quadratic, True),
        (Polygon(), quadratic, True),
        (Polygon().rotated(0.3), quadratic, True),
        (LShape(), quadratic, False),
        (LShape(), lambda x: (x[0] ** 2 - 1) * (x[1] ** 2 - 1) * x[0] * x[1], False),
        (Disk() - Disk(radius=0.5), quadratic, False),
        (Disk() - Disk(radius=0.5), rim, True),
        (Box((-1.0, -1.0), (1.0, 1.0)) - Box((-0.3, -0.3), (0.3, 0.3)), lambda x: 0 * x[0], False),
        (Extrusion(LShape()), quadratic, False),
        (Box((0.0,) * 7, (1.0,) * 7), quadratic, False),
        (Box((0.0,) * 7, (1.0,) * 7), Poisson().exact, True),
        (PointCloud(), rim, False),
        (Mesh(), quadratic, False),
    ],
)
def test_values_are_built_in_where_that_is_smooth(domain: Domain, exact: Callable, expected: bool) -> None:
    assert built_in(Poisson(domain, exact)) is expected
    assert not built_in(Poisson(domain, exact, hard=False))


def test_parameters_leave_a_domain_as_soft_as_it_is() -> None:
    domain = ParameterDomain(LShape(), (0.0,), (1.0,))
    region = at_all_parameters(Boundary(LShape()), domain)
    assert not region.smooth  # pyright: ignore[reportAttributeAccessIssue]
    assert Boundary(domain, "edge_0").sample(5, draw)[0].shape == (5, 3)


def test_data_on_a_small_part_are_looked_at() -> None:
    part = Boundary(Box((0, 0), (1, 500)), "top")
    assert not vanishes(part, lambda x: x[1] - 499)
    assert vanishes(part, lambda x: x[1] - 500)


def test_a_mesh_comes_from_a_file(tmp_path: Path) -> None:
    import trimesh

    trimesh.creation.box((1, 2, 3)).export(tmp_path / "box.stl")
    solid = Mesh(str(tmp_path / "box.stl"))
    assert solid.measure == pytest.approx(6)
    assert solid.boundary_measure == pytest.approx(22)
    inside = torch.tensor([[0.0, 0.0, 0.0], [0.4, 0.9, -1.4], [0.6, 0.0, 0.0]], dtype=torch.float64)
    assert solid.contains(inside).tolist() == [True, True, False]
    torch.testing.assert_close(solid.distance(inside), torch.tensor([0.5, 0.1, 0.1], dtype=torch.float64))


def test_a_point_cloud_comes_from_a_file(tmp_path: Path) -> None:
    square = Box()
    x, (y, normal) = square.interior(draw(400, 2)), square.boundary(draw(400, 2))
    np.savez(tmp_path / "cloud.npz", inside=x.numpy(), rim=y.numpy(), normals=3 * normal.numpy())
    cloud = PointCloud(file=str(tmp_path / "cloud.npz"))
    assert cloud.measure == pytest.approx(1, rel=2e-2)
    assert Boundary(cloud, "boundary").sample(10, draw)[1].norm(dim=1).tolist() == pytest.approx([1] * 10)
    np.savez(tmp_path / "half.npz", inside=x.numpy())
    with pytest.raises(ValueError, match="lacks the arrays"):
        PointCloud(file=str(tmp_path / "half.npz"))
    with pytest.raises(FileNotFoundError):
        PointCloud(file=str(tmp_path / "none.npz"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Ellipse(semi_axes=(1.0, 0.0)), "two semi_axes > 0"),
        (lambda: Ellipse(center=(0.0,)), "two finite coordinates"),
        (lambda: Annulus(inner=1.0, outer=1.0), "0 < inner < outer"),
        (lambda: Triangle((0, 0), (1, 1), (2, 2)), "their area is zero"),
        (lambda: Triangle((0, 0), (1, 1), (math.nan, 2)), "finite coordinates"),
        (lambda: Polygon(((0, 0), (1, 1))), "at least three vertices"),
        (lambda: Polygon(BOW_TIE), "Self-intersection"),
        (lambda: LShape(size=0), "size > 0"),
        (lambda: LShape().extend(quadratic), "hard=False"),
        (lambda: Simplex(((0, 0), (1, 1), (2, 2))), "one hyperplane"),
        (lambda: Simplex(((0, 0), (1, 1))), "d + 1 vertices"),
        (lambda: Simplex(((0.0,) * 6, *np.eye(6).tolist())).extend(quadratic), "hard=False"),
        (lambda: Disk() & Disk((3.0, 0.0)), "is empty"),
        (lambda: Disk() - Disk(radius=2.0), "is empty"),
        (lambda: Disk() | Ball(), "one dimension, got d=2 and d=3"),
        (lambda: (Disk() | Disk((1.0, 0.0))).extend(quadratic), "hard=False"),
        (lambda: Disk().scaled(0), "factor > 0"),
        (lambda: Disk().translated((1.0,)), "2 finite coordinates"),
        (lambda: Box((0,), (1,)).rotated(1.0), "two or three dimensions"),
        (lambda: Ball().rotated(1.0, axis=(0, 0, 0)), "not all zero"),
        (lambda: Extrusion(Disk(), (1.0, 0.0)), "lower < upper"),
        (lambda: Mesh(faces=OPEN), "closed surface"),
        (lambda: PointCloud(((0, 0), (1, 1)), ((0, 0), (1, 1)), ((0, 1), (0, 0))), "normal 1 has length zero"),
        (lambda: PointCloud(((0, 0), (1, 1)), ((0, 0, 0),), ((0, 1),)), "inside (n, d)"),
        (lambda: Box().tagged(left=lambda x: x[..., 0] < 1), "already"),
        (lambda: Boundary(LShape(), "left"), "its parts: edge_0, edge_1"),
    ],
)
def test_refuses(make: Callable, words: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


@pytest.mark.parametrize(("module", "make"), [("shapely", Polygon), ("trimesh", Mesh)])
def test_says_what_to_install(module: str, make: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf'{make.__name__} needs {module}: pip install "pinn-solver\[geometry\]"'):
        make()
