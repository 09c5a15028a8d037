"""Figures of small runs: the files, the numbers behind them, and the errors for what cannot be drawn."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread
from matplotlib.transforms import TransformedPath

from pinn import Run, load_run, save_run, train
from pinn.domains import Box, Disk, TimeDomain
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.plotting.history import plot_history
from pinn.plotting.maps import draw_map
from pinn.plotting.quantities import Quantity, sample
from pinn.plotting.residual import plot_residual
from pinn.plotting.sections import Grid, sections
from pinn.plotting.solution import plot_solution
from pinn.plotting.style import figure, sequential
from pinn.runs.instantiate import build
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import build_network
from pinn.samplers import Sobol

SCRIPTS = Path(__file__).parents[2] / "scripts"
LIKE = torch.zeros((), dtype=torch.float64)


def box(d: int) -> dict[str, Any]:
    return {"_target_": "pinn.domains.Box", "lower": [0] * d, "upper": [1] * d}


PROBLEMS: dict[str, dict[str, Any]] = {
    "interval": {"_target_": "pinn.pdes.Poisson", "domain": box(1)},
    "square": {"_target_": "pinn.pdes.Poisson", "domain": box(2)},
    "disk": {"_target_": "pinn.pdes.Poisson", "domain": {"_target_": "pinn.domains.Disk"}},
    "cube": {"_target_": "pinn.pdes.Poisson", "domain": box(3)},
    "heat": {"_target_": "pinn.pdes.Heat"},
    "potential": {"_target_": "pinn.pdes.Potential"},
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Runs by name, trained when first asked for."""
    runs: dict[str, Run] = {}

    def run(name: str) -> Run:
        if name not in runs:
            folder = tmp_path_factory.mktemp(name)
            config = {
                "pde": PROBLEMS[name],
                "network": {"_target_": "pinn.networks.MLP", "width": 8, "depth": 1},
                "vjp": {"_target_": "pinn.operators.Auto"},
            }
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
            optimizer = Schedule((Adam(steps=3), LBFGS(steps=3)))
            step = None
            metrics = MetricsFile(folder)
            for step in train(pde, network, optimizer, Sobol(interior=50, boundary=20)):
                metrics.record(step)
            assert step is not None
            save_run(folder, step, config)
            runs[name] = load_run(folder)
        return runs[name]

    return run


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.slow
def test_every_problem_gives_all_figures(name: str, run_of: Callable[[str], Run], tmp_path: Path) -> None:
    run = run_of(name)
    files = plot_solution(run, tmp_path, points=21) + plot_residual(run, tmp_path, points=21)
    files += plot_history(run.folder, tmp_path)
    expected = {"solution", "exact", "error", "comparison", "residual", "history"}
    more = {"heat": {"profiles"}, "cube": {"surface"}}
    assert {path.stem for path in files} == expected | more.get(name, set())
    assert set(tmp_path.iterdir()) == set(files)  # no temporary file is left
    for path in files:
        pixels = imread(path)
        assert min(pixels.shape[:2]) > 300
        assert pixels[..., :3].std() > 0.05  # not a blank page


