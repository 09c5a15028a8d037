"""Horizontal bars of ratios, panels below each other."""

from collections.abc import Mapping
from pathlib import Path

from figures import COLORS, figure, save

Panel = Mapping[str, Mapping[str, float]]
"""For each row by its label, the ratios by name."""


def bar_figure(panels: Mapping[str, Panel], label: str, path: Path) -> Path:
    """Write one panel for each title, with a group of bars in each row; 1 is the reference. Returns the file.

    Raises ValueError where there is nothing to draw, and for a format that cannot be written.
    """
    if not panels:
        raise ValueError("There are no ratios to draw: choose cases and tasks that are compared with a reference.")
    names = list(dict.fromkeys(name for panel in panels.values() for row in panel.values() for name in row))
    rows = [len(panel) for panel in panels.values()]
    height = sum(0.35 + n * (0.16 * len(names) + 0.12) for n in rows) + 0.5
    with figure(7.4, height) as canvas:
        axes = canvas.subplots(len(panels), 1, squeeze=False, sharex=True, height_ratios=rows)[:, 0]
        thickness = 0.84 / len(names)
        for ax, (title, panel) in zip(axes, panels.items(), strict=True):
            for k, name in enumerate(names):
                places = [
                    i + (k - (len(names) - 1) / 2) * thickness for i, row in enumerate(panel.values()) if name in row
                ]
                lengths = [row[name] for row in panel.values() if name in row]
                bars = ax.barh(places, lengths, thickness, color=COLORS[k % len(COLORS)], label=name)
                ax.bar_label(bars, fmt="%.2g", padding=2, fontsize=7)
            ax.axvline(1, color="black", linewidth=0.8)
            ax.set_yticks(range(len(panel)), list(panel))
            ax.invert_yaxis()
            ax.set_title(title, loc="left")
            ax.set_xscale("log")
            ax.margins(x=0.08)
            ax.grid(True, axis="x")
        axes[-1].set_xlabel(label)
        axes[0].legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        return save(canvas, path)
