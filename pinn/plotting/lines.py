"""Line plots of quantities along one axis."""

import dataclasses
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from pinn.plotting.quantities import Quantity, Samples, sample
from pinn.plotting.style import COLORS, NICE, Picture, Scale, figure

_STEEP, _PART = 0.02, 0.5
"""A front: within this part of the axis, values change by this part of their range."""
_AROUND = 6.0
"""How many times its width a front is shown with."""


def line_picture(samples: Samples, quantities: Sequence[Quantity], title: str, like: Tensor) -> Picture:
    """Values over each other, signed quantities each below, a column for each component.

    Several sections are lines of different colours. A scalar with a steep front has one more column, which shows the
    front alone.
    """
    values = [q for q in quantities if not q.signed]
    stack = [group for group in (values, *([q] for q in quantities if q.signed)) if group]
    m, rows = samples.components, len(stack)
    near = near_front(samples, quantities, like) if m == 1 else None
    shown = [samples] * m + ([near] if near else [])
    with figure(3.9 * len(shown) + 1.6, 2.4 * rows + 0.8) as canvas:
        ratios = [1.4, *[1] * (rows - 1)]
        axes = canvas.subplots(rows, len(shown), squeeze=False, sharex="col", height_ratios=ratios)
        for row, group in enumerate(stack):
            for column, part in enumerate(shown):
                ax, index = axes[row, column], min(column, m - 1)
                draw_lines(ax, part, group, index)
                if m > 1 or rows == 1 or row == 0:
                    names = " and ".join(f"{q.title} ${q.component(index, m)}$" for q in group)
                    ax.set_title(names + (", close up" if part is near else ""))
        for ax, part in zip(axes[-1], shown, strict=True):
            ax.set_xlabel(part.grids[0].section.labels[0])
        lines, labels = axes[0, 0].get_legend_handles_labels()
        if len(lines) > 1:
            axes[0, -1].legend(lines, labels, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        canvas.suptitle(title)
        return canvas


def draw_lines(ax: Axes, samples: Samples, group: Sequence[Quantity], index: int) -> None:
    """The lines of one panel: the first quantity in colour, a second one dashed in black over it."""
    grids, m = samples.grids, samples.components
    scale: Scale = samples.scale(group[0], index).linear
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
    symbols = ", ".join(q.component(index, m) for q in group)
    ax.set_ylabel(scale.label(symbols, group[0].unit(index, m)))
    ax.yaxis.set_major_formatter(scale.formatter)
    ax.yaxis.set_major_locator(scale.locator())
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    ax.grid(True)


def near_front(samples: Samples, quantities: Sequence[Quantity], like: Tensor) -> Samples | None:
    """The same lines on the short part of the axis where a scalar is steepest; None if it has no front."""
    found = front(samples.grids[0].axes[0], samples.component(quantities[0], 0))
    if found is None:
        return None
    sections = [dataclasses.replace(grid.section, window=found) for grid in samples.grids]
    try:
        return sample(quantities, sections, None, like)
    except ValueError:  # the part lies outside a domain with gaps
        return None


def front(x: np.ndarray, lines: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """The surroundings of the narrowest change by half the range of all lines; None if that takes 2 % of the axis.

    >>> x = np.linspace(-1, 1, 2001)
    >>> front(x, [np.sin(3 * x)]) is None
    True
    >>> low, high = front(x, [np.tanh(x / 0.01)])
    >>> -0.1 < low < -0.01 and 0.01 < high < 0.1
    True
    """
    everything = np.concatenate(lines)
    wanted = _PART * float(np.nanmax(everything) - np.nanmin(everything))
    for width in range(1, max(2, round(_STEEP * len(x)))):
        changes = [np.nan_to_num(np.abs(line[width:] - line[:-width])) for line in lines]
        steepest = max(changes, key=lambda change: float(change.max()))
        if wanted > 0 and steepest.max() >= wanted:
            at = int(steepest.argmax())
            centre, half = (x[at] + x[at + width]) / 2, _AROUND * width * (x[1] - x[0])
            return float(max(centre - half, x[0])), float(min(centre + half, x[-1]))
    return None
