"""Horizontal bars of ratios, panels below each other."""

import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from pinn.plotting.style import COLORS, figure, save

Panel = Mapping[str, Mapping[str, float]]
"""For each row by its label, the ratios by name."""


def bar_figure(panels: Mapping[str, Panel], label: str, path: Path) -> Path:
    """Write one panel for each title, with a group of bars in each row. Returns the file.

    Bars start at 1, the reference, on a logarithmic scale: twice as much is as long as half as much. Raises ValueError
    where there is nothing to draw, and for a format that cannot be written.
    """
    if not panels:
        raise ValueError("There are no ratios to draw: choose cases and tasks that are compared with a reference.")
    names = list(dict.fromkeys(name for panel in panels.values() for row in panel.values() for name in row))
    ratios = [ratio for panel in panels.values() for row in panel.values() for ratio in row.values()]
    low, high = math.floor(math.log2(min(*ratios, 1.0))), math.ceil(math.log2(max(*ratios, 2.0)))
    rows = [len(panel) for panel in panels.values()]
    thickness = 0.84 / len(names)
    with figure(7.4, 0.6 + sum(0.4 + n * (0.15 * len(names) + 0.12) for n in rows)) as canvas:
        axes = canvas.subplots(len(panels), 1, squeeze=False, sharex=True, height_ratios=rows)[:, 0]
        for ax, (title, panel) in zip(axes, panels.items(), strict=True):
            for k, name in enumerate(names):
                shift = (k - (len(names) - 1) / 2) * thickness
                found = {i + shift: row[name] for i, row in enumerate(panel.values()) if name in row}
                lengths = [ratio - 1 for ratio in found.values()]
                bars = ax.barh(list(found), lengths, thickness, left=1, color=COLORS[k % len(COLORS)], label=name)
                ax.bar_label(bars, [f"{ratio:.2g}" for ratio in found.values()], padding=2, fontsize=7)
            ax.axvline(1, color="black", linewidth=0.8)
            ax.set_yticks(range(len(panel)), list(panel))
            ax.invert_yaxis()
            ax.set_title(title, loc="left")
            ax.set_xscale("log")
            ax.set_xlim(2 ** (low - 0.4), 2 ** (high + 0.1))
            ax.xaxis.set_major_locator(FixedLocator([2.0**k for k in range(low, high + 1)]))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.grid(True, axis="x")
        axes[-1].set_xlabel(label)
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        return save(canvas, path)
