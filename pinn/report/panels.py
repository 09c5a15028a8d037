"""Panels of an interactive figure: where they stand, and the slider that moves all of them through time."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pinn.plotting.sections import Section
from pinn.report.interactive import AXIS, figure, go

_WIDTH = 1150
"""About the width of the page in pixels, for which panels are placed first."""


@dataclass(frozen=True)
class Panels:
    """Where panels of one shape stand in a figure: columns with `right` pixels for what stands right of each."""

    count: int
    columns: int
    right: int
    aspect: float
    left: int = 65
    gap: int = 95

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def width(self) -> float:
        return _WIDTH / self.columns - self.left - self.right

    @property
    def height(self) -> float:
        return self.width * self.aspect

    def canvas(self) -> go.Figure:
        margin = {"l": self.left, "r": self.right, "t": 70, "b": 150}
        canvas = figure(round(self.rows * (self.height + self.gap) - self.gap + 220), margin=margin)
        canvas.layout.meta = {"panels": dataclasses.asdict(self)}  # arrange.js puts them anew for other widths
        return canvas

    def box(self, k: int) -> tuple[list[float], list[float]]:
        """The intervals of the k-th panel in parts of the figure within its margins."""
        row, column = divmod(k, self.columns)
        wide = _WIDTH - self.left - self.right
        tall = self.rows * (self.height + self.gap) - self.gap
        x = column * (self.width + self.left + self.right) / wide
        y = 1 - row * (self.height + self.gap) / tall
        return [x, min(x + self.width / wide, 1.0)], [max(y - self.height / tall, 0.0), y]

    def axes(self, canvas: go.Figure, k: int, title: str, x_title: str, y_title: str) -> tuple[Any, Any]:
        """The axes of the k-th panel, with its title above it."""
        number = str(k + 1) if k else ""
        (x, y), own = self.box(k), {}
        own[f"xaxis{number}"] = AXIS | {"domain": x, "anchor": f"y{number}", "title": {"text": x_title, "standoff": 6}}
        own[f"yaxis{number}"] = AXIS | {"domain": y, "anchor": f"x{number}", "title": {"text": y_title, "standoff": 6}}
        canvas.update_layout(own)
        place = {"xref": "paper", "yref": "paper", "x": sum(x) / 2, "y": y[1], "showarrow": False}
        canvas.add_annotation(text=title, xanchor="center", yanchor="bottom", yshift=6, font={"size": 14}, **place)
        return canvas.layout[f"xaxis{number}"], canvas.layout[f"yaxis{number}"]

    def bar(self, k: int) -> dict[str, Any]:
        """Place and size of a colour bar right of the k-th panel."""
        x, y = self.box(k)
        place = {"x": x[1] + 8 / (_WIDTH - self.left - self.right), "xanchor": "left", "y": sum(y) / 2}
        return place | {"len": y[1] - y[0], "thickness": 14, "outlinewidth": 0, "xpad": 0, "ypad": 0}


def first(shown: Sequence[Section]) -> int:
    """The section that is seen first, that at half time."""
    return len(shown) // 2


def moving(canvas: go.Figure, shown: Sequence[Section], frames: Sequence[Sequence[Any]]) -> go.Figure:
    """With more than one instant: a slider for time, and a button that plays it."""
    if len(shown) == 1:
        return canvas.update_layout(margin_b=60, height=canvas.layout.height - 90)
    times = [f"{section.held[0]:.4g}" for section in shown]
    canvas.frames = [go.Frame(name=str(k), data=list(data)) for k, data in enumerate(frames)]
    still = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play = still | {"frame": {"duration": 120, "redraw": True}, "fromcurrent": True}
    steps = [{"label": time, "method": "animate", "args": [[str(k)], still]} for k, time in enumerate(times)]
    below = {"y": 0, "yanchor": "top", "pad": {"t": 70}}
    canvas.update_layout(
        sliders=[
            below | {"active": first(shown), "steps": steps, "currentvalue": {"prefix": "t = "}, "x": 0.12, "len": 0.88}
        ],
        updatemenus=[
            below
            | {"type": "buttons", "direction": "left", "showactive": False, "x": 0, "xanchor": "left", "pad": {"t": 80}}
            | {
                "buttons": [
                    {"label": "▶", "method": "animate", "args": [None, play]},
                    {"label": "❚❚", "method": "animate", "args": [[None], still]},
                ]
            }
        ],
    )
    return canvas
