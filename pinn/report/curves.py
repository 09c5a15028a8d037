"""The history of a run as interactive figures: against steps and against seconds, on logarithmic and linear axes."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pinn.optimizers import method_titles
from pinn.report.interactive import AXIS, figure, go, stroke

ERRORS = {"rel_l2": "relative L<sup>2</sup> error", "max_error": "max error", "heldout_residual": "held-out residual"}
_KNOWN = {"step", "seconds", "loss", "guard", *ERRORS}


def curve_figures(
    columns: Mapping[str, np.ndarray], methods: Sequence[str], summary: Mapping[str, Any]
) -> dict[str, go.Figure]:
    """Figures by name: `loss`, `errors`, `unknown-NAME` for each unknown number, and `method` with numbers of its own.

    `columns` are those of metrics.csv, `methods` the method of each row. Changes of method are marked, and the steps
    at which the guard found something. Names that are not ours are escaped, since plotly reads texts as HTML.
    """
    terms = {f"term {html.escape(name[5:])}": values for name, values in columns.items() if name.startswith("loss_")}
    shown = {"loss": {"loss": columns["loss"]} | (terms if len(terms) > 1 else {})}
    shown["errors"] = {label: columns[name] for name, label in ERRORS.items() if _any(columns.get(name))}
    own = [name for name in columns if name not in _KNOWN and not name.startswith(("loss_", "unknown_"))]
    shown["method"] = {html.escape(name): columns[name] for name in own if _any(columns[name])}
    axes = columns["step"], columns["seconds"]
    figures = {}
    for name, curves in shown.items():
        if curves:
            label = {"loss": "loss", "errors": "error, residual"}.get(name, "")
            figures[name] = _figure(*axes, curves, methods, label)
    if "errors" in figures and "heldout_residual" in columns:
        _mark_findings(figures["errors"], columns, [finding["step"] for finding in summary.get("guard") or ()])
    for name in (name for name in columns if name.startswith("unknown_")):
        estimate = (summary.get("unknowns") or {}).get(name[8:]) or {}
        figures[f"unknown-{name[8:]}"] = _unknown(*axes, columns[name], html.escape(name[8:]), estimate, methods)
    return figures


def _figure(
    steps: np.ndarray, seconds: np.ndarray, curves: Mapping[str, np.ndarray], methods: Sequence[str], label: str
) -> go.Figure:
    canvas = _canvas(label, "log")
    for k, (name, values) in enumerate(curves.items()):
        positive = np.where(values > 0, values, np.nan)
        _curve(canvas, steps, seconds, positive, name, line=stroke(k))
    values = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in curves.values()])
    if len(values):
        _mark_methods(canvas, steps, seconds, methods, float(values.min()), float(values.max()))
    return _switched(canvas)


def _unknown(
    steps: np.ndarray,
    seconds: np.ndarray,
    values: np.ndarray,
    name: str,
    estimate: Mapping[str, Any],
    methods: Sequence[str],
) -> go.Figure:
    canvas = _canvas(name, "linear")
    _curve(canvas, steps, seconds, values, "found", line=stroke(0))
    if estimate.get("deviation"):
        spread = {"type": "data", "array": [1.96 * estimate["deviation"]], "color": "#333", "thickness": 2, "width": 6}
        last = np.array([estimate["value"]])
        options = {"mode": "markers", "error_y": spread, "marker": {"color": "#333", "size": 7}}
        _curve(canvas, steps[-1:], seconds[-1:], last, "95 % interval", **options)
    if estimate.get("truth") is not None:
        ends = np.array([estimate["truth"]] * 2)
        line = {"color": "#333", "dash": "dot", "width": 1.5}
        _curve(canvas, steps[[0, -1]], seconds[[0, -1]], ends, "true", mode="lines", line=line)
    _mark_methods(canvas, steps, seconds, methods, float(np.nanmin(values)), float(np.nanmax(values)))
    return _switched(canvas)


def _canvas(label: str, scale: str) -> go.Figure:
    legend = {
        "orientation": "h",
        "y": -0.18,
        "yanchor": "top",
        "x": 0,
        "entrywidth": 0.48,
        "entrywidthmode": "fraction",
    }
    canvas = figure(500, legend=legend, margin={"l": 75, "r": 20, "t": 80, "b": 120})
    canvas.update_xaxes(**AXIS, title="step")
    canvas.update_yaxes(**AXIS, title=label, type=scale)
    return canvas


def _curve(canvas: go.Figure, steps: np.ndarray, seconds: np.ndarray, y: np.ndarray, name: str, **options: Any) -> None:
    """A curve against steps, which knows its seconds."""
    canvas.add_scatter(**{"x": steps, "y": y, "name": name, "mode": "lines+markers", "marker": {"size": 4}} | options)
    canvas.data[-1].meta = {"steps": steps.tolist(), "seconds": seconds.tolist()}
    canvas.data[-1].hovertemplate = "%{x:.5g}: %{y:.4g}<extra>" + name + "</extra>"


def _mark_methods(
    canvas: go.Figure, steps: np.ndarray, seconds: np.ndarray, methods: Sequence[str], low: float, high: float
) -> None:
    """A dotted line for each change of method: a curve, so that it follows every change of the axes."""
    for k in range(1, len(methods)):
        if methods[k] != methods[k - 1]:
            x, t = ((axis[k - 1] + axis[k]) / 2 for axis in (steps, seconds))
            name = f"→ {html.escape(method_titles().get(methods[k], methods[k]))}"
            line = {"color": "#777", "dash": "dot", "width": 1.5}
            ends = np.array([low, high])
            _curve(canvas, np.array([x, x]), np.array([t, t]), ends, name, mode="lines", line=line, hoverinfo="skip")


def _mark_findings(canvas: go.Figure, columns: Mapping[str, np.ndarray], steps: Sequence[int]) -> None:
    if steps:
        at = np.array(steps, float)
        seconds, residual = (np.interp(at, columns["step"], columns[name]) for name in ("seconds", "heldout_residual"))
        marker = {"symbol": "diamond", "size": 10, "color": "#e69f00", "line": {"width": 1, "color": "#333"}}
        _curve(canvas, at, seconds, residual, "guard", mode="markers", marker=marker)
        _switched(canvas)


def _switched(canvas: go.Figure) -> go.Figure:
    """Buttons that choose what the figure is drawn against, and its scales."""
    curves: Any = canvas.data

    def against(name: str, label: str) -> dict[str, Any]:
        data = {"x": [curve.meta[name] for curve in curves]}
        args = [data, {"xaxis.title.text": label, "xaxis.autorange": True}]
        return {"label": name, "method": "update", "args": args}

    def scale(axis: str) -> list[dict[str, Any]]:
        kinds = ("log", "linear") if canvas.layout[f"{axis}axis"].type == "log" else ("linear", "log")
        return [{"label": f"{axis} {k}", "method": "relayout", "args": [{f"{axis}axis.type": k}]} for k in kinds]

    groups = [[against("steps", "step"), against("seconds", "wall clock (s)")], scale("x"), scale("y")]
    look = {
        "type": "buttons",
        "direction": "right",
        "y": 1.02,
        "yanchor": "bottom",
        "xanchor": "left",
        "showactive": True,
    }
    look |= {"pad": {"t": 0, "b": 0}, "font": {"size": 11}}
    menus = [look | {"buttons": buttons, "x": x} for buttons, x in zip(groups, (0.0, 0.3, 0.6), strict=True)]
    canvas.update_layout(updatemenus=menus)
    return canvas


def _any(values: np.ndarray | None) -> bool:
    return values is not None and bool((np.isfinite(values) & (values > 0)).any())
