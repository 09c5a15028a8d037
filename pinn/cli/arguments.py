"""What the commands share: arguments of runs, axes and numbers, and one line for what the user can put right."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pinn.cli.own_modules import find_own_modules


def run_parser(description: str, program: str | None = None) -> argparse.ArgumentParser:
    """A parser with RUN."""
    result = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    result.add_argument("run", metavar="RUN", type=Path, help="run folder, such as outputs/poisson/2025-01-31_12-00-00")
    add_trust(result)
    return result


def add_trust(options: argparse.ArgumentParser) -> None:
    """Give a command --trust, which lets it import modules of the user."""
    options.add_argument(
        "--trust",
        metavar="MODULE",
        action=_Trust,
        default=[],
        help="import this module of yours, in the working folder or on PYTHONPATH, if the run names a class of it; "
        "with a slash in its name (./data.npz) a file that the run may read (default: none; may be given often)",
    )


class _Trust(argparse.Action):
    """Keep the module, and let Python look for it in the working folder."""

    def __call__(self, parser: object, namespace: argparse.Namespace, values: object, option: object = None) -> None:
        namespace.trust = [*namespace.trust, values]
        find_own_modules()


def plot_parser(description: str, program: str | None = None) -> argparse.ArgumentParser:
    """A parser with RUN, --format and --output."""
    result = run_parser(description, program)
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


def positive(text: str) -> int:
    """A positive integer from the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text!r}")
    return int(text)


def keywords(words: Sequence[str], options: argparse.ArgumentParser) -> None:
    """Refuse what is not KEY=VALUE."""
    if wrong := [text for text in words if "=" not in text]:
        options.error(f"expected KEY=VALUE, got {' '.join(wrong)}")
