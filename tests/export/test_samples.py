"""Exports of small runs: other programs read them, and find the numbers of the run."""

import csv
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np
import onnxruntime
import pytest
import torch
import trimesh
from torch.func import vmap

from pinn import Run, load_run, save_run, train
from pinn.domains import Box, CenteredBall, Disk, Interior, LShape, TimeDomain
from pinn.export import program
from pinn.export.columns import columns
from pinn.export.lattice import instants, regular_lattice
from pinn.export.program import export_program, exported
from pinn.export.samples import export_samples
from pinn.operators import grad, laplacian
from pinn.optimizers import Adam
from pinn.optional import MissingPackageError
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.samplers import Sobol

SCRIPTS = Path(__file__).parents[2] / "scripts"
F64 = torch.float64
SLOW = pytest.mark.slow
DISK = {"_target_": "pinn.domains.Disk"}
PROBLEMS: dict[str, dict[str, Any]] = {
    "square": {"_target_": "pinn.pdes.Poisson"},
    "disk": {"_target_": "pinn.pdes.Poisson", "domain": DISK},
    "cube": {
        "_target_": "pinn.pdes.Poisson",
        "domain": {"_target_": "pinn.domains.Box", "lower": [0, 0, 0], "upper": [1, 1, 2]},
    },
    "heat": {"_target_": "pinn.pdes.Heat", "domain": {"_target_": "pinn.domains.TimeDomain", "space": DISK}},
    "periodic": {"_target_": "pinn.pdes.Advection"},
    "system": {"_target_": "pinn.pdes.NavierStokes"},
    "pendulum": {"_target_": "pinn.pdes.Pendulum"},
}
OVER_THE_SQUARE = np.array([[0.1, 0.2, 0], [0.7, 0.1, 0], [0.4, 0.9, 0], [0.8, 0.8, 0]])


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Runs by name, trained when first asked for."""
    runs: dict[tuple[str, torch.dtype, str], Run] = {}

    def run(name: str, dtype: torch.dtype = F64, activation: str = "tanh") -> Run:
        if (name, dtype, activation) not in runs:
            config = {
                "pde": PROBLEMS[name],
                "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1, "activation": activation},
                "vjp": {"_target_": "pinn.operators.Auto"},
            }
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).to(dtype)
            (step,) = train(pde, network, Adam(steps=1), Sobol(interior=20, boundary=10))
            folder = tmp_path_factory.mktemp("run")
            save_run(folder, step, config)
            runs[name, dtype, activation] = load_run(folder)
        return runs[name, dtype, activation]

    return run


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


def test_components_are_numbered(run_of: Callable[..., Run]) -> None:
    found = columns(run_of("system"), torch.tensor([[0.2, 0.3]], dtype=F64), derivatives=True)
    assert {"u_1", "u_3", "u_2_y", "laplacian_2", "residual_3", "exact_1", "error_3"} <= set(found)
    assert "u" not in found


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


def test_cells_stay_within_the_domain() -> None:
    for domain, area in ((Disk(), np.pi), (LShape(), 3.0)):
        lattice = regular_lattice(domain, None, 81).only_corners()
        corners = lattice.nodes[lattice.cells["quad"]]
        assert bool(domain.contains(torch.from_numpy(corners)).all())
        sides = np.ptp(corners, axis=1)
        assert 0.93 * area < float(sides.prod(1).sum()) <= area + 1e-9
        assert len(np.unique(lattice.cells["quad"])) == len(lattice.nodes)


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


def test_grids_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"2 points along each of 1000 axes is too large .*: export the field itself"):
        regular_lattice(CenteredBall(dimensions=1000), None, None)
    with pytest.raises(ValueError, match=r"too large .*: take fewer --points, or export"):
        regular_lattice(Box(), None, 3000)
    with pytest.raises(ValueError, match="at least 2 along each axis, got 1"):
        regular_lattice(Box(), None, 1)
    with pytest.raises(ValueError, match="No node of a grid with 2 points"):
        regular_lattice(Disk(), None, 2)
    with pytest.raises(ValueError, match="No cell of the grid"):
        regular_lattice(Disk(), None, 3).only_corners()


def test_instants() -> None:
    domain = TimeDomain(2.0, Disk(), start=1.0)
    assert instants(domain, ()) == pytest.approx(np.linspace(1, 3, 11).tolist())
    assert instants(domain, (3.0, 1.5, 3.0)) == [3.0, 1.5]
    assert instants(Disk(), ()) == [None]
    with pytest.raises(ValueError, match=r"--time 0.5 is outside the domain: .* \[1, 3\]"):
        instants(domain, (0.5,))
    with pytest.raises(ValueError, match="outside the domain"):
        instants(domain, (float("nan"),))
    with pytest.raises(ValueError, match="This problem has no time"):
        instants(Disk(), (0.5,))


@pytest.mark.parametrize(
    "name", ["square", "periodic", pytest.param("heat", marks=SLOW), pytest.param("system", marks=SLOW)]
)
def test_onnx_runtime_gives_the_field_at_any_number_of_points(
    name: str, run_of: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_of(name)
    (file,) = export_program(run, "onnx", tmp_path / "field.onnx")
    session = onnxruntime.InferenceSession(str(file))
    ((x,), (u,)) = session.get_inputs(), session.get_outputs()
    m = run.pde.components or 1
    assert (x.name, x.type, x.shape[1], u.name, u.shape[1]) == ("x", "tensor(double)", run.pde.domain.dim, "u", m)
    for n in (1, 40):
        (points,) = Interior(run.pde.domain).sample(n, lambda n, k: torch.rand(n, k, dtype=F64))
        (values,) = session.run(None, {"x": points.numpy()})
        np.testing.assert_allclose(np.asarray(values), vmap(run)(points).reshape(n, m), rtol=0, atol=1e-12)


@SLOW
@pytest.mark.parametrize("activation", ["sin", "silu", "gelu", "softplus", "sigmoid"])
def test_onnx_has_every_activation_in_float64(
    activation: str, run_of: Callable[..., Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export_program(run_of("square", activation=activation), "onnx", tmp_path / "field.onnx")
    assert float(capsys.readouterr().err.split(" to ")[1].split()[0]) < 1e-14


@SLOW
def test_onnx_in_float32(run_of: Callable[..., Run], tmp_path: Path) -> None:
    run = run_of("square", torch.float32)
    (file,) = export_program(run, "onnx", tmp_path / "field.onnx")
    x = torch.rand(30, 2)
    (values,) = onnxruntime.InferenceSession(str(file)).run(None, {"x": x.numpy()})
    np.testing.assert_allclose(np.asarray(values), vmap(run)(x)[:, None], rtol=0, atol=1e-6)


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


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["export.py", *arguments])
    runpy.run_path(str(SCRIPTS / "export.py"), run_name="__main__")


def test_the_command_prints_what_it_wrote(
    run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_of("square").folder
    command(monkeypatch, str(folder), "--format", "torch-export")
    output = capsys.readouterr()
    assert output.out.split() == [str(folder / "field.pt2")]
    assert "agrees with the run to" in output.err


def test_a_folder_is_no_file_to_write(
    run_of: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, str(run_of("square").folder), "--format", "csv", "--output", str(tmp_path))
    assert stopped.value.code == 1
    assert capsys.readouterr().err == f"error: --output {tmp_path} is a folder: give it the name of a file.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere", "--format", "csv"], 1, "error: There is no run folder 'nowhere'"),
        (["nowhere", "--format", "stl"], 2, "invalid choice: 'stl'"),
        (["nowhere", "--format", "onnx", "--time", "0", "--points", "0"], 2, "--points, --time: --format onnx writes"),
        (["nowhere", "--format", "csv", "--points", "3", "--mesh", "a.vtk"], 2, "a --mesh has its own nodes"),
    ],
)
def test_wrong_input_is_one_clear_line(
    arguments: list[str],
    code: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as stopped:
        command(monkeypatch, *arguments)
    assert stopped.value.code == code
    assert message in capsys.readouterr().err.splitlines()[-1]
