"""Pictures that move: what is drawn once, and what changes from one instant to the next."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pinn.plotting.maps import draw_map, pixels
from pinn.plotting.quantities import Quantity, Samples
from pinn.plotting.style import COLORS, NICE, diverging, sequential
from pinn.plotting.subject import Subject
from pinn.plotting.surfaces import Surface, colors, cut_surface, draw_surface, values_on
from pinn.plotting.vectors import arrows, axes_of_space, magnitude

Frame = Callable[[int], None]
"""Puts the k-th instant into a figure."""

_STYLES = ({"color": COLORS[0]}, {"color": "black", "linestyle": "--", "linewidth": 0.9})


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
        ax.set_xlabel(grid.section.labels[0])
        symbols = ", ".join(quantity.component(index, m) for quantity in quantities)
        ax.set_ylabel(scale.label(symbols, quantities[0].unit(index, m)))
        ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE))
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
        values, scale = samples.component(quantity, index), samples.scale(quantity, index)
        drawn.append((draw_map(ax, grid, values[0], scale, quantity.label(index, m, scale)), values))
        if m > 1:
            ax.set_title(f"${quantity.component(index, m)}$")

    def show(k: int) -> None:
        for image, values in drawn:
            image.set_data(pixels(grid, values[k]))

    return show


def vector_frames(canvas: Figure, samples: Samples, subject: Subject, vector: tuple[str, tuple[int, ...]]) -> Frame:
    """A map of the magnitude of a vector, with its direction in the plane as arrows."""
    what, components = vector
    (quantity, *_), (grid, *_) = samples.quantities, samples.grids
    everything = samples.values[quantity.name]
    sizes = [magnitude(values, components) for values in everything]
    scale = sequential(np.concatenate([size.ravel() for size in sizes]))
    ax, symbol = canvas.subplots(), subject.symbol(components)
    unit = quantity.unit(components[0], samples.components)
    image = draw_map(ax, grid, sizes[0], scale, scale.label(rf"|{symbol}|", unit))
    ax.set_title(f"{what} ${symbol}$")
    across, up = (components[axis] for axis in axes_of_space(grid.section))
    largest = max(float(np.nanmax(size)) for size in sizes) or 1.0
    drawn, place = arrows(ax, grid, everything[0][..., across], everything[0][..., up], largest)

    def show(k: int) -> None:
        image.set_data(pixels(grid, sizes[k]))
        values = everything[k][place, place]
        drawn.set_UVC(values[..., across].T, values[..., up].T)

    return show


def surface_frames(canvas: Figure, subject: Subject, instants: Sequence[float]) -> Frame:
    """Each component of the solution on the surface of a body, one octant of which is cut out."""
    surface: Surface = cut_surface(subject.domain, instants[0])
    solution = subject.quantities[0]
    values = [values_on(surface, solution, subject, instant) for instant in instants]
    m, drawn = values[0].shape[1], []
    canvas.set_layout_engine("constrained")
    for index in range(m):
        numbers = np.concatenate([value[:, index] for value in values])
        scale = diverging(numbers) if solution.signed else sequential(numbers)
        ax = canvas.add_subplot(1, m, index + 1, projection="3d")
        body = draw_surface(ax, surface, values[0][:, index], scale, subject, solution, index, m)
        drawn.append((body, scale, index))

    def show(k: int) -> None:
        for body, scale, index in drawn:
            shades = colors(surface, values[k][:, index], scale)
            body.set_facecolor(shades)
            body.set_edgecolor(shades)

    return show
