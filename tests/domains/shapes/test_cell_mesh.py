"""Meshes of triangles and tetrahedra, from arrays and from files of Gmsh and VTK."""

import itertools
import math
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest
import torch
from torch import Tensor

from pinn.domains import Boundary, CellMesh, Interior, Mesh
from pinn.pdes import Expression

F64 = torch.float64
GENERATOR = torch.Generator().manual_seed(0)
GMSH_4_1 = """$MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
3
1 1 "inlet"
1 2 "wall"
2 3 "body"
$EndPhysicalNames
$Entities
4 4 1 0
1 0 0 0 0
2 2 0 0 0
3 2 1 0 0
4 0 1 0 0
1 0 0 0 2 0 0 1 2 2 1 -2
2 2 0 0 2 1 0 1 2 2 2 -3
3 0 1 0 2 1 0 1 2 2 3 -4
4 0 0 0 0 1 0 1 1 2 4 -1
1 0 0 0 2 1 0 1 3 4 1 2 3 4
$EndEntities
$Nodes
1 4 1 4
2 1 0 4
1
2
3
4
0 0 0
2 0 0
2 1 0
0 1 0
$EndNodes
$Elements
5 6 1 6
1 1 1 1
1 1 2
1 2 1 1
2 2 3
1 3 1 1
3 3 4
1 4 1 1
4 4 1
2 1 2 2
5 1 2 3
6 1 3 4
$EndElements
"""


def draw(n: int, k: int) -> Tensor:
    return torch.rand(n, k, dtype=F64, generator=GENERATOR)


def cube(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The unit cube in 6 n³ tetrahedra (Kuhn's)."""
    t = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(t, t, t, indexing="ij"), -1).reshape(-1, 3)
    number = np.arange((n + 1) ** 3).reshape((n + 1,) * 3)
    cells = []
    for corner in itertools.product(range(n), repeat=3):
        for order in itertools.permutations(range(3)):
            place = np.array(corner)
            path = [number[tuple(place)]]
            for axis in order:
                place[axis] += 1
                path.append(number[tuple(place)])
            cells.append(path)
    return points, np.array(cells)


def ring(n: int, sides: int) -> tuple[np.ndarray, np.ndarray]:
    """The annulus between polygons of radius 1 and 2."""
    angle = 2 * np.pi * np.arange(sides) / sides
    points = np.concatenate([r * np.stack([np.cos(angle), np.sin(angle)], 1) for r in np.linspace(1, 2, n + 1)])
    cells = []
    for k, i in itertools.product(range(n), range(sides)):
        a, b = k * sides + i, k * sides + (i + 1) % sides
        cells += [[a, b, a + sides], [b, b + sides, a + sides]]
    return points, np.array(cells)


def test_a_cube_of_tetrahedra() -> None:
    points, cells = cube(3)
    domain = CellMesh(vertices=points.tolist(), cells=cells.tolist())
    assert domain.measure == pytest.approx(1.0, rel=1e-14)
    assert domain.boundary_measure == pytest.approx(6.0, rel=1e-14)
    (x,) = Interior(domain).sample(4000, draw)
    assert domain.contains(x).all()
    torch.testing.assert_close(x.mean(0), torch.full((3,), 0.5, dtype=F64), atol=0.02, rtol=0)
    torch.testing.assert_close(x.var(0), torch.full((3,), 1 / 12, dtype=F64), atol=0.006, rtol=0)
    rim, normal = Boundary(domain).sample(600, draw)
    on_face = ((rim - 0.5).abs() - 0.5).abs() < 1e-12
    assert on_face.any(1).all()
    torch.testing.assert_close((normal * (rim - 0.5)).sum(1), torch.full((600,), 0.5, dtype=F64))
    far = torch.tensor([[1.01, 0.5, 0.5], [0.5, -0.01, 0.5], [0.5, 0.5, 0.5], [1.0, 1.0, 1.0]], dtype=F64)
    assert domain.contains(far).tolist() == [False, False, True, True]
    expected = torch.minimum(x, 1 - x).amin(1)
    torch.testing.assert_close(domain.distance(x[:200]), expected[:200])


def test_a_ring_of_triangles_with_a_hole() -> None:
    points, cells = ring(4, 40)
    inner = [[i, (i + 1) % 40] for i in range(40)]
    domain = CellMesh(vertices=points.tolist(), cells=cells.tolist(), parts={"inner": inner})
    area = 20 * math.sin(2 * math.pi / 40)
    assert domain.measure == pytest.approx(3 * area, rel=1e-13)
    assert domain.tags == ("inner", "rest")
    x, normal = Boundary(domain, "inner").sample(100, draw)
    assert (x.norm(dim=1) < 1.001).all()
    assert ((normal * x).sum(1) < 0).all()
    assert Boundary(domain, "inner").measure == pytest.approx(80 * math.sin(math.pi / 40), rel=0.02)
    assert domain.contains(torch.tensor([[0.0, 0.0], [1.5, 0.0], [2.1, 0.0]])).tolist() == [False, True, False]


def test_an_interval_of_cells() -> None:
    domain = CellMesh(vertices=[[0.0], [1.0], [3.0]], cells=[[0, 1], [1, 2]])
    assert (domain.measure, domain.boundary_measure) == (3.0, 2.0)
    x, normal = Boundary(domain).sample(20, draw)
    assert set(zip(x[:, 0].tolist(), normal[:, 0].tolist(), strict=True)) == {(0.0, -1.0), (3.0, 1.0)}


def plane(path: Path, file_format: str) -> None:
    points = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0.0]])
    cells: list[Any] = [
        ("triangle", np.array([[0, 1, 2], [0, 2, 3]])),
        ("line", np.array([[0, 1], [1, 2], [2, 3], [3, 0]])),
    ]
    groups = [np.array([3, 3]), np.array([2, 2, 2, 1])]
    names = {"inlet": np.array([1, 1]), "wall": np.array([2, 1]), "body": np.array([3, 2])}
    data: dict[str, Any] = {"gmsh:physical": groups, "gmsh:geometrical": groups}
    options = {"binary": False} if file_format == "gmsh22" else {}
    meshio.Mesh(points, cells, cell_data=data, field_data=names).write(path, file_format=file_format, **options)


