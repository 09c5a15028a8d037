"""Draw the history of a run: loss, terms and errors against steps and against time."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml
from matplotlib.axes import Axes

from pinn.optimizers import method_titles
from pinn.plotting.labels import label as axis_label
from pinn.plotting.labels import mathtext
from pinn.plotting.style import COLORS, DASHES, Format, Picture, figure, log_axis, save
from pinn.runs.metrics import METRICS
from pinn.runs.results import Results

_ERRORS = {"rel_l2": "relative $L^2$ error", "max_error": "max error"}


def plot_history(folder: Path, output: Path, *, format: Format = "png") -> list[Path]:
    """Write `history` from the metrics in a run folder, of a run that still goes on as well. Returns the files.

    With unknown coefficients also `unknowns`, their values against steps.

    Each change of optimizer is marked. The errors are left out if no exact solution is known. Raises
    FileNotFoundError for a folder without metrics, ValueError if nothing is recorded yet.
    """
    columns, methods = read_metrics(folder)
    terms = {name.removeprefix("loss_"): values for name, values in columns.items() if name.startswith("loss_")}
    losses = {"loss": columns["loss"]} | (terms if len(terms) > 1 else {})
    errors = {label: columns[name] for name, label in _ERRORS.items() if name in columns}
    rows = [("loss", losses)]
    if any(np.isfinite(values).any() for values in errors.values()):
        rows.append(("error", errors))
    with figure(8.6, 2.6 * len(rows) + 0.5) as canvas:
        axes = canvas.subplots(len(rows), 2, squeeze=False, sharex="col", sharey="row")
        for k, (label, curves) in enumerate(rows):
            row = axes[k]
            for ax, x in zip(row, (columns["step"], columns["seconds"]), strict=True):
                _draw(ax, x, curves)
                _mark(ax, x, methods, labelled=k == 0)
            row[0].set_ylabel(label)
            row[1].legend(loc="upper left", bbox_to_anchor=(1.02, 1), borderaxespad=0)
        axes[-1, 0].set_xlabel("step")
        axes[-1, 1].set_xlabel("wall clock (s)")
        paths = [save(canvas, output / f"history.{format}")]
    unknowns = {name.removeprefix("unknown_"): v for name, v in columns.items() if name.startswith("unknown_")}
    return paths + ([_plot_unknowns(folder, columns["step"], unknowns, output, format)] if unknowns else [])


def show_history(
    steps: Sequence[float], curves: Mapping[str, Sequence[float]], *, label: str = "", log: bool = True
) -> Picture:
    """Curves by name against steps, for a notebook: what a loop over `train` has written down."""
    with figure(6.0, 3.0) as canvas:
        ax = canvas.subplots()
        _draw(ax, np.asarray(steps, float), {name: np.asarray(values, float) for name, values in curves.items()}, log)
        ax.set_xlabel("step")
        ax.set_ylabel(label)
        ax.legend()
        return canvas


def _plot_unknowns(
    folder: Path, steps: np.ndarray, unknowns: dict[str, np.ndarray], output: Path, format: Format
) -> Path:
    """The unknown numbers as they were found, with the last 95 % interval and the truth if it is known."""
    estimates, units = Results(folder).summary.get("unknowns", {}), units_in(folder)
    with figure(5.4, 2.4 * len(unknowns) + 0.5) as canvas:
        axes = canvas.subplots(len(unknowns), 1, squeeze=False, sharex="col")[:, 0]
        for k, (ax, (name, values)) in enumerate(zip(axes, unknowns.items(), strict=True)):
            ax.plot(steps, values, color=COLORS[k % len(COLORS)], label="found")
            last = estimates.get(name) or {}
            if last.get("deviation"):
                ax.errorbar(steps[-1], last["value"], 1.96 * last["deviation"], color="0.2", capsize=4, label="95 %")
            if last.get("truth") is not None:
                ax.axhline(last["truth"], color="0.2", linestyle=":", label="true")
            ax.set_ylabel(axis_label(mathtext(name), units.get(name, "")))
            ax.grid(True)
            ax.legend()
        axes[-1].set_xlabel("step")
        return save(canvas, output / f"unknowns.{format}")


def units_in(folder: Path) -> dict[str, str]:
    """The units that the configuration in a run folder has; none if there is no such file."""
    file = folder / "config.yaml"
    config = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    units = config.get("units") if isinstance(config, Mapping) else None
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, Mapping) else {}


def read_metrics(folder: Path) -> tuple[dict[str, np.ndarray], list[str]]:
    """The numbers of the metrics file by column, and the method of each row."""
    path = folder / METRICS
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no run folder {str(folder)!r}. Runs are under outputs/ and multirun/.")
    if not path.is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a run folder: it holds no {METRICS}.")
    rows = Results(folder).metrics()
    if not rows:
        raise ValueError(f"{str(path)!r} records no steps yet.")
    try:
        numbers = {name: np.array([_number(row[name]) for row in rows]) for name in rows[0] if name != "method"}
        for name in ("step", "seconds", "loss"):
            numbers[name]
        return numbers, [row["method"] for row in rows]
    except (KeyError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is damaged or not a metrics file of pinn: {error}.") from error


def _number(text: str) -> float:
    """A method that begins later leaves its columns empty until then."""
    return float(text) if text else math.nan


def _draw(ax: Axes, x: np.ndarray, curves: dict[str, np.ndarray], log: bool = True) -> None:
    """Finite numbers, on a logarithmic scale positive ones; a single one as a dot."""
    for k, (label, values) in enumerate(curves.items()):
        shown = np.isfinite(values) & ((values > 0) | (not log))
        color, dash = COLORS[k % len(COLORS)], DASHES[k % len(DASHES)]
        marker = "o" if shown.sum() == 1 else None
        ax.plot(x[shown], values[shown], linestyle=dash, color=color, marker=marker, label=label)
    if log:
        ax.set_yscale("log")
        log_axis(ax.yaxis)
    ax.margins(x=0.02)
    ax.grid(True)


def _mark(ax: Axes, x: np.ndarray, methods: Sequence[str], *, labelled: bool) -> None:
    """A vertical line where the optimizer changes, and its name above it."""
    changes = [k for k in range(1, len(methods)) if methods[k] != methods[k - 1]]
    for k in changes:
        ax.axvline((x[k - 1] + x[k]) / 2, color="0.4", linewidth=0.9, linestyle=":")
    if not labelled:
        return
    left, right = x[0], max(x[-1], x[0] + math.ulp(x[0]))
    last = -math.inf
    for k in [0, *changes]:
        start = left if k == 0 else (x[k - 1] + x[k]) / 2
        position = max((start - left) / (right - left), last)
        last = position + 0.2  # names of short stages would lie over each other
        name = method_titles().get(methods[k], methods[k])
        ax.text(0.02 + 0.96 * position, 1.02, name, transform=ax.transAxes, fontsize=10, color="0.25")
