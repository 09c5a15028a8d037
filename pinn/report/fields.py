"""Solution, exact solution, error and residual of a run as interactive figures, with a slider where there is time."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.colors import SymLogNorm

from pinn.domains import Domain, TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.plotting.labels import shown_unit
from pinn.plotting.quantities import Quantity, Samples, sample
from pinn.plotting.sections import Section, place, sections
from pinn.plotting.style import Scale
from pinn.plotting.subject import Subject
from pinn.report.interactive import go, stroke, symbol, ticks
from pinn.report.panels import Panels, first, moving
from pinn.runs import Run


@dataclass(frozen=True)
class _Panel:
    """A quantity with its values on each grid; on a line, a second one may stand beside it."""

    title: str
    symbols: Sequence[str]
    values: Sequence[list[np.ndarray]]
    scale: Scale
    unit: str = ""

    @property
    def powers(self) -> bool:
        """Whether the scale is logarithmic on both sides of zero."""
        return isinstance(self.scale.norm, SymLogNorm)


def field_figures(
    run: Run, slices: Mapping[str, float] | None = None, *, instants: int = 21, points: int | None = None
) -> dict[str, tuple[Markup, go.Figure]]:
    """Figures by name, each with its heading: `maps` or `lines`, and those at instants `moving`.

    `slices` hold axes as for `sections.sections`. In time and one space dimension there are both, a map over time and
    space and a line over space that moves in time. Raises ValueError for fewer than 2 instants or points.
    """
    if instants < 2:
        raise ValueError(f"A report needs at least 2 instants of time, got {instants}.")
    still, moving = still_and_moving(run.pde.domain, slices or {}, instants, run.units)
    figures = {}
    for name, shown in (("still", still), ("moving", moving)):
        if shown:
            usual = {1: 301, 2: 141 if len(shown) == 1 else 81}[len(shown[0].free)]
            draw = _maps if len(shown[0].free) == 2 else _lines
            held = set.intersection(*(set(section.held.items()) for section in shown))
            axes = " and ".join(symbol(axis) for axis in shown[0].axes)
            where = symbol(place(run.pde.domain, held, run.units)).replace("\n", ", ")
            heading = f"Over {axes}" + (f" at {where}" if where else "") + (", in time" if len(shown) > 1 else "")
            figures[name] = Markup(heading), draw(run, shown, points or usual)
    return figures


def still_and_moving(
    domain: Domain, slices: Mapping[str, float], instants: int, units: Mapping[str, str] | None = None
) -> tuple[list[Section], list[Section]]:
    """The section that stands still, and those at instants of time; either may be empty."""
    (first, *_) = sections(domain, (), slices, units or {})
    has_time = isinstance(without_parameters(domain), TimeDomain)
    if not has_time or first.free == (0,) or {"t", "0"} & set(slices):
        return [first], []
    times = np.linspace(domain.bounds[0][0], domain.bounds[1][0], instants)
    space = tuple(axis for axis in first.free if axis != 0)
    moving = [Section(domain, space, {**first.held, 0: float(time)}, first.units) for time in times]
    return ([first] if 0 in first.free else []), moving


def _maps(run: Run, shown: Sequence[Section], points: int) -> go.Figure:
    """A map for each quantity and component, four of them in two columns, otherwise in three. They zoom together."""
    samples, panels = _sampled(run, shown, points, together=False)
    columns = 2 if len(panels) in (2, 4) else min(3, len(panels))
    (left, right), (low, high) = bounds = shown[0].bounds
    equal = shown[0].equal_aspect
    aspect = min(max((high - low) / (right - left), 0.2), 1.4) if equal else 0.62
    layout = Panels(len(panels), columns, 100, aspect)
    canvas = layout.canvas()
    names, labels = [symbol(axis) for axis in shown[0].axes], [symbol(text) for text in shown[0].labels]
    for k, panel in enumerate(panels):
        x, y = layout.axes(canvas, k, panel.title, *labels)
        x.update(showgrid=False, range=bounds[0], matches="x" if k else None)
        y.update(showgrid=False, range=bounds[1], matches="y" if k else None)
        if equal:
            x.constrain = y.constrain = "domain"
            y.scaleanchor = y.anchor
        heat, ends = (
            _heat(panel, first(shown)),
            (0, 1) if panel.powers else (panel.scale.norm.vmin, panel.scale.norm.vmax),
        )
        canvas.add_heatmap(x=samples.grids[0].axes[0], y=samples.grids[0].axes[1], **heat)
        canvas.data[-1].update(xaxis=y.anchor, yaxis=x.anchor, zmin=ends[0], zmax=ends[1])
        value = "customdata" if panel.powers else "z"
        words = (
            f"{names[0]} = %{{x:.4g}}<br>{names[1]} = %{{y:.4g}}<br>{panel.symbols[0]} = %{{{value}:.4g}} {panel.unit}"
        )
        canvas.data[-1].update(hovertemplate=words + "<extra></extra>", colorbar=layout.bar(k) | ticks(panel.scale))
        canvas.data[-1].colorscale = "RdBu_r" if panel.scale.colors == "RdBu_r" else "Viridis"
    frames = [[go.Heatmap(**_heat(panel, k)) for panel in panels] for k in range(len(shown))]
    return moving(canvas, shown, frames)


def _heat(panel: _Panel, k: int) -> dict[str, Any]:
    """Values by colour; on a logarithmic scale, which plotly's colours have not, their places on it beside them."""
    values = panel.values[0][k].T
    if panel.powers:
        places = np.ma.filled(panel.scale.norm(np.ma.masked_invalid(values)).astype(np.float32), np.nan)
        return {"z": places, "customdata": values.astype(np.float32)}
    return {"z": values.astype(np.float32)}