@pytest.mark.parametrize("kind", ["gmsh22", "gmsh 4.1", "vtu"])
def test_physical_groups_are_parts(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / ("plane.vtu" if kind == "vtu" else "plane.msh")
    if kind == "gmsh 4.1":
        path.write_text(GMSH_4_1)
    else:
        plane(path, kind)
    domain = CellMesh(str(path))
    inlet, wall = ("group_1", "group_2") if kind == "vtu" else ("inlet", "wall")
    assert domain.dim == 2
    assert set(domain.tags) == {inlet, wall}
    assert domain.measure == 2.0
    x, normal = Boundary(domain, inlet).sample(30, draw)
    assert (x[:, 0] == 0).all()
    assert (normal[:, 0] == -1).all()
    problem = Expression(domain, "lap(u) = 0", boundary={inlet: "1"}, flux={wall: "0"})
    assert [condition.name for condition in problem.conditions()] == ["interior", f"boundary_{inlet}", f"flux_{wall}"]
    assert capsys.readouterr().out == ""


def test_a_surface_in_a_file_and_its_groups(tmp_path: Path) -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    faces, groups = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]), [np.array([5, 5, 6, 5])]
    data: dict[str, Any] = {"gmsh:physical": groups, "gmsh:geometrical": groups}
    names = {"slope": np.array([6, 2])}
    path = tmp_path / "solid.msh"
    meshio.Mesh(points, [("triangle", faces)], cell_data=data, field_data=names).write(
        path, file_format="gmsh22", binary=False
    )
    solid = Mesh(str(path))
    assert solid.measure == pytest.approx(1 / 6)
    assert solid.tags == ("group_5", "slope")
    x, normal = Boundary(solid, "slope").sample(20, draw)
    torch.testing.assert_close(x.sum(1), torch.ones(20, dtype=F64))
    torch.testing.assert_close(normal, torch.full((20, 3), 3**-0.5, dtype=F64))
    with pytest.raises(ValueError, match="the solid within a closed surface is domain=mesh"):
        CellMesh(str(path))


def test_what_is_no_mesh_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.msh").write_text("hello")
    with pytest.raises(ValueError, match=r"CellMesh cannot read .*text\.msh"):
        CellMesh(str(tmp_path / "text.msh"))
    with pytest.raises(FileNotFoundError, match=r"there is no file 'nothing\.msh'"):
        CellMesh("nothing.msh")
    points = np.random.default_rng(0).random((6, 3))
    meshio.Mesh(points, [("wedge", np.arange(6)[None])]).write(tmp_path / "wedge.vtu")
    with pytest.raises(ValueError, match="has cells of the kind wedge"):
        CellMesh(str(tmp_path / "wedge.vtu"))
    square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    for cells, words in (
        ([[0, 1, 4]], "numbers of vertices, 0 to 3"),
        ([[0, 1, 1]], "has no volume"),
        ([[0, 1, 2], [0, 1, 3], [1, 0, 2]], "more than two cells share a facet"),
        ([[0, 1]], r"cells \(C, d \+ 1\)"),
    ):
        with pytest.raises(ValueError, match=words):
            CellMesh(vertices=square, cells=cells)
