"""Names and units in pictures: those that the user has said, and no others."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from pinn import load_run, save_run, train
from pinn.domains import Ball, Box, Disk, TimeDomain
from pinn.optimizers import Adam
from pinn.plotting import plot_residual, plot_solution, show
from pinn.plotting.labels import label
from pinn.plotting.solution import solution_pictures
from pinn.plotting.style import Picture, figure, log_axis, save
from pinn.plotting.subject import Subject
from pinn.runs.instantiate import build
from pinn.runs.run import Run, build_network
from pinn.runs.units import checked_units
from pinn.samplers import Sobol

RECIPE: dict[str, Any] = {
    "_target_": "pinn.pdes.Expression",
    "equation": ["dt(T) = k*laplacian(T) - c", "dt(c) = laplacian(c)"],
    "fields": ["T", "c"],
    "coefficients": {"k": 0.1},
    "exact": ["20*exp(-t)*cos(x)", "exp(-t)*sin(x)"],
}


def run_of(folder: Path, pde: dict[str, Any], units: dict[str, str]) -> Run:
    config = {
        "pde": pde,
        "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
        "vjp": {"_target_": "pinn.operators.Auto"},
        "units": units,
    }
    problem = build(pde, "pde")
    network = build_network(config["network"], problem, torch.Generator().manual_seed(0)).double()
    (step,) = train(problem, network, Adam(steps=1), Sobol(interior=20, boundary=10))
    save_run(folder, step, config)
    return load_run(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("run"), RECIPE, {"x": "m", "t": "s", "T": "°C", "c": "dimensionless"})


def texts(picture: Figure) -> set[str]:
    """All that stands at axes, colour bars and above panels."""
    axes = [ax for ax in picture.findobj(Axes) if isinstance(ax, Axes)]
    found = {text for ax in axes for text in (ax.get_xlabel(), ax.get_ylabel(), ax.get_title())}
    return found - {""}


def test_axes_and_titles_have_the_users_names_and_units(run: Run) -> None:
    pictures = solution_pictures(Subject.of(run), points=9)
    found = texts(pictures["comparison"])
    assert {"$t$ (s)", "$x$ (m)", "$T$ (°C)", "$c$ (dimensionless)"} <= found
    assert {"Solution $T$", "Exact $c^{\\!*}$", "Error $T - T^{\\!*}$"} <= found
    assert {"$x$ (m)", r"$T, T^{\!*}$ (°C)"} <= texts(pictures["profiles"])


def test_nothing_is_called_dimensionless_that_nobody_has_called_so(tmp_path: Path) -> None:
    run = run_of(tmp_path, {"_target_": "pinn.pdes.Heat"}, {})
    pictures = solution_pictures(Subject.of(run), points=9)
    everything = set.union(*map(texts, pictures.values()))
    assert {"$t$", "$x$", "$u$"} <= everything
    assert not any(
        "dimensionless" in text or "(" in text.replace("(dashed", "") for text in everything if "10" not in text
    )


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ({"tt": "s"}, "units.tt: there is no coordinate or component of that name; did you mean 't'?"),
        ({"q": "s"}, "units.q: there is no coordinate or component of that name; there are t, x, T, c."),
        ({"T": ""}, "units.T='' is not valid"),
        ({"T": None}, "units.T=None is not valid"),
        ({"T": ["K"]}, r"units.T=\['K'\] is not valid"),
        ("m", "units='m' is not valid: expected units by names"),
    ],
)
def test_units_of_nothing_are_refused(units: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_units(units, build(RECIPE, "pde"))


def test_a_section_that_was_asked_for_takes_the_place_of_no_other_picture(run: Run, tmp_path: Path) -> None:
    whole = {path.name: path.read_bytes() for path in plot_solution(run, tmp_path, points=9)}
    plot_residual(run, tmp_path, points=9)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    cut = plot_solution(run, tmp_path, points=9, slices={"x": 0.25}) + plot_solution(run, tmp_path, points=9, times=[1])
    cut += plot_residual(run, tmp_path, points=9, slices={"x": 0.25})
    assert {"solution_x=0.25.png", "error_x=0.25.png", "profiles_t=1.png", "residual_x=0.25.png"} <= {
        p.name for p in cut
    }
    assert not {path.name for path in cut} & set(before)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert set(whole) < set(before)


def test_show_gives_a_picture_of_a_run_a_step_and_any_field(run: Run) -> None:
    assert "Solution $T$" in texts(show(run, points=9))
    disk = show(lambda x: x[0] * x[1], Disk(), lambda x: x[0] * x[1] + 0.1, names=["q"], units={"x": "m"}, points=9)
    assert {"Solution $q$", "Error $q - q^{\\!*}$", "$x$ (m)", "$y$"} <= texts(disk)
    assert disk._repr_png_().startswith(b"\x89PNG")
    problem = build({"_target_": "pinn.pdes.Poisson"}, "pde")
    network = build_network({"_target_": "pinn.networks.MLP", "width": 4, "depth": 1}, problem, torch.Generator())
    (step,) = train(problem, network.double(), Adam(steps=1), Sobol(interior=20, boundary=10))
    assert "Error $u - u^{\\!*}$" in texts(show(step, units={"u": "K"}, points=9))
    with pytest.raises(ValueError, match="There is no picture 'profiles' of this field: there are solution, exact"):
        show(step, picture="profiles", points=9)
    with pytest.raises(ValueError, match="needs the domain of a field"):
        show(lambda x: x[0])


@pytest.mark.parametrize(
    ("low", "high"), [(1e-9, 1.0), (2e-3, 6e-3), (1.0, 1.2), (1e-8, 3e-7), (0.5, 20), (3.01e-5, 3.05e-5), (900, 2100)]
)
def test_tick_labels_of_a_logarithmic_axis_do_not_collide(low: float, high: float, tmp_path: Path) -> None:
    """By the boxes that are drawn."""
    with figure(4.0, 1.2) as canvas:
        ax = canvas.subplots()
        ax.plot([low, high], [0, 1])
        ax.set_xscale("log")
        ax.set_xlim(low / 1.05, high * 1.05)
        log_axis(ax.xaxis)
        save(canvas, tmp_path / "ticks.png")
        boxes = sorted((text.get_window_extent().x0, text.get_window_extent().x1) for text in shown_ticks(ax))
    assert len(boxes) >= 2
    assert all(right < left for (_, right), (left, _) in itertools.pairwise(boxes))


def shown_ticks(ax: Axes) -> list[Any]:
    low, high = ax.get_xlim()
    ticks = [*ax.xaxis.get_major_ticks(), *ax.xaxis.get_minor_ticks()]
    return [t.label1 for t in ticks if t.label1.get_text() and low <= t.get_loc() <= high]


def test_a_body_has_its_surface_with_an_octant_cut_out() -> None:
    from pinn.plotting.surfaces import cut_surface

    def area(triangles: np.ndarray) -> float:
        a, b, c = np.moveaxis(triangles, 1, 0)
        return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

    box = cut_surface(Box((0.0, 0.0, 0.0), (1.0, 2.0, 3.0)), None, cells=24)
    np.testing.assert_allclose(area(box.triangles), 22.0, rtol=1e-12)  # the walls of the cut are as large as it was
    ball = cut_surface(Ball(), None, cells=40)
    np.testing.assert_allclose(area(ball.triangles), 4 * np.pi * 7 / 8 + 3 * np.pi / 4, rtol=0.03)
    outer = np.linalg.norm(ball.triangles.reshape(-1, 3), axis=1)
    assert outer.max() < 1.05  # a corner of a wall's cell
    removed = (ball.centres[:, 0] > 0.05) & (ball.centres[:, 1] < -0.05) & (ball.centres[:, 2] > 0.05)
    assert not removed.any()


def test_a_body_in_space_and_time_is_shown_with_its_units() -> None:
    subject = Subject(lambda x: x[0] * x[1], TimeDomain(2.0, Ball()), names=["T"], units={"x": "m", "t": "s", "T": "K"})
    picture = solution_pictures(subject, points=9)["surface"]
    assert isinstance(picture, Picture)
    assert {"Solution $T$", label("x", "m"), "$y$"} <= texts(picture)
    assert picture.get_suptitle() == "$t = 1$ s"


def flow(kind: str) -> Subject:
    """A rotation in the plane."""
    vectors = {kind: (0, 1)}
    return Subject(lambda x: torch.stack([-x[1], x[0], x[0]]), Disk(), names=["v_1", "v_2", "p"], vectors=vectors)


@pytest.mark.parametrize(("kind", "drawn"), [("velocity", "LineCollection"), ("displacement", "Quiver")])
def test_a_vector_field_has_its_magnitude_and_its_direction(kind: str, drawn: str) -> None:
    picture = solution_pictures(flow(kind), points=41)["vectors"]
    (title,) = [text for text in texts(picture) if text.startswith("Solution")]
    assert title == f"Solution: {kind} $v$"
    assert "$|v|$" in texts(picture)
    (image,) = picture.axes[0].images
    np.testing.assert_allclose(np.nanmax(np.asarray(image.get_array())), 1.0, atol=0.06)
    assert drawn in [type(artist).__name__ for artist in picture.axes[0].get_children()]


def test_arrows_point_where_the_field_does() -> None:
    picture = solution_pictures(flow("displacement"), points=41)["vectors"]
    (quiver,) = [artist for artist in picture.axes[0].get_children() if isinstance(artist, Quiver)]
    arrows: Any = quiver
    shown = ~np.asarray(arrows.Umask)
    np.testing.assert_allclose(np.asarray(arrows.U)[shown], -arrows.Y[shown], atol=1e-12)
    np.testing.assert_allclose(np.asarray(arrows.V)[shown], arrows.X[shown], atol=1e-12)


def test_a_vector_may_be_named() -> None:
    subject = flow("velocity")
    assert subject.vector(["p", "v_1"]) == ("vector", (2, 0))
    with pytest.raises(ValueError, match="no component 'q': there are v_1, v_2, p"):
        subject.vector(["q", "v_1"])
    with pytest.raises(ValueError, match="two or three components"):
        subject.vector(["p"])


def test_a_front_has_a_picture_of_its_own() -> None:
    steep = Subject(lambda x: torch.tanh((x[1] - 0.3) * 400 * x[0]), TimeDomain(1.0, Box((0.0,), (1.0,))))
    picture = solution_pictures(steep)["profiles"]
    near = next(ax for ax in picture.axes if "close up" in ax.get_title())
    low, high = near.get_xlim()
    assert low < 0.3 < high
    assert high - low < 0.1
    values = np.asarray(near.lines[-1].get_ydata())
    assert np.abs(np.diff(values)).max() < 0.2  # resolved, not a jump between two nodes
    gentle = Subject(lambda x: torch.sin(3 * x[1]), TimeDomain(1.0, Box((0.0,), (1.0,))))
    assert not any("close up" in ax.get_title() for ax in solution_pictures(gentle)["profiles"].axes)
