"""A field in time and one dimension of space: maps, and below them what maps do not show: lines, a front, the error."""

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from pinn.plotting.lines import draw_lines, near_front
from pinn.plotting.maps import draw_map, panel_size
from pinn.plotting.quantities import Samples
from pinn.plotting.style import COLORS, Picture, figure, log_axis

_DECADES = 1e-6
"""How far below the largest error one is shown: where values are built in, it is that of rounding."""


def evolution_picture(samples: Samples, instants: Samples, title: str, like: Tensor) -> Picture:
    """Maps of all quantities, `samples`, over lines at instants, the front if there is one, and the error in time.

    Of a scalar whose solution is known: the lines of that are dashed.
    """
    quantities, (grid, *_) = samples.quantities, samples.grids
    width, height = panel_size(grid)
    near = near_front(instants, quantities, like)
    with figure(len(quantities) * (width + 1.15), 2 * height + 2.2) as canvas:
        axes = canvas.subplots(2, len(quantities), height_ratios=[1, 0.85])
        for ax, quantity in zip(axes[0], quantities, strict=True):
            scale = samples.scale(quantity, 0)
            draw_map(ax, grid, samples.component(quantity, 0)[0], scale, quantity.label(0, 1, scale))
            ax.set_title(f"{quantity.title} ${quantity.component(0, 1)}$")
        values, errors = [q for q in quantities if not q.signed], [q for q in quantities if q.signed]
        draw_lines(axes[1, 0], instants, values, 0)
        draw_lines(axes[1, 1], near or instants, values if near else errors, 0)
        axes[1, 0].set_title("At instants (dashed: exact)")
        axes[1, 1].set_title("Close up" if near else "Error at instants")
        for ax in axes[1, :2]:
            ax.set_xlabel(instants.grids[0].section.labels[0])
        lines, labels = axes[1, 0].get_legend_handles_labels()
        shown = [(line, label) for line, label in zip(lines, labels, strict=True) if label in instants.labels]
        axes[1, 0].legend(*zip(*shown, strict=True), fontsize=8, handlelength=1.2, labelspacing=0.2)
        _error_in_time(axes[1, 2], samples)
        canvas.suptitle(title)
        return canvas


def _error_in_time(ax: Axes, samples: Samples) -> None:
    """Root mean square and largest error over space at each time, on a logarithmic scale."""
    (grid, *_), error = samples.grids, samples.quantities[-1]
    values = np.abs(samples.component(error, 0)[0])
    with np.errstate(invalid="ignore"):
        curves = {"root mean square": np.sqrt(np.nanmean(values**2, 1)), "largest": np.nanmax(values, 1)}
    for k, (name, curve) in enumerate(curves.items()):
        ax.plot(grid.axes[0], np.where(curve > 0, curve, np.nan), color=COLORS[k], linestyle=("-", "--")[k], label=name)
    ax.set_yscale("log")
    if (peak := float(np.nanmax(curves["largest"]))) > 0:
        ax.set_ylim(bottom=max(ax.get_ylim()[0], _DECADES * peak))
        log_axis(ax.yaxis)
    ax.set_title("Error over space, in time")
    ax.set_xlabel(grid.section.labels[0])
    unit = error.unit(0, 1)
    ax.set_ylabel(f"error ({unit})" if unit else "error")
    ax.set_xlim(*grid.section.bounds[0])
    ax.grid(True)
    ax.legend(fontsize=8)