def test_without_exact_solution_there_is_no_error(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    run = run_of("square")
    object.__setattr__(run.pde, "exact", None)
    try:
        assert [path.name for path in plot_solution(run, tmp_path, points=11)] == ["solution.png"]
    finally:
        object.__setattr__(run.pde, "exact", build(PROBLEMS["square"]).exact)


@pytest.mark.parametrize(("format", "magic"), [("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_format_and_output(format: Any, magic: bytes, run_of: Callable[[str], Run], tmp_path: Path) -> None:
    (path,) = plot_residual(run_of("disk"), tmp_path / "new" / "folder", points=31, format=format)
    assert path == tmp_path / "new" / "folder" / f"residual.{format}"
    assert path.read_bytes().startswith(magic)


def test_values_are_those_of_the_field_at_the_nodes(run_of: Callable[[str], Run]) -> None:
    run = run_of("cube")
    (section,) = sections(run.pde.domain, slices={"y": 0.25})
    grid = Grid(section, 11, run.like)
    values = grid.evaluate(torch.func.vmap(run))
    assert section.free == (0, 2)
    assert values.shape == (11, 11, 1)
    x = torch.tensor([0.3, 0.25, 0.8], dtype=torch.float64)
    np.testing.assert_allclose(values[3, 8, 0], float(run(x).detach()), rtol=1e-10)


def test_maps_put_the_first_axis_to_the_right(run_of: Callable[[str], Run]) -> None:
    run = run_of("heat")
    grid = Grid(sections(run.pde.domain)[0], 5, run.like)
    time = grid.evaluate(lambda points: points[:, 0])[..., 0]
    with figure(4, 4) as canvas:
        ax = canvas.subplots()
        draw_map(ax, grid, time, sequential(time), "$u$")
        image = ax.images[0]
        array = np.asarray(image.get_array())
    np.testing.assert_allclose(array[0], [0, 0.25, 0.5, 0.75, 1])  # along a row, which is horizontal
    np.testing.assert_allclose(image.get_extent(), [-0.125, 1.125, -0.125, 1.125])
    assert ax.get_xlim() == ax.get_ylim() == (0, 1)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$t$", "$x$")


def test_outside_the_disk_nothing_is_asked_or_shown() -> None:
    grid = Grid(sections(Disk(center=(1, 0), radius=2.0))[0], 41, LIKE)
    radii = []

    def radius(points: torch.Tensor) -> torch.Tensor:
        radii.append((points - torch.tensor([1.0, 0.0])).norm(dim=1))
        return radii[-1]

    values = grid.evaluate(radius)[..., 0]
    assert float(torch.cat(radii).max()) <= 2 + 1e-12
    x, y = np.meshgrid(*grid.axes, indexing="ij")
    np.testing.assert_array_equal(np.isnan(values), (x - 1) ** 2 + y**2 > 4 + 1e-12)
    edge = grid.signed_distance()
    assert edge is not None
    assert np.all((edge >= -1e-12) == ~np.isnan(values))
    with figure(4, 4) as canvas:
        ax = canvas.subplots()
        draw_map(ax, grid, values, sequential(values), "$u$")
        clip = ax.images[0].get_clip_path()
        assert isinstance(clip, TransformedPath)
        # The clip follows the circle, not the grid's stairs.
        vertices = np.asarray(clip.get_fully_transformed_path().vertices)
        distances = np.hypot(*(ax.transData.inverted().transform(vertices) - [1, 0]).T)
        np.testing.assert_allclose(distances, 2, rtol=5e-3)


def test_a_box_is_not_clipped() -> None:
    assert Grid(sections(Box())[0], 5, LIKE).signed_distance() is None


def test_components_share_no_scale_and_sections_do() -> None:
    domain = TimeDomain(1.0, Box())
    pair = Quantity("pair", "Pair", "v{}", lambda x: torch.stack([x[:, 0] * x[:, 1], 7 * x[:, 2]], 1))
    samples = sample([pair], sections(domain, times=(0.5, 1.0)), 5, LIKE)
    assert samples.components == 2
    assert [samples.scale(pair, i).norm.vmax for i in range(2)] == [1, 7]
    assert [pair.component(i, 2) for i in range(2)] == ["v_{1}", "v_{2}"]
    assert samples.labels == ["$t = 0.5$", "$t = 1$"]
    assert samples.title("error 1") == "overall error 1"


def test_too_few_points_are_refused(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"at least 2 points .* got 1"):
        plot_solution(run_of("square"), tmp_path, points=1)


def test_command_draws_and_reports(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--slice", "z=0.25", "--points", "11", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["plot_residual.py", str(run_of("cube").folder), *options])
    runpy.run_path(str(SCRIPTS / "plot_residual.py"), run_name="__main__")
    assert capsys.readouterr().out.split() == [str(tmp_path / "residual_z=0.25.png")]


@pytest.mark.parametrize("script", ["plot_solution.py", "plot_residual.py", "plot_history.py"])
def test_a_missing_run_is_one_clear_line(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path / "nowhere")])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPTS / script), run_name="__main__")
    (line,) = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 1
    assert line.startswith("error: There is no run folder")


def test_a_malformed_slice_is_explained() -> None:
    command = [sys.executable, SCRIPTS / "plot_solution.py", "RUN", "--slice", "z0.5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'z0.5' is not AXIS=VALUE, such as z=0.5" in done.stderr
