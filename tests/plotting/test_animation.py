"""Animations of small runs: every frame shows its own instant, and nothing else moves."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from matplotlib.quiver import Quiver
from PIL import Image
from torch.func import vmap

from pinn import Run, load_run, save_run, train
from pinn.domains import Box, Disk, ParameterDomain, TimeDomain
from pinn.optimizers import Adam
from pinn.plotting.animation import animate, frame_titles, space_at_instants
from pinn.plotting.frames import map_frames, profile_frames, vector_frames
from pinn.plotting.quantities import Quantity, sample
from pinn.plotting.style import figure
from pinn.plotting.subject import Subject
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.samplers import Sobol

SCRIPTS = Path(__file__).parents[2] / "scripts"
PROBLEMS: dict[str, dict[str, Any]] = {
    "line": {"_target_": "pinn.pdes.Heat"},
    "disk": {
        "_target_": "pinn.pdes.Heat",
        "domain": {"_target_": "pinn.domains.TimeDomain", "duration": 0.5, "space": {"_target_": "pinn.domains.Disk"}},
    },
    "steady": {"_target_": "pinn.pdes.Poisson"},
    "pendulum": {"_target_": "pinn.pdes.Pendulum"},
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Runs by name, trained when first asked for."""
    runs: dict[str, Run] = {}

    def run(name: str) -> Run:
        if name not in runs:
            config = {
                "pde": PROBLEMS[name],
                "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1},
                "vjp": {"_target_": "pinn.operators.Auto"},
            }
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
            (step,) = train(pde, network, Adam(steps=1), Sobol(interior=20, boundary=10))
            save_run(folder := tmp_path_factory.mktemp(name), step, config)
            runs[name] = load_run(folder)
        return runs[name]

    return run


def test_a_profile_is_the_solution_at_its_instant(run_of: Callable[[str], Run]) -> None:
    run = run_of("line")
    assert run.pde.exact is not None
    quantities = [Quantity("u", "Solution", "u{}", vmap(run)), Quantity("v", "Exact", "v{}", vmap(run.pde.exact))]
    samples = sample(quantities, space_at_instants(run.pde.domain, 5, {}), 11, run.like)
    with figure(4, 4) as canvas:
        show = profile_frames(canvas, samples, quantities)
        (solution, exact), limits = canvas.axes[0].lines, canvas.axes[0].get_ylim()
        for k, time in enumerate(np.linspace(0, 1, 5)):
            show(k)
            x = torch.from_numpy(np.stack([np.full(11, time), np.linspace(0, 1, 11)], 1))
            np.testing.assert_allclose(np.asarray(solution.get_ydata()), vmap(run)(x), rtol=1e-12)
            np.testing.assert_allclose(np.asarray(exact.get_ydata()), vmap(run.pde.exact)(x), atol=1e-15)
        assert exact.get_linestyle() == "--"
        assert canvas.axes[0].get_ylim() == limits


def test_a_map_is_the_solution_at_its_instant(run_of: Callable[[str], Run]) -> None:
    run = run_of("disk")
    quantity = Quantity("u", "Solution", "u{}", vmap(run))
    samples = sample([quantity], space_at_instants(run.pde.domain, 3, {}), 9, run.like)
    with figure(4, 4) as canvas:
        show = map_frames(canvas, samples, [quantity])
        image = canvas.axes[0].images[0]
        limits = image.get_clim()
        for k, time in enumerate((0.0, 0.25, 0.5)):
            show(k)
            shown = np.asarray(image.get_array())
            x = torch.tensor([time, 0.25, -0.5], dtype=torch.float64)
            np.testing.assert_allclose(shown[2, 5], float(run(x)), rtol=1e-12)  # row y = −0.5, column x = 0.25
        assert image.get_clim() == limits


@pytest.mark.parametrize("name", ["line", "disk"])
def test_a_gif_has_its_frames_and_one_palette(name: str, run_of: Callable[[str], Run], tmp_path: Path) -> None:
    (path,) = animate(run_of(name), tmp_path / "new", frames=4, fps=10, points=21)
    assert list(tmp_path.rglob("*.*")) == [path]  # no temporary file is left
    with Image.open(path) as image:
        assert image.n_frames == 4
        assert image.info["duration"] == 100
        frames = []
        for k in range(4):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB"), dtype=int))
    changed = (np.ptp(frames, axis=0) > 0).any(-1)
    rows, columns = np.nonzero(changed)
    height, width = changed.shape
    assert 0 < changed.mean() < 0.6
    assert columns.min() > 0.1 * width  # neither the axis labels nor the colour bar move
    assert columns.max() < 0.85 * width
    assert rows.max() < 0.9 * height
    assert all((frame[0, 0] == 255).all() for frame in frames)


