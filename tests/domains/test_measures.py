"""Shapes by hand, and what is refused at construction."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from pinn.domains import (
    Annulus,
    Ball,
    Boundary,
    Box,
    Difference,
    Disk,
    Ellipse,
    Extrusion,
    Intersection,
    LShape,
    Mesh,
    PointCloud,
    Polygon,
    Simplex,
    Tagged,
    TimeDomain,
    Transformed,
    Triangle,
    Union,
)

STL = """solid tetrahedron
{}endsolid tetrahedron
"""
FACET = """facet normal 0 0 0
outer loop
vertex {}
vertex {}
vertex {}
endloop
endfacet
"""
CORNERS = ("0 0 0", "1 0 0", "0 1 0", "0 0 1")
FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))


def stl(faces) -> str:
    return STL.format("".join(FACET.format(*(CORNERS[i] for i in face)) for face in faces))


@pytest.mark.parametrize(
    ("domain", "measure", "boundary_measure", "accuracy"),
    [
        (Annulus((1.0, 0.0), 1.0, 2.0), 3 * math.pi, 6 * math.pi, 1e-12),
        (Ellipse((0.0, 0.0), (2.0, 2.0)), 4 * math.pi, 4 * math.pi, 1e-12),
        (Ellipse((0.0, 0.0), (1.0, 0.5)), math.pi / 2, 4.844224110273838, 1e-9),
        (Triangle((0, 0), (0, 1), (1, 0)), 0.5, 2 + math.sqrt(2), 1e-12),
        (LShape(size=2.0), 12.0, 16.0, 1e-12),
        (Simplex(), 1 / 6, 1.5 + math.sqrt(3) / 2, 1e-12),
        (Mesh(), 1 / 6, 1.5 + math.sqrt(3) / 2, 1e-12),
        (Extrusion(Disk(), (0.0, 2.0)), 2 * math.pi, 6 * math.pi, 1e-12),
        (Transformed(Box(), (3.0, 1.0), 0.3, 2.0), 4.0, 8.0, 1e-12),
        (Box((0.0, 0.0), (2.0, 1.0)) | Box((0.0, 0.0), (1.0, 2.0)), 3.0, 8.0, 2e-3),
        (Box() | Box((1.0, 0.0), (2.0, 1.0)), 2.0, 6.0, 2e-3),
        (Box((-1.0, -1.0), (1.0, 1.0)) - Disk((0.0, 0.0), 0.5), 4 - math.pi / 4, 8 + math.pi, 2e-3),
        (Disk() & Box((0.0, 0.0), (2.0, 2.0)), math.pi / 4, 2 + math.pi / 2, 2e-3),
        (PointCloud(), math.pi, 2 * math.pi, 1e-3),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "dim") else "",
)
def test_measures(domain, measure: float, boundary_measure: float, accuracy: float) -> None:
    assert domain.measure == pytest.approx(measure, rel=accuracy)
    assert domain.boundary_measure == pytest.approx(boundary_measure, rel=accuracy)


def test_a_part_of_the_boundary_in_time() -> None:
    region = Boundary(TimeDomain(2.0, Box()), "right")
    x, normal = region.sample(50, torch.rand)
    assert (x[:, 1] == 1).all()
    assert (normal == torch.tensor([0.0, 1.0, 0.0])).all()
    assert region.smooth
    assert not Boundary(TimeDomain(2.0, LShape())).smooth


def test_a_part_chosen_by_predicate() -> None:
    domain = Disk().tagged(upper=lambda x: x[..., 1] > 0)
    x, _ = Boundary(domain, "upper").sample(50, torch.rand)
    assert (x[:, 1] > 0).all()


def test_a_mesh_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "part.stl"
    file.write_text(stl(FACES))
    mesh = Mesh(str(file))
    assert mesh.measure == pytest.approx(1 / 6)
    inside = torch.tensor([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]], dtype=torch.float64)
    assert mesh.contains(inside).tolist() == [True, False]
    file.write_text(stl(FACES[:3]))
    with pytest.raises(ValueError, match="closed surface"):
        Mesh(str(file))
    with pytest.raises(FileNotFoundError, match="no file"):
        Mesh(str(tmp_path / "other.stl"))
    file.write_text("nonsense")
    with pytest.raises(ValueError, match="Mesh"):
        Mesh(str(file))


def test_a_cloud_from_a_file(tmp_path: Path) -> None:
    cloud = PointCloud()
    file = tmp_path / "cloud.npz"
    np.savez(file, inside=np.array(cloud.inside) * 2, rim=np.array(cloud.rim) * 2, normals=np.array(cloud.normals))
    assert PointCloud(file=str(file)).measure == pytest.approx(4 * math.pi, rel=1e-3)
    np.savez(file, inside=np.array(cloud.inside))
    with pytest.raises(ValueError, match="lacks the arrays"):
        PointCloud(file=str(file))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Polygon(((0, 0), (1, 1))), "at least three vertices"),
        (lambda: LShape(size=0.0), "size > 0"),
        (lambda: Ellipse(semi_axes=(1.0, 0.0)), "semi_axes > 0"),
        (lambda: Annulus(inner=1.0, outer=0.5), "0 < inner < outer"),
        (lambda: Simplex(((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))), "do not all but lie in one hyperplane"),
        (lambda: Simplex(((0.0,),)), "d . 1 vertices"),
        (lambda: Disk() & Disk((3.0, 0.0)), "is empty"),
        (lambda: Intersection(Disk(), Disk((1.9, 1.9))), "is empty"),
        (lambda: Difference(Disk(), Box((-2.0, -2.0), (2.0, 2.0))), "is empty"),
        (lambda: Union(Disk(), Ball()), "of one dimension"),
        (lambda: Extrusion(Disk(), (1.0, 1.0)), "lower < upper"),
        (lambda: Disk().scaled(0.0), "factor > 0"),
        (lambda: Disk().translated((1.0,)), "offset of 2"),
        (lambda: Box((0.0,), (1.0,)).rotated(1.0), "two or three dimensions"),
        (lambda: Ball().rotated(1.0, axis=(0.0, 0.0, 0.0)), "not all zero"),
        (lambda: Mesh(vertices=((0, 0, 0), (1, 0, 0), (0, 1, 0)), faces=((0, 1, 2),)), "closed surface"),
        (lambda: PointCloud(((0.0, 0.0),) * 2, ((1.0, 0.0),) * 2, ((0.0, 0.0),) * 2), "length zero"),
        (lambda: PointCloud(((0.0, 0.0),) * 2, ((1.0, 0.0),) * 2, ((1.0,),) * 2), "normals"),
        (lambda: Tagged(Box(), {"left": lambda x: x[..., 0] > 0}), "already"),
        (lambda: Boundary(LShape(), "left"), "has no part 'left'; its parts: edge_0"),
        (lambda: LShape().extend(lambda x: x[0]), "they are penalised"),
    ],
)
def test_what_is_no_domain_is_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
