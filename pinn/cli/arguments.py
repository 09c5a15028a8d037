"""The command line that the plot scripts share."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pinn import load_run

# A user's own PDE lies in the folder from which the script is started.
sys.path.append(os.getcwd())


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with RUN, --format and --output."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("run", metavar="RUN", type=Path, help="run folder, such as outputs/2025-01-31/12-00-00")
    result.add_argument("--format", choices=("png", "pdf", "svg"), default="png", help="file format (default: png)")
    result.add_argument("--output", metavar="DIR", type=Path, help="folder for the figures (default: RUN)")
    return result


def draw(plot: Callable[[], list[Path]]) -> None:
    """Draw and print the paths of the figures. What the user can put right ends in one line and exit code 1."""
    try:
        paths = plot()
    except (ValueError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    for path in paths:
        print(path)


def add_slices(options: argparse.ArgumentParser) -> None:
    """Give a command --slice, whose pairs `by_axis` reads."""
    options.add_argument(
        "--slice",
        dest="slices",
        metavar="AXIS=VALUE",
        type=_slice,
        nargs="+",
        action="extend",
        default=[],
        help="hold an axis, by name (z=0.5) or index (2=0.5), so that one or two stay free "
        "(default: the plane of the first two space axes through the centre)",
    )


def draw_sections(plot: Callable[..., list[Path]], description: str) -> None:
    """The command of a plot of a run on sections of its domain, which are chosen by --time and --slice."""
    options = parser(description)
    options.add_argument(
        "--time",
        dest="times",
        metavar="T",
        type=float,
        nargs="+",
        default=[],
        help="instants to show (default: half time); with one space dimension those of the profiles over space",
    )
    add_slices(options)
    options.add_argument(
        "--points", metavar="N", type=int, help="nodes along each free axis (default: 201 on a plane, 401 on a line)"
    )
    given = options.parse_args()
    draw(
        lambda: plot(
            load_run(given.run),
            given.output or given.run,
            times=given.times,
            slices=by_axis(given.slices),
            points=given.points,
            format=given.format,
        )
    )


def _slice(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not AXIS=VALUE, such as z=0.5") from error


def by_axis(pairs: list[tuple[str, float]]) -> dict[str, float]:
    """The slices by axis. Raises ValueError for an axis given twice, which a dict would hide."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError(f"An axis is held twice: --slice {' '.join(f'{name}={value:g}' for name, value in pairs)}.")
    return result
