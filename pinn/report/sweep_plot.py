"""A sweep as a figure: every job a dot, a row for each group."""

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from pinn.plotting.style import COLORS, figure, log_axis, save
from pinn.report.sweep_results import Group
from pinn.report.sweep_table import COUNTS, positive_numbers

LABELS = {"rel_l2": "relative $L^2$ error", "heldout_residual": "residual at held-out points", "wall_s": "seconds"}


def plot_sweep(found: Sequence[Group], keys: Sequence[str], metric: str, path: Path) -> Path:
    """Write a row for each group: every job a dot, a box from three jobs on, on a logarithmic scale.

    Raises ValueError where no job has a number.
    """
    if not any(positive_numbers(group, metric) for group in found):
        raise ValueError(f"There is nothing to draw: no completed job has a positive {metric}.")
    with figure(6.4, 1.0 + 0.36 * len(found)) as canvas:
        ax = canvas.subplots()
        for row, group in enumerate(found):
            _draw(ax, row, group, metric)
        ax.set_xscale("log")
        log_axis(ax.xaxis)
        ax.set_yticks(range(len(found)), [" · ".join(group.values) or "all jobs" for group in found])
        ax.set_ylim(len(found) - 0.5, -0.5)
        ax.set_title(textwrap.fill(" · ".join(keys), 70), loc="left", fontsize=10)
        ax.set_xlabel(LABELS.get(metric, metric))
        ax.grid(True, axis="x")
        return save(canvas, path)


def _draw(ax: Axes, row: int, group: Group, metric: str) -> None:
    numbers, color = positive_numbers(group, metric), COLORS[0]
    if len(numbers) > 2:
        line = {"color": color, "linewidth": 1.0}
        bold = {**line, "linewidth": 2.0}
        place: dict[str, Any] = {"positions": [row], "orientation": "horizontal", "widths": 0.5, "showfliers": False}
        ax.boxplot(numbers, boxprops=line, whiskerprops=line, capprops=line, medianprops=bold, **place)
    heights = [row + 0.16 * math.sin(2.4 * k) for k in range(len(numbers))]  # dots of equal jobs stay apart
    ax.scatter(numbers, heights, s=16, color=COLORS[1], alpha=0.8, linewidths=0, zorder=3)
    lost = [f"{group.count(state)} {state}" for state in COUNTS[1:] if group.count(state)]
    if lost:
        ax.text(1.01, row, ", ".join(lost), transform=ax.get_yaxis_transform(), va="center", fontsize=9, color="0.3")
