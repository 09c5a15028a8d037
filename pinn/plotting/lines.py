"""Line plots of quantities along one axis."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes

from pinn.plotting.quantities import Quantity, Samples
from pinn.plotting.style import COLORS, Scale, figure, save


def line_figure(samples: Samples, quantities: Sequence[Quantity], path: Path, title: str) -> Path:
    """Write one figure: values over each other, signed quantities each below, a column for each component.

    Several sections are lines of different colours.
    """
    values = [q for q in quantities if not q.signed]
    stack = [group for group in (values, *([q] for q in quantities if q.signed)) if group]
    m, rows = samples.components, len(stack)
    with figure(3.9 * m + 1.6, 2.4 * rows + 0.8) as canvas:
        axes = canvas.subplots(rows, m, squeeze=False, sharex=True, height_ratios=[1.4, *[1] * (rows - 1)])
        for row, group in enumerate(stack):
            for index in range(m):
                ax = axes[row, index]
                _draw(ax, samples, group, index)
                ax.set_ylabel(samples.scale(group[0], index).label(", ".join(q.component(index, m) for q in group)))
                if m > 1 or rows == 1:
                    ax.set_title(" and ".join(f"{q.title} ${q.component(index, m)}$" for q in group))
        for ax in axes[-1]:
            ax.set_xlabel(f"${samples.grids[0].section.axes[0]}$ (dimensionless)")
        lines, labels = axes[0, 0].get_legend_handles_labels()
        if len(lines) > 1:
            axes[0, -1].legend(lines, labels, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        canvas.suptitle(title)
        return save(canvas, path)


def _draw(ax: Axes, samples: Samples, group: Sequence[Quantity], index: int) -> None:
    """The lines of one panel: the first quantity in colour, a second one dashed in black over it."""
    grids = samples.grids
    scale: Scale = samples.scale(group[0], index)
    gradual = matplotlib.colormaps["viridis"]
    for order, quantity in enumerate(group):
        for k, (grid, values) in enumerate(zip(grids, samples.component(quantity, index), strict=True)):
            color = COLORS[0] if len(grids) == 1 else gradual(0.9 * k / (len(grids) - 1))
            where = samples.labels[k] or quantity.title.lower()
            if order == 0:
                ax.plot(grid.axes[0], values, color=color, label=where)
            else:
                label = quantity.title.lower() if k == len(grids) - 1 else None
                ax.plot(grid.axes[0], values, "--", color="black", linewidth=0.9, label=label)
    if group[0].signed:
        ax.axhline(0, color="black", linewidth=0.6)
    ax.set_xlim(*grids[0].section.bounds[0])
    ax.yaxis.set_major_formatter(scale.formatter)
    ax.yaxis.set_major_locator(scale.locator())
    ax.grid(True)
