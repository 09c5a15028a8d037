"""The look that all figures share: fonts, colours, scales, and files written whole or not at all."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axis import Axis
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    SymmetricalLogLocator,
)

from pinn.plotting.labels import label
from pinn.runs.atomic_write import atomic_write

Format = Literal["png", "pdf", "svg"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
"""Colours that colour-blind readers tell apart (Okabe & Ito 2008)."""

DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)))
"""A dash pattern for each colour, for grey print."""

NICE = (1, 2, 2.5, 5, 10)
"""The leading digits of steps between ticks."""

_STYLE: dict[Any, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.labelsize": 11,
    "figure.titlesize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "grid.linewidth": 0.5,
    "grid.color": "0.85",
    "axes.axisbelow": True,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.06,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.constrained_layout.h_pad": 0.06,
    "pdf.fonttype": 42,
}


class Picture(Figure):
    """A figure of matplotlib, which a notebook shows in our style where it is a cell's value; `save` writes it so."""

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        content = io.BytesIO()
        with matplotlib.rc_context(_STYLE):
            self.savefig(content, format="png", dpi=110)
        return content.getvalue()


@contextmanager
def figure(width: float, height: float) -> Iterator[Picture]:
    """A figure of that size in inches, in our style, in which it is to be drawn. It belongs to no window."""
    with matplotlib.rc_context(_STYLE):
        yield Picture((width, height), layout="compressed")


def save(figure: Figure, path: Path) -> Path:
    """Write the figure in the format of its suffix, whole or not at all."""
    with atomic_write(path) as temporary, matplotlib.rc_context(_STYLE):
        figure.savefig(temporary, format=path.suffix.removeprefix("."))
    return path


@dataclass(frozen=True)
class Scale:
    """How values become colours and tick labels; the labels are in units of 10^`exponent`."""

    norm: Normalize
    colors: str
    exponent: int = 0

    @property
    def linear(self) -> "Scale":
        """The same for an axis that is not logarithmic."""
        if not isinstance(self.norm, SymLogNorm):
            return self
        peak = max(abs(self.norm.vmin or 0.0), abs(self.norm.vmax or 0.0))
        return Scale(Normalize(-peak, peak), self.colors, _exponent(peak))

    def label(self, symbol: str, unit: str = "") -> str:
        """The label of an axis or colour bar that shows `symbol`, in its unit if that is known."""
        return label(symbol, unit, self.exponent)

    def locator(self, intervals: int = 7) -> MaxNLocator | SymmetricalLogLocator:
        """Where the ticks are, with at most that many intervals between them."""
        if isinstance(self.norm, SymLogNorm):
            locator = SymmetricalLogLocator(base=10, linthresh=self.norm.linthresh)
            locator.set_params(numticks=intervals + 2)
            return locator
        return MaxNLocator(intervals, steps=NICE)

    @property
    def formatter(self) -> FuncFormatter:
        """What stands at the ticks."""
        if isinstance(self.norm, SymLogNorm):
            return FuncFormatter(lambda value, _: power_of_ten(value))
        return FuncFormatter(lambda value, _: f"{value / 10**self.exponent:.6g}".replace("-", "\N{MINUS SIGN}"))


def sequential(values: np.ndarray) -> Scale:
    """From the smallest to the largest value; NaN does not count."""
    values = _finite(values)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not high - low > 1e-12 * max(abs(low), abs(high)):  # a constant field still needs an interval
        margin = abs(high) or 1.0
        low, high = low - margin, high + margin
    return Scale(Normalize(low, high), "viridis", _exponent(max(abs(low), abs(high))))


def diverging(values: np.ndarray) -> Scale:
    """Centred on zero; logarithmic on both sides if a few values tower over the rest. NaN does not count."""
    values = _finite(values)
    peak = float(np.nanmax(np.abs(values))) or 1.0
    typical = math.sqrt(float(np.nanmean(np.square(values))))
    if peak > 10 * typical > 0:
        threshold = 10.0 ** round(math.log10(typical))
        return Scale(SymLogNorm(threshold, vmin=-peak, vmax=peak), "RdBu_r")
    return Scale(Normalize(-peak, peak), "RdBu_r", _exponent(peak))


def log_axis(axis: Axis) -> None:
    """Put ticks on a logarithmic axis whose labels have room, over many decades as over less than one.

    Its limits have to be those that it is to have. matplotlib would label every minor tick below one decade.
    """
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low) if low > 0 else math.inf
    if decades >= 2:
        axis.set_major_locator(LogLocator(numticks=7))
        axis.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    else:
        first = math.floor(math.log10(low))
        subs = (1, 2, 5) if decades > 0.6 else (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
        places = [sub * 10.0**k for k in range(first, first + 4) for sub in subs if low <= sub * 10.0**k <= high]
        room = 5 if low >= 0.01 and high < 1000 else 3  # labels with a power of ten are long
        every = -(-len(places) // room) or 1
        if len(places) < 2:
            axis.set_major_locator(MaxNLocator(room - 1, steps=NICE))
        else:
            axis.set_major_locator(FixedLocator(places[::every]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: _few_digits(value)))
    axis.set_minor_formatter(NullFormatter())


def _few_digits(value: float) -> str:
    """A number as short as it is, with its power of ten if that is shorter."""
    if 0.01 <= abs(value) < 1000:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    times = "" if float(mantissa) == 1 else rf"{float(mantissa):g}\times"
    return rf"${times}10^{{{int(exponent)}}}$"


def _finite(values: np.ndarray) -> np.ndarray:
    """The values that have a place on a scale; zero if there is none."""
    finite = values[np.isfinite(values)]
    return finite if finite.size else np.zeros(1)


def scientific(value: float) -> str:
    """A number to two digits, with its power of ten as in a text."""
    if not math.isfinite(value):
        return "unknown"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"${mantissa}$" if int(exponent) == 0 else rf"${mantissa}\times10^{{{int(exponent)}}}$"


def power_of_ten(value: float) -> str:
    """±10^k for tick labels on a logarithmic scale."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    return f"${sign}10^{{{round(math.log10(abs(value)))}}}$"


def _exponent(peak: float) -> int:
    """The power of ten taken out of tick labels; none for numbers that read well as they are."""
    return 0 if 0.1 <= peak < 1000 else math.floor(math.log10(peak))
