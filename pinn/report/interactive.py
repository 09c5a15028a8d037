"""Interactive figures: what all of them share, and how they become a piece of HTML."""

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from matplotlib.colors import SymLogNorm

from pinn.optional import package
from pinn.plotting.style import COLORS, Scale

if TYPE_CHECKING:
    import plotly.graph_objects as go
else:
    go = package("plotly.graph_objects", "report", "An interactive report")

AXIS = {"showgrid": True, "gridcolor": "#e6e6e6", "zeroline": False, "linecolor": "#444", "ticks": "outside"}
"""The look of an axis. Powers of ten, since plotly would write nano and micro without a unit."""
AXIS |= {"exponentformat": "power", "mirror": True, "showline": True}

_FONT = {"family": "Helvetica, Arial, sans-serif", "size": 13, "color": "#222"}
_DASHES = ("solid", "dash", "dashdot", "dot", "longdash", "longdashdot")


def figure(height: int, **layout: Any) -> go.Figure:
    """An empty figure as wide as the page."""
    margin = {"l": 70, "r": 20, "t": 60, "b": 60}
    settings = {"font": _FONT, "plot_bgcolor": "white", "margin": margin, "hovermode": "closest", "height": height}
    return go.Figure(layout=settings | layout)


def stroke(k: int) -> dict[str, Any]:
    """Colour and dashes of the k-th curve, as in the printed figures."""
    return {"color": COLORS[k % len(COLORS)], "dash": _DASHES[k % len(_DASHES)], "width": 2}


def library() -> Markup:
    """The script that all figures of a page need: the page then opens without a network."""
    return Markup(f"<script>{package('plotly.offline', 'report', 'An interactive report').get_plotlyjs()}</script>")


def html_of(shown: go.Figure, name: str) -> Markup:
    """The figure as HTML, in an element whose id is `name`, in which `-` stands for what an id had better not hold.

    The page has to hold the `library`.
    """
    name = re.sub(r"[^\w-]+", "-", name)
    config: dict[str, Any] = {
        "displaylogo": False,
        "responsive": True,
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }
    config["modeBarButtonsToRemove"] = ["select2d", "lasso2d"]
    # A run is its owner's: by default plotly offers to upload the chart to its makers.
    config |= {"showSendToCloud": False, "plotlyServerURL": ""}
    # Texts within are JSON, in which plotly writes < and > as \u003c and \u003e.
    return Markup(shown.to_html(full_html=False, include_plotlyjs=False, div_id=name, config=config, auto_play=False))


def symbol(mathtext: str) -> str:
    r"""A symbol of the printed figures, or a label with one, for a page.

    >>> symbol(r"u_{2} - u_{2}^{\!*}"), symbol(r"\mathrm{nu}"), symbol("x_{10}"), symbol(r"$\theta$ (m/s)")
    ('<i>u</i><sub>2</sub> − <i>u</i><sub>2</sub>*', 'nu', '<i>x</i><sub>10</sub>', '<i>θ</i> (m/s)')
    """
    whole = "$" not in mathtext
    parts = [html.escape(part) for part in mathtext.split("$")]
    return "".join(_formula(part) if whole or k % 2 else part for k, part in enumerate(parts))


def _formula(text: str) -> str:
    """What stands between dollar signs."""
    text = re.sub(r"(?<![\\\w{])([A-Za-z])(?![A-Za-z])", r"<i>\1</i>", text)
    text = text.replace(r"^{\!*}", "*").replace(" - ", " \N{MINUS SIGN} ")
    text = re.sub(r"\\times10\^\{(-?\d+)\}", r"×10<sup>\1</sup>", text)
    text = re.sub(r"\\([A-Za-z]+)(?![A-Za-z{])", lambda found: f"<i>{_letter(found[1])}</i>", text)
    text = re.sub(r"\\mathrm\{(.*?)\}", lambda found: found[1].replace(r"\_", "_"), text)
    return re.sub(r"_\{(.*?)\}", r"<sub>\1</sub>", text)


def _letter(name: str) -> str:
    """A Greek letter by its name."""
    kind = "SMALL" if name.islower() else "CAPITAL"
    return unicodedata.lookup(f"GREEK {kind} LETTER {'LAMDA' if name.lower() == 'lambda' else name.upper()}")


def ticks(scale: Scale) -> dict[str, list]:
    """Ticks of a colour bar; on a logarithmic scale at their places on it, between 0 and 1, and at its ends."""
    low, high = float(scale.norm.vmin or 0), float(scale.norm.vmax or 0)
    values = [float(v) for v in scale.locator(5).tick_values(low, high) if low <= v <= high]
    logarithmic = isinstance(scale.norm, SymLogNorm)
    if logarithmic:
        inside = [value for value in values if 0.06 < float(scale.norm(value)) < 0.94]
        values = [float(f"{low:.1e}"), *inside, float(f"{high:.1e}")]
    places = [float(scale.norm(value)) for value in values] if logarithmic else values
    plain = 0.1 <= max(map(abs, values), default=0.0) < 1e4
    return {"tickvals": places, "ticktext": [_written(value, plain) for value in values]}


def _written(value: float, plain: bool) -> str:
    """A number as on a page, unless it is plain with its power of ten."""
    if value == 0 or plain:
        return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")
    mantissa, exponent = f"{value:.3e}".split("e")
    power = f"10<sup>{int(exponent)}</sup>"
    times = {1.0: "", -1.0: "-"}.get(float(mantissa), f"{float(mantissa):g}\N{MULTIPLICATION SIGN}")
    return f"{times}{power}".replace("-", "\N{MINUS SIGN}")
