"""Vector fields on planes: magnitude as colour, direction as streamlines of a flow or as arrows of anything else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver

from pinn.domains import TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.plotting.maps import draw_map, panel_size
from pinn.plotting.quantities import Quantity, Samples
from pinn.plotting.sections import Grid, Section
from pinn.plotting.style import Picture, figure, sequential
from pinn.plotting.subject import Subject

_ARROWS = 17
"""Arrows along each axis."""


def in_plane(section: Section, components: Sequence[int]) -> bool:
    """Whether both axes of a section are of space, so that two components of a vector lie in it."""
    return section.equal_aspect and max(axes_of_space(section)) < len(components)


def vector_picture(
    samples: Samples, quantities: Sequence[Quantity], subject: Subject, vector: tuple[str, tuple[int, ...]]
) -> Picture:
    """A map for the solution, and one for the exact solution if that is known, in a row for each section.

    Colour is the magnitude of the whole vector, direction that of its part in the plane.
    """
    what, components = vector
    shown = [q for q in quantities if not q.signed]
    symbol = subject.symbol(components)
    units = {q.unit(k, samples.components) for q in shown for k in components}
    unit = units.pop() if len(units) == 1 else ""
    sizes = {q.name: [magnitude(values, components) for values in samples.values[q.name]] for q in shown}
    scale = sequential(np.concatenate([values.ravel() for parts in sizes.values() for values in parts]))
    width, height = panel_size(samples.grids[0])
    with figure(len(shown) * (width + 1.15), len(samples.grids) * (height + 0.85) + 0.45) as canvas:
        axes = canvas.subplots(len(samples.grids), len(shown), squeeze=False)
        for row, grid in enumerate(samples.grids):
            for ax, quantity in zip(axes[row], shown, strict=True):
                draw_map(ax, grid, sizes[quantity.name][row], scale, scale.label(rf"|{symbol}|", unit))
                across, up = (components[axis] for axis in axes_of_space(grid.section))
                values = samples.values[quantity.name][row]
                if what == "velocity" and np.nanmax(sizes[quantity.name][row]) > 0:
                    lines: dict[str, Any] = {"color": "white", "linewidth": 0.9, "density": 1.1, "arrowsize": 0.8}
                    ax.streamplot(*grid.axes, values[..., across].T, values[..., up].T, **lines)
                else:
                    arrows(ax, grid, values[..., across], values[..., up])
                where = f", {samples.labels[row]}" if samples.labels[row] else ""
                ax.set_title(f"{quantity.title}: {what} ${symbol}${where}")
        canvas.suptitle(samples.title())
        return canvas


def arrows(
    ax: Axes, grid: Grid, across: np.ndarray, up: np.ndarray, largest: float | None = None
) -> tuple[Quiver, slice]:
    """Arrows over a map, in white with a dark rim, which every colour shows, and the nodes along each axis they are at.

    The longest of them, or one of length `largest`, is as long as the way to the next.
    """
    x, y = grid.axes
    every = max(1, len(x) // _ARROWS)
    place = slice(every // 2, None, every)
    largest = largest or float(np.nanmax(np.hypot(across, up))) or 1.0
    scale = largest / (every * (x[1] - x[0]))
    look: dict[str, Any] = {"color": "white", "edgecolor": "black", "linewidth": 0.4, "pivot": "mid", "width": 0.006}
    look |= {"angles": "xy", "scale_units": "x", "scale": scale}
    return ax.quiver(x[place], y[place], across[place, place].T, up[place, place].T, **look), place


def magnitude(values: np.ndarray, components: Sequence[int]) -> np.ndarray:
    """The length of a vector at each node."""
    return np.sqrt(np.square(values[..., list(components)]).sum(-1))


def axes_of_space(section: Section) -> list[int]:
    """The numbers of the free axes among those of space."""
    first = isinstance(without_parameters(section.domain), TimeDomain)
    return [axis - first for axis in section.free]