def test_an_mp4_has_its_frames(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    (path,) = animate(run_of("line"), tmp_path, frames=6, fps=3, points=11, format="mp4")
    assert path.name == "solution.mp4"
    assert imageio_ffmpeg.count_frames_and_secs(str(path)) == (6, 2.0)


def test_titles_have_as_many_decimals_in_each_frame() -> None:
    domain = TimeDomain(0.02, Box(), start=0.01)
    quantity = Quantity("u", "Solution", "u{}", lambda x: x[:, 0])
    shown = space_at_instants(domain, 3, {"y": 0.5})
    assert [section.free for section in shown] == [(1,)] * 3
    titles = frame_titles(sample([quantity], shown, 5, torch.zeros((), dtype=torch.float64)), shown)
    assert titles == [f"$y = 0.5$\n$t = {time}$" for time in ("0.0100", "0.0200", "0.0300")]


def test_parameters_are_not_time() -> None:
    shown = space_at_instants(ParameterDomain(TimeDomain(), names=("k",)), 2, {"k": 0.5})
    assert [(section.free, section.held) for section in shown] == [((1,), {0: 0.0, 2: 0.5}), ((1,), {0: 1.0, 2: 0.5})]


def test_what_does_not_move_is_refused(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no time, so there is nothing to animate"):
        animate(run_of("steady"), tmp_path)
    with pytest.raises(ValueError, match="no time"):
        space_at_instants(ParameterDomain(Disk()), 3, {})
    with pytest.raises(ValueError, match="no space"):
        animate(run_of("pendulum"), tmp_path)
    with pytest.raises(ValueError, match=r"--frames of at least 2 and --fps of at least 1, got 1 and 20"):
        animate(run_of("line"), tmp_path, frames=1)
    with pytest.raises(ValueError, match="held twice"):
        animate(run_of("disk"), tmp_path, slices={"t": 0.1})
    assert not list(tmp_path.iterdir())


def test_mp4_without_its_package_says_what_to_install(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    options = ["--format", "mp4", "--frames", "2", "--points", "5", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["animate.py", str(run_of("line").folder), *options])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPTS / "animate.py"), run_name="__main__")
    assert stopped.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == 'error: --format mp4 needs imageio_ffmpeg: pip install "pinn-solver[export]".'


def test_an_encoder_that_fails_is_an_os_error(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\ncat > /dev/null\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(program))
    with pytest.raises(OSError, match=r"solution\.mp4 could not be written: ffmpeg ended with code 3"):
        animate(run_of("line"), tmp_path / "new", frames=2, points=5, format="mp4")
    assert not list((tmp_path / "new").iterdir())


def test_the_command_prints_its_file(
    run_of: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--frames", "2", "--points", "5", "--slice", "y=0", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["animate.py", str(run_of("disk").folder), *options])
    runpy.run_path(str(SCRIPTS / "animate.py"), run_name="__main__")
    assert capsys.readouterr().out.split() == [str(tmp_path / "solution_y=0.gif")]


MOVING: dict[str, dict[str, Any]] = {
    "flow": {"_target_": "pinn.pdes.UnsteadyNavierStokes", "reynolds": 2.0},
    "body": {
        "_target_": "pinn.pdes.Heat",
        "domain": {"_target_": "pinn.domains.TimeDomain", "space": {"_target_": "pinn.domains.Ball"}},
    },
}
PROBLEMS |= MOVING


@pytest.mark.parametrize(("name", "kind"), [("flow", "vectors"), ("body", "surface")])
@pytest.mark.parametrize("format", ["gif", "mp4"])
@pytest.mark.slow
def test_vectors_and_bodies_move(
    name: str, kind: Any, format: Any, run_of: Callable[[str], Run], tmp_path: Path
) -> None:
    """Read back: as many frames, of which the first and the last differ within the axes alone."""
    (path,) = animate(run_of(name), tmp_path, frames=3, fps=2, points=21, kind=kind, format=format)
    assert path.name == f"{kind}.{format}"
    frames = frames_of(path)
    assert len(frames) == 3
    changed = np.abs(frames[0].astype(int) - frames[-1]).max(-1) > 40
    assert 0.001 < changed.mean() < 0.6
    assert not changed[-changed.shape[0] // 20 :].any()


def frames_of(path: Path) -> list[np.ndarray]:
    """The pictures of a GIF or an MP4."""
    if path.suffix == ".mp4":
        reader = imageio_ffmpeg.read_frames(str(path))
        width, height = next(reader)["size"]
        return [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]
    with Image.open(path) as image:
        frames = []
        for k in range(image.n_frames):
            image.seek(k)
            frames.append(np.asarray(image.convert("RGB")))
        return frames


def test_arrows_and_bodies_are_those_of_their_instant(run_of: Callable[[str], Run]) -> None:
    run = run_of("flow")
    subject = Subject.of(run)
    samples = sample(subject.quantities[:1], space_at_instants(run.pde.domain, 3, {}), 21, run.like)
    found = subject.vector()
    assert found is not None
    assert found == ("velocity", (0, 1))
    with figure(4, 4) as canvas:
        show = vector_frames(canvas, samples, subject, found)
        quiver: Any = next(artist for artist in canvas.axes[0].get_children() if isinstance(artist, Quiver))
        for k, time in enumerate((0.0, 0.5, 1.0)):
            show(k)
            x = torch.tensor([time, float(quiver.X[30]), float(quiver.Y[30])], dtype=torch.float64)
            u = run(x)
            np.testing.assert_allclose([quiver.U[30], quiver.V[30]], u[:2].numpy(), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("disk", {"kind": "vectors"}, "names no vector field"),
        ("disk", {"kind": "surface"}, "that of a whole body in space"),
        ("body", {"kind": "surface", "slices": {"z": 0.0}}, "that of a whole body in space"),
        ("flow", {"kind": "vectors", "vector": ["q", "p"]}, "no component 'q'"),
    ],
)
def test_a_kind_that_a_problem_does_not_have_is_refused(
    name: str, options: dict[str, Any], message: str, run_of: Callable[[str], Run], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        animate(run_of(name), tmp_path, frames=2, points=9, **options)
