"""Colour maps of quantities on planes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from pinn.plotting.quantities import Quantity, Samples
from pinn.plotting.sections import Grid
from pinn.plotting.style import NICE, Picture, Scale, figure


def map_picture(samples: Samples, quantities: Sequence[Quantity], title: str) -> Picture:
    """A map for each quantity, component and section.

    Several quantities stand side by side, with a row for each component and section. Of one quantity the components
    stand side by side, and several sections, with a row for each component. Flat maps change rows for columns.
    """
    m, grids = samples.components, samples.grids
    if len(quantities) > 1:
        layout = [[(q, i, k) for q in quantities] for k in range(len(grids)) for i in range(m)]
    elif len(grids) == 1:
        layout = [[(quantities[0], i, 0) for i in range(m)]]
    else:
        layout = [[(quantities[0], i, k) for k in range(len(grids))] for i in range(m)]
    width, height = panel_size(grids[0])
    if height < 0.45 * width:  # flat panels stand better over each other
        layout = list(zip(*layout, strict=True))
    rows, columns = len(layout), len(layout[0])
    with figure(columns * (width + 1.15), rows * (height + 0.85) + 0.45) as canvas:
        axes = canvas.subplots(rows, columns, squeeze=False)
        for row, panels in enumerate(layout):
            for column, (quantity, index, k) in enumerate(panels):
                ax, symbol = axes[row, column], quantity.component(index, m)
                values = samples.component(quantity, index)[k]
                scale = samples.scale(quantity, index)
                draw_map(ax, grids[k], values, scale, quantity.label(index, m, scale))
                ax.set_title(f"{quantity.title} ${symbol}$" + (f", {samples.labels[k]}" if samples.labels[k] else ""))
                if row < rows - 1:
                    ax.set_xlabel("")
                if column > 0:
                    ax.set_ylabel("")
        canvas.suptitle(title)
        return canvas


def draw_map(ax: Axes, grid: Grid, values: np.ndarray, scale: Scale, label: str) -> AxesImage:
    """A map of values (n, n) on the grid's plane, with a colour bar as high as the map that has the `label`.

    Returns the image in it.
    """
    x, y = grid.axes
    width, height = panel_size(grid)
    edge = grid.signed_distance()
    half = [(axis[1] - axis[0]) / 2 for axis in grid.axes]  # the first and last pixel are centred on the ends
    image = ax.imshow(
        pixels(grid, values),
        norm=scale.norm,
        cmap=scale.colors,
        origin="lower",
        extent=(x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1]),
        aspect="equal" if grid.section.equal_aspect else "auto",
        interpolation="bilinear",
        interpolation_stage="data",
    )
    margin = 0.0 if edge is None else 0.03
    ax.set_xlim(x[0] - margin * (x[-1] - x[0]), x[-1] + margin * (x[-1] - x[0]))
    ax.set_ylim(y[0] - margin * (y[-1] - y[0]), y[-1] + margin * (y[-1] - y[0]))
    if edge is not None:
        _clip(ax, image, x, y, edge.T)
    ax.xaxis.set_major_locator(MaxNLocator(_ticks(width), steps=NICE))
    ax.yaxis.set_major_locator(MaxNLocator(_ticks(height), steps=NICE))
    across, up = grid.section.labels
    ax.set_xlabel(across)
    ax.set_ylabel(up)
    beside = ax.inset_axes((1 + 0.11 / width, 0, 0.14 / width, 1))
    bar = ax.figure.colorbar(image, cax=beside, ticks=scale.locator(_ticks(height) + 2), format=scale.formatter)
    bar.set_label(label)
    return image


def pixels(grid: Grid, values: np.ndarray) -> np.ndarray:
    """What the image of a map shows for values (n, n): rows are horizontal, and go beyond an edge within the grid."""
    return (values if bool(grid.inside.all()) else _widened(values)).T


def panel_size(grid: Grid) -> tuple[float, float]:
    """Width and height of a map in inches: its true shape if both axes are lengths."""
    (left, right), (low, high) = grid.section.bounds
    aspect = (high - low) / (right - left) if grid.section.equal_aspect else 0.8
    if aspect > 1.4:
        return max(3.8 / aspect, 0.5), 3.8
    width = 2.7 if aspect >= 0.45 else 5.5
    return width, max(width * aspect, 0.3)


def _ticks(length: float) -> int:
    """How many intervals between ticks have room on that many inches."""
    return max(1, min(5, int(length / 0.4)))


def _clip(ax: Axes, image: AxesImage, x: np.ndarray, y: np.ndarray, edge: np.ndarray) -> None:
    """Cut the image along the zero line of `edge`, and draw that line."""
    inside = ax.contourf(x, y, edge, levels=[0, float(edge.max()) * 2])
    image.set_clip_path(inside.get_paths()[0], ax.transData)
    inside.remove()
    ax.contour(x, y, edge, levels=[0], colors="black", linewidths=0.8)


def _widened(values: np.ndarray) -> np.ndarray:
    """Two more rings of nodes beyond the edge, each the mean of its neighbours: the edge lies between nodes."""
    for _ in range(2):
        padded = np.pad(values, 1, constant_values=np.nan)
        n, m = values.shape
        around = np.stack([padded[i : i + n, j : j + m] for i in range(3) for j in range(3)])
        count = (~np.isnan(around)).sum(0)
        mean = np.nansum(around, 0) / np.maximum(count, 1)
        values = np.where(np.isnan(values) & (count > 0), mean, values)
    return values
