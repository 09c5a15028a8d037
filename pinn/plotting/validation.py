"""The evidence on a run as a figure: residuals by condition, differences and errors of fields."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes

from pinn.plotting.style import COLORS, figure, save
from pinn.runs.evidence import Evidence


def plot_evidence(evidence: Evidence, tolerance: float, path: Path) -> Path:
    """Write the residuals by condition, and below them the differences and errors of fields."""
    fields = {
        **evidence.seeds,
        **evidence.refined,
        **{f"error against {name}": error for name, error in evidence.errors.items()},
    }
    fields = {name: value for name, value in fields.items() if math.isfinite(value) and value > 0}
    conditions = list(evidence.fresh.rms)
    heights = [len(conditions) + 1, max(len(fields), 1)]
    with figure(6.8, 2.4 + 0.34 * sum(heights)) as canvas:
        top, bottom = canvas.subplots(2, 1, height_ratios=heights)
        rows = ["all, weighted", *conditions]
        curves = {
            "training": [evidence.train, *[math.nan] * len(conditions)],
            f"fresh, {evidence.fresh.points}": [evidence.fresh.total, *evidence.fresh.rms.values()],
            f"fresh, {evidence.finer.points}": [evidence.finer.total, *evidence.finer.rms.values()],
            "largest": [math.nan, *evidence.finer.largest.values()],
        }
        _dots(top, rows, curves, "residual, root mean square and largest")
        top.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        shown = {"field": list(fields.values()) or [math.nan]}
        _dots(bottom, list(fields) or [""], shown, "relative $L^2$ difference", beside=[tolerance])
        bottom.axvline(tolerance, color="0.4", linestyle=":", linewidth=1.0)
        bottom.text(tolerance, 1.02, "tolerance", transform=bottom.get_xaxis_transform(), ha="center", fontsize=9)
        return save(canvas, path)


def _dots(
    ax: Axes, rows: Sequence[str], curves: Mapping[str, Sequence[float]], label: str, beside: Sequence[float] = ()
) -> None:
    for k, ((name, values), marker) in enumerate(zip(curves.items(), "os^x", strict=False)):
        shift = (k - (len(curves) - 1) / 2) * 0.12
        shown = [(value, row + shift) for row, value in enumerate(values) if value > 0]
        if shown:
            ax.scatter(*zip(*shown, strict=True), s=22, marker=marker, color=COLORS[k], label=name, zorder=3)
    ax.set_xscale("log")
    if found := [value for values in (*curves.values(), beside) for value in values if value > 0]:  # whole decades
        ax.set_xlim(
            10.0 ** (math.floor(math.log10(min(found))) - 0.1), 10.0 ** (math.ceil(math.log10(max(found))) + 0.1)
        )
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(label)
    ax.grid(True)