def _lines(run: Run, shown: Sequence[Section], points: int) -> go.Figure:
    """Solution and exact solution over each other, error and residual beside them."""
    samples, panels = _sampled(run, shown, points, together=True)
    columns = 2 if len(panels) > 3 and run.pde.exact else min(3, len(panels))
    layout = Panels(len(panels), columns, 10, 0.7 if columns > 1 else 0.35)
    canvas = layout.canvas()
    for k, panel in enumerate(panels):
        x, y = layout.axes(canvas, k, panel.title, symbol(shown[0].labels[0]), panel.unit)
        everything = np.concatenate([values for curve in panel.values for values in curve])
        low, high = float(np.nanmin(everything)), float(np.nanmax(everything))
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        x.update(range=shown[0].bounds[0], matches="x" if k else None)
        y.range = [low - margin, high + margin]
        for order, (name, values) in enumerate(zip(panel.symbols, panel.values, strict=True)):
            line = stroke(0) if order == 0 else {"color": "black", "dash": "dash", "width": 1.5}
            canvas.add_scatter(x=samples.grids[0].axes[0], y=values[first(shown)], name=name, line=line, mode="lines")
            canvas.data[-1].update(xaxis=y.anchor, yaxis=x.anchor, showlegend=False)
            canvas.data[-1].hovertemplate = f"%{{x:.4g}}: %{{y:.4g}}<extra>{name}</extra>"
    curves = [values for panel in panels for values in panel.values]
    frames = [[go.Scatter(y=values[k]) for values in curves] for k in range(len(shown))]
    return moving(canvas, shown, frames)


def _sampled(run: Run, shown: Sequence[Section], points: int, *, together: bool) -> tuple[Samples, list[_Panel]]:
    """The panels of a figure; `together` puts solution and exact solution into one."""
    samples = sample(Subject.of(run).quantities, shown, points, run.like)
    residuals = Samples([Quantity("residual", "Residual", "r{}", run.residual, signed=True)], samples.grids)
    panels = []
    for part in (samples, residuals):
        values = [q for q in part.quantities if not q.signed]
        groups = [values] if together and values else [[q] for q in values]
        groups += [[q] for q in part.quantities if q.signed]
        m = part.components
        for i in range(m):
            for group in groups:
                symbols = [symbol(q.component(i, m)) for q in group]
                within = f" ({html.escape(unit)})" if (unit := shown_unit(group[0].unit(i, m))) else ""
                title = f"{group[0].title} {symbols[0]}{within}" + "".join(
                    f" (dashed: exact {name})" for name in symbols[1:]
                )
                scale, values = part.scale(group[0], i), [part.component(q, i) for q in group]
                panels.append(_Panel(title, symbols, values, scale, html.escape(unit)))
    return samples, panels
