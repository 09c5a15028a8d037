"""Animate the solution of a run in time: a profile over space beside the exact one, or a map.

    pinn plot animation RUN                                     RUN/solution.gif
    pinn plot animation RUN --format mp4 --frames 200 --fps 30
    pinn plot animation RUN --kind vectors                      also surface, of a body in space

A problem of more than two space axes is shown on a plane, which --slice chooses.
"""

import math
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter
from matplotlib.colors import Colormap, LinearSegmentedColormap

from pinn.domains import Domain, TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.optional import package
from pinn.plotting.frames import map_frames, profile_frames, surface_frames, vector_frames
from pinn.plotting.gif import GifWriter
from pinn.plotting.labels import shown_unit, suffix
from pinn.plotting.maps import panel_size
from pinn.plotting.quantities import Samples, sample
from pinn.plotting.sections import Section, sections
from pinn.plotting.style import COLORS, figure
from pinn.plotting.subject import Subject
from pinn.plotting.surfaces import has_surface
from pinn.plotting.vectors import in_plane
from pinn.runs import Run
from pinn.runs.atomic_write import atomic_write

DPI = 120

_LINES = LinearSegmentedColormap.from_list("lines", ["white", COLORS[0], "black"])


def animate(
    run: Run,
    output: Path,
    *,
    frames: int = 60,
    fps: int = 20,
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    kind: Literal["solution", "vectors", "surface"] = "solution",
    vector: Sequence[str] = (),
    format: Literal["gif", "mp4"] = "gif",
) -> list[Path]:
    """Write the solution at `frames` equal steps of the whole time as `solution.gif` or `solution.mp4` into `output`.

    With one space axis the exact solution, if it is known, is dashed. For `slices`, which stand in the name of the
    file, see `sections.sections`; `points` are nodes along each axis. The `kind` vectors shows the magnitude of a
    vector field, that of the problem or of the components `vector`, with arrows; surface a body in space with one
    octant cut out. Returns the file. Raises ValueError for a problem without time or without space, for a kind that it
    does not have, and for less than two frames or one frame in a second, MissingPackageError for MP4 without
    imageio-ffmpeg.
    """
    if frames < 2 or fps < 1:
        raise ValueError(f"An animation needs --frames of at least 2 and --fps of at least 1, got {frames} and {fps}.")
    subject = Subject.of(run)
    shown = space_at_instants(run.pde.domain, frames, slices or {}, run.units)
    _refuse(kind, subject, shown[0], vector, slices or {})
    maps = len(shown[0].free) == 2
    settings, writer = _writer(format, fps, matplotlib.colormaps["viridis"] if maps else _LINES)
    quantities = [q for q in subject.quantities if not q.signed][: 1 if maps else 2]
    count = points if points is not None else 101 if maps else 401
    samples = sample(quantities, shown, count if kind != "surface" else 3, run.like)
    titles = frame_titles(samples, shown)
    path = output / f"{kind}{suffix(slices or {})}.{format}"
    with figure(*_size(kind, samples, maps)) as canvas, matplotlib.rc_context(settings):
        if kind == "surface":
            show = surface_frames(canvas, subject, [section.held[0] for section in shown])
        elif kind == "vectors" and (found := subject.vector(vector)):
            show = vector_frames(canvas, samples, subject, found)
        else:
            show = (map_frames if maps else profile_frames)(canvas, samples, quantities)
        title = canvas.suptitle(titles[0])
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")  # nothing moves from one frame to the next
        try:
            with atomic_write(path) as temporary, writer.saving(canvas, str(temporary), DPI):
                for k in range(frames):
                    show(k)
                    title.set_text(titles[k])
                    writer.grab_frame()
        except subprocess.CalledProcessError as error:  # a full disk, say, ends ffmpeg
            raise OSError(f"{path} could not be written: ffmpeg ended with code {error.returncode}.") from error
    return [path]


def _refuse(kind: str, subject: Subject, section: Section, vector: Sequence[str], slices: Mapping[str, float]) -> None:
    """Raise ValueError for a kind that a problem does not have."""
    if kind == "vectors":
        found = subject.vector(vector)
        if found is None:
            raise ValueError(
                f"This problem names no vector field: say which components are one, as --vector "
                f"{' '.join(subject.names[:2])}."
            )
        if not in_plane(section, found[1]):
            raise ValueError("Vectors are shown on planes of space whose axes are theirs.")
    if kind == "surface" and (not has_surface(subject.domain) or slices):
        raise ValueError("A surface is that of a whole body in space: leave out --slice, or animate the solution.")


def _size(kind: str, samples: Samples, maps: bool) -> tuple[float, float]:
    """Width and height of the figure in inches; those of a video have to be even numbers of pixels, as these are."""
    m, (width, height) = samples.components, panel_size(samples.grids[0]) if maps else (3.9, 2.6)
    if kind == "surface":
        return _even(4.3 * m + 0.4), 3.9
    if kind == "vectors":
        return _even(width + 1.6), _even(height + 1.3)
    return m * (width + 1.2) + 0.4, height + (1.1 if maps else 1.4)


def _even(inches: float) -> float:
    return 2 * round(inches * DPI / 2) / DPI


def space_at_instants(
    domain: Domain, frames: int, slices: Mapping[str, float], units: Mapping[str, str] | None = None
) -> list[Section]:
    """Space at each instant."""
    if not isinstance(without_parameters(domain), TimeDomain):
        raise ValueError("This problem has no time, so there is nothing to animate: use pinn plot solution.")
    if domain.dim == 1:
        raise ValueError("This problem has no space, so a plot shows all of it: use pinn plot solution.")
    times = np.linspace(domain.bounds[0][0], domain.bounds[1][0], frames).tolist()
    if domain.dim == 2 and not slices:
        return [Section(domain, (1,), {0: time}, units or {}) for time in times]
    return sections(domain, times, slices, units or {})


def frame_titles(samples: Samples, shown: Sequence[Section]) -> list[str]:
    """What all sections hold, then the time, with as many decimals in each."""
    times = [section.held[0] for section in shown]
    decimals = max(0, 2 - math.floor(math.log10(times[-1] - times[0])))
    common, unit = samples.title(), shown_unit(shown[0].units.get("t", ""))
    seconds = f" {unit}" if unit else ""
    return ["\n".join(filter(None, (common, f"$t = {time:.{decimals}f}${seconds}"))) for time in times]


def _writer(format: str, fps: int, colors: Colormap) -> tuple[dict[Any, Any], AbstractMovieWriter]:
    """Settings of matplotlib, and what writes the frames under them."""
    if format == "gif":
        return {}, GifWriter(fps, colors)
    program = package("imageio_ffmpeg", "export", "--format mp4").get_ffmpeg_exe()
    settings: dict[Any, Any] = {"animation.ffmpeg_path": program}
    with matplotlib.rc_context(settings):
        return settings, FFMpegWriter(fps, codec="h264", extra_args=["-f", "mp4", "-crf", "18"])
