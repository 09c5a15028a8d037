"""Exports of small runs: other programs read them, and find the numbers of the run."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np
import pytest
import torch
import trimesh
from torch.func import vmap

from pinn import Run
from pinn.domains import Interior
from pinn.export import program
from pinn.export.columns import columns
from pinn.export.program import export_program, exported
from pinn.export.samples import export_samples
from pinn.operators import grad, laplacian
from pinn.optional import MissingPackageError

F64 = torch.float64
OVER_THE_SQUARE = np.array([[0.1, 0.2, 0], [0.7, 0.1, 0], [0.4, 0.9, 0], [0.8, 0.8, 0]])


def test_columns_are_those_of_the_operators(run_of: Callable[..., Run]) -> None:
    run = run_of("heat")
    (x,) = Interior(run.pde.domain).sample(5, lambda n, k: torch.rand(n, k, dtype=F64))
    found = columns(run, x, derivatives=True)
    assert list(found) == [*"txyu", "u_t", "u_x", "u_y", "laplacian", "residual", "exact", "error"]
    slopes = vmap(lambda x: grad(run, x))(x).numpy()
    for k, name in enumerate("txy"):
        np.testing.assert_allclose(found[name], x[:, k])
        np.testing.assert_allclose(found[f"u_{name}"], slopes[:, k], rtol=1e-12)
    np.testing.assert_allclose(found["laplacian"], vmap(lambda x: laplacian(run, x, axes=(1, 2)))(x), rtol=1e-12)
    assert run.pde.exact is not None
    np.testing.assert_allclose(found["exact"], vmap(run.pde.exact)(x))
    np.testing.assert_allclose(found["u"] - found["error"], found["exact"])
    # The equation u_t − kΔu = f has the source f that makes `exact` its solution.
    np.testing.assert_allclose(found["residual"], run.residual(x)[:, 0])


def test_components_have_their_names(run_of: Callable[..., Run]) -> None:
    found = columns(run_of("system"), torch.tensor([[0.2, 0.3]], dtype=F64), derivatives=True)
    assert {"v_1", "p", "v_2_y", "laplacian_v_2", "residual_3", "exact_v_1", "error_p"} <= set(found)
    assert "u" not in found


@pytest.mark.parametrize("times", [(), (0.0, 0.5)])
def test_a_vtu_file_has_units_and_derivatives(
    times: tuple[float, ...], run_of: Callable[..., Run], tmp_path: Path
) -> None:
    """Read back: numbers by meshio, units from where VTK keeps them."""
    run = run_of("heat")
    run.config["units"] = {"t": "s", "x": "m", "y": "m", "u": "K"}
    try:
        (file,) = export_samples(run, "vtu", tmp_path / "f.vtu", points=9, times=times or (0.5,), derivatives=True)
    finally:
        del run.config["units"]
    file = file if file.suffix == ".vtu" else tmp_path / "f_0001.vtu"
    units = {
        str(array.get("Name")): key.text
        for array in ElementTree.parse(file).iter("DataArray")
        for key in array.iter("InformationKey")
        if key.get("name") == "UNITS_LABEL"
    }
    of_u = dict.fromkeys(("u", "exact", "error"), "K")
    slopes = {"u_t": "K/s", "u_x": "K/m", "u_y": "K/m", "laplacian": "K/m²"}
    assert units == {"t": "s", "x": "m", "y": "m", **of_u, **slopes}
    mesh = meshio.read(file)
    x = torch.from_numpy(np.insert(mesh.points[:, :2], 0, 0.5, axis=1))
    np.testing.assert_allclose(mesh.point_data["u_y"], vmap(lambda x: grad(run, x))(x)[:, 2], rtol=1e-12)
    second = vmap(lambda x: laplacian(run, x, axes=(1, 2)))(x)
    np.testing.assert_allclose(mesh.point_data["laplacian"], second, rtol=1e-12)


@pytest.mark.parametrize(("name", "kind", "axes"), [("square", "quad", 2), ("cube", "hexahedron", 3)])
def test_a_vtu_file_fills_a_box_with_cells(
    name: str, kind: str, axes: int, run_of: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_of(name)
    (file,) = export_samples(run, "vtu", tmp_path / "new" / "field.vtu", points=5, derivatives=True)
    mesh = meshio.read(file)
    (block,) = mesh.cells
    assert block.type == kind
    assert len(block.data) == 4**axes
    assert len(mesh.points) == 5**axes
    x = torch.from_numpy(mesh.points[:, :axes])
    np.testing.assert_allclose(mesh.point_data["u"], vmap(run)(x), rtol=1e-12)
    # Corners in the order of VTK: neighbours share an edge, and the cells have positive orientation and the right size.
    corners = mesh.points[block.data]
    steps = np.linalg.norm(corners[:, [1, 2, 3, 0]] - corners[:, :4], axis=2)
    np.testing.assert_allclose(steps, 0.25)
    if axes == 2:
        first, second = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
        assert np.all(np.cross(first, second)[:, 2] > 0)
    else:
        np.testing.assert_allclose(corners[:, 4:] - corners[:, :4], np.broadcast_to([0, 0, 0.5], (64, 4, 3)))
    assert list(tmp_path.rglob("*")) == [tmp_path / "new", file]  # no temporary file is left


def test_a_problem_in_time_is_a_series(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("heat")
    (file,) = export_samples(run, "vtu", tmp_path / "field.vtu", points=9, times=(0.0, 0.25, 1.0))
    sets = list(ElementTree.parse(file).getroot().iter("DataSet"))
    assert file.suffix == ".pvd"
    assert [float(item.attrib["timestep"]) for item in sets] == [0, 0.25, 1]
    mesh = meshio.read(tmp_path / sets[1].attrib["file"])
    x = torch.from_numpy(mesh.points).roll(1, 1)
    assert bool((x[:, 0] == 0).all())  # the plane z = 0
    x[:, 0] = 0.25
    np.testing.assert_allclose(mesh.point_data["u"], vmap(run)(x), rtol=1e-12)


def test_time_alone_is_a_line(run_of: Callable[..., Run], tmp_path: Path) -> None:
    (file,) = export_samples(run_of("pendulum"), "vtu", tmp_path / "field.vtu", points=11)
    mesh = meshio.read(file)
    assert mesh.cells[0].type == "line"
    assert len(mesh.cells[0].data) == 10
    np.testing.assert_allclose(mesh.point_data["t"], mesh.points[:, 0])


def test_tables_hold_every_digit(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("heat")
    options: dict[str, Any] = {"points": 6, "times": (0.1, 0.2), "derivatives": True}
    (text,) = export_samples(run, "csv", tmp_path / "field.csv", **options)
    (arrays,) = export_samples(run, "npz", tmp_path / "field.npz", **options)
    with text.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with np.load(arrays) as file:
        assert list(rows[0]) == file.files
        assert set(file["t"]) == {0.1, 0.2}
        for name in file.files:
            np.testing.assert_array_equal([float(row[name]) for row in rows], file[name])


def test_a_run_in_float32_stays_so(run_of: Callable[..., Run], tmp_path: Path) -> None:
    (arrays,) = export_samples(run_of("square", torch.float32), "npz", tmp_path / "field.npz", points=3)
    with np.load(arrays) as file:
        assert file["u"].dtype == np.float32


@pytest.mark.parametrize("suffix", [".vtk", ".msh", ".off", ".glb"])
def test_nodes_of_a_mesh(
    suffix: str, run_of: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = run_of("square"), tmp_path / f"mesh{suffix}"
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    if suffix == ".glb":  # which trimesh knows and meshio does not
        trimesh.Trimesh(OVER_THE_SQUARE, triangles, process=False).export(path)
    else:
        meshio.write(path, meshio.Mesh(OVER_THE_SQUARE, [("triangle", triangles)]))
    (file,) = export_samples(run, "vtu", tmp_path / "field.vtu", mesh=path)
    mesh = meshio.read(file)
    np.testing.assert_allclose(mesh.points, OVER_THE_SQUARE, atol=1e-7)
    np.testing.assert_array_equal(mesh.cells_dict["triangle"], triangles)
    np.testing.assert_allclose(mesh.point_data["u"], vmap(run)(torch.from_numpy(mesh.points[:, :2])), rtol=1e-12)
    assert capsys.readouterr().err == ""


def test_nodes_outside_are_told(run_of: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    meshio.write(path := tmp_path / "mesh.vtk", meshio.Mesh(3 * OVER_THE_SQUARE, [("triangle", np.array([[0, 1, 2]]))]))
    export_samples(run_of("square"), "csv", tmp_path / "field.csv", mesh=path)
    assert "3 of 4 nodes lie outside the domain" in capsys.readouterr().err


def test_unusable_meshes_are_refused(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run, output = run_of("square"), tmp_path / "field.csv"
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        export_samples(run, "csv", output, mesh=tmp_path / "nowhere.vtk")
    for name in ("broken.vtk", "broken.glb", "broken.xyzzy"):
        (tmp_path / name).write_text("nonsense")
        with pytest.raises(ValueError, match="cannot be read as a mesh"):
            export_samples(run, "csv", output, mesh=tmp_path / name)
    meshio.write(tmp_path / "solid.vtk", meshio.Mesh(np.eye(3), [("triangle", np.array([[0, 1, 2]]))]))
    with pytest.raises(ValueError, match="lies in 3 dimensions, where the domain has 2"):
        export_samples(run, "csv", output, mesh=tmp_path / "solid.vtk")


def test_a_program_that_does_not_agree_is_not_left(
    run_of: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of("square")
    other = exported(run.pde, run_of("disk").network)
    monkeypatch.setattr(program, "exported", lambda *_: other)
    with pytest.raises(ValueError, match="does not agree with the run"):
        export_program(run, "torch-export", tmp_path / "field.pt2")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named(run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "meshio", None)
    with pytest.raises(MissingPackageError, match=r'^--format vtu needs meshio: pip install "pinn-solver\[export\]"'):
        export_samples(run_of("square"), "vtu", Path("unwritten.vtu"), points=3)
