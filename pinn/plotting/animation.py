"""Animate the solution of a run in time: a profile over space beside the exact one, or a map.

    pinn plot animation RUN                                     RUN/solution.gif
    pinn plot animation RUN --format mp4 --frames 200 --fps 30

A problem of more than two space axes is shown on a plane, which --slice chooses.
"""

import math
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from torch.func import vmap

from pinn.domains import Domain, TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.optional import package
from pinn.plotting.gif import GifWriter
from pinn.plotting.maps import draw_map, panel_size, pixels
from pinn.plotting.quantities import Quantity, Samples, sample
from pinn.plotting.sections import Section, sections
from pinn.plotting.solution import names_of
from pinn.plotting.style import COLORS, figure
from pinn.runs import Run
from pinn.runs.atomic_write import atomic_write

DPI = 120

_STYLES: Sequence[dict[str, Any]] = ({"color": COLORS[0]}, {"color": "black", "linestyle": "--", "linewidth": 0.9})
_LINES = LinearSegmentedColormap.from_list("lines", ["white", COLORS[0], "black"])

Frame = Callable[[int], None]
"""Puts the k-th instant into a figure."""


def animate(
    run: Run,
    output: Path,
    *,
    frames: int = 60,
    fps: int = 20,
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    format: Literal["gif", "mp4"] = "gif",
) -> list[Path]:
    """Write the solution at `frames` equal steps of the whole time as `solution.gif` or `solution.mp4` into `output`.

    With one space axis the exact solution, if it is known, is dashed. For `slices` see `sections.sections`; `points`
    are nodes along each axis. Returns the file. Raises ValueError for a problem without time or without space and for
    less than two frames or one frame in a second, MissingPackageError for MP4 without imageio-ffmpeg.
    """
    if frames < 2 or fps < 1:
        raise ValueError(f"An animation needs --frames of at least 2 and --fps of at least 1, got {frames} and {fps}.")
    shown = space_at_instants(run.pde.domain, frames, slices or {})
    maps = len(shown[0].free) == 2
    settings, writer = _writer(format, fps, matplotlib.colormaps["viridis"] if maps else _LINES)
    names = names_of(run)
    solution = Quantity("solution", "Solution", "u{}", vmap(run), names=names)
    quantities = [solution]
    if run.pde.exact is not None and not maps:
        quantities.append(Quantity("exact", "Exact", r"u^{\!*}{}", vmap(run.pde.solution(run.pde.exact)), names=names))
    samples = sample(quantities, shown, points if points is not None else 101 if maps else 401, run.like)
    m, (width, height) = samples.components, panel_size(samples.grids[0]) if maps else (3.9, 2.6)
    titles = frame_titles(samples, shown)
    path = output / f"{solution.name}.{format}"
    with figure(m * (width + 1.2) + 0.4, height + (1.1 if maps else 1.4)) as canvas, matplotlib.rc_context(settings):
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


def space_at_instants(domain: Domain, frames: int, slices: Mapping[str, float]) -> list[Section]:
    """Space at each instant."""
    if not isinstance(without_parameters(domain), TimeDomain):
        raise ValueError("This problem has no time, so there is nothing to animate: use pinn plot solution.")
    if domain.dim == 1:
        raise ValueError("This problem has no space, so a plot shows all of it: use pinn plot solution.")
    times = np.linspace(domain.bounds[0][0], domain.bounds[1][0], frames).tolist()
    if domain.dim == 2 and not slices:
        return [Section(domain, (1,), {0: time}) for time in times]
    return sections(domain, times, slices)


def frame_titles(samples: Samples, shown: Sequence[Section]) -> list[str]:
    """What all sections hold, then the time, with as many decimals in each."""
    times = [section.held[0] for section in shown]
    decimals = max(0, 2 - math.floor(math.log10(times[-1] - times[0])))
    common = samples.title()
    return ["\n".join(filter(None, (common, f"$t = {time:.{decimals}f}$"))) for time in times]


def profile_frames(canvas: Figure, samples: Samples, quantities: Sequence[Quantity]) -> Frame:
    """A panel for each component, the first quantity in colour and a second one dashed in black over it."""
    m, (grid, *_) = samples.components, samples.grids
    drawn = []
    for index, ax in enumerate(canvas.subplots(1, m, squeeze=False)[0]):
        scale = samples.scale(quantities[0], index)
        for style, quantity in enumerate(quantities):
            values = samples.component(quantity, index)
            (line,) = ax.plot(grid.axes[0], values[0], label=quantity.title.lower(), **_STYLES[style])
            drawn.append((line, values))
        low, high = float(scale.norm.vmin or 0.0), float(scale.norm.vmax or 0.0)
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.set_xlim(*grid.section.bounds[0])
        ax.set_xlabel(f"${grid.section.axes[0]}$ (dimensionless)")
        ax.set_ylabel(scale.label(", ".join(quantity.component(index, m) for quantity in quantities)))
        ax.yaxis.set_major_formatter(scale.formatter)
        ax.yaxis.set_major_locator(scale.locator())
        ax.grid(True)
        if len(quantities) > 1 and index == m - 1:
            ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)

    def show(k: int) -> None:
        for line, values in drawn:
            line.set_ydata(values[k])

    return show


def map_frames(canvas: Figure, samples: Samples, quantities: Sequence[Quantity]) -> Frame:
    """A map for each component of the first quantity."""
    (quantity, *_), (grid, *_), m = quantities, samples.grids, samples.components
    drawn = []
    for index, ax in enumerate(canvas.subplots(1, m, squeeze=False)[0]):
        values, symbol = samples.component(quantity, index), quantity.component(index, m)
        drawn.append((draw_map(ax, grid, values[0], samples.scale(quantity, index), symbol), values))
        if m > 1:
            ax.set_title(f"${symbol}$")

    def show(k: int) -> None:
        for image, values in drawn:
            image.set_data(pixels(grid, values[k]))

    return show


def _writer(format: str, fps: int, colors: Colormap) -> tuple[dict[Any, Any], AbstractMovieWriter]:
    """Settings of matplotlib, and what writes the frames under them."""
    if format == "gif":
        return {}, GifWriter(fps, colors)
    program = package("imageio_ffmpeg", "export", "--format mp4").get_ffmpeg_exe()
    settings: dict[Any, Any] = {"animation.ffmpeg_path": program}
    with matplotlib.rc_context(settings):
        return settings, FFMpegWriter(fps, codec="h264", extra_args=["-f", "mp4", "-crf", "18"])
