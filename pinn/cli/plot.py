"""Draw the solution, the residual, the history or the band of a run, or animate its solution."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pinn.cli.arguments import add_slices, by_axis, draw, plot_parser, run_parser


def solution(argv: Sequence[str] | None = None) -> None:
    """Draw the solution of a run; if an exact solution is known, that and the error beside it."""
    given = _sections(solution.__doc__ or "", argv, _add_vector)
    from pinn.plotting.solution import plot_solution  # here, so that help comes at once

    _draw(plot_solution, given, vector=given.vector)


def residual(argv: Sequence[str] | None = None) -> None:
    """Draw the residual of the equation of a run: how well its solution satisfies the equation, and where."""
    given = _sections(residual.__doc__ or "", argv)
    from pinn.plotting.residual import plot_residual

    _draw(plot_residual, given)


def history(argv: Sequence[str] | None = None) -> None:
    """Draw the history of a run: loss, terms and errors against steps and against time."""
    given = plot_parser(history.__doc__ or "").parse_args(argv)
    from pinn.plotting.history import plot_history

    draw(lambda: plot_history(given.run, given.output or given.run, format=given.format))


def band(argv: Sequence[str] | None = None) -> None:
    """Draw the solution of an inverse run with the 95 % band that the noise of its data gives it."""
    given = plot_parser(band.__doc__ or "").parse_args(argv)
    from pinn.plotting.band import plot_posterior
    from pinn.runs import load_run

    draw(lambda: plot_posterior(load_run(given.run, given.trust), given.output or given.run, format=given.format))


def animation(argv: Sequence[str] | None = None) -> None:
    """Animate the solution of a run in time: a profile over space beside the exact one, or a map.

    A problem of more than two space axes is shown on a plane, which --slice chooses.
    """
    parser = run_parser((animation.__doc__ or "").replace("\n    ", "\n"))
    parser.add_argument("--format", choices=("gif", "mp4"), default="gif", help="file format (default: gif)")
    parser.add_argument("--output", metavar="DIR", type=Path, help="folder for the animation (default: RUN)")
    parser.add_argument("--frames", metavar="N", type=int, default=60, help="equal steps of time (default: 60)")
    parser.add_argument("--fps", metavar="N", type=int, default=20, help="frames in a second (default: 20)")
    parser.add_argument("--points", metavar="N", type=int, help="nodes along each axis (default: 101, 401 on a line)")
    parser.add_argument(
        "--kind",
        choices=("solution", "vectors", "surface"),
        default="solution",
        help="maps or profiles; the magnitude and arrows of a vector field; the surface of a body (default: solution)",
    )
    _add_vector(parser)
    add_slices(parser)
    given = parser.parse_args(argv)
    from pinn.plotting.animation import animate
    from pinn.runs import load_run

    draw(
        lambda: animate(
            load_run(given.run, given.trust),
            given.output or given.run,
            frames=given.frames,
            fps=given.fps,
            slices=by_axis(given.slices),
            points=given.points,
            kind=given.kind,
            vector=given.vector,
            format=given.format,
        )
    )


PLOTS: Mapping[str, Callable[[Sequence[str] | None], None]] = {
    "solution": solution,
    "residual": residual,
    "history": history,
    "band": band,
    "animation": animation,
}
"""By the word that follows `pinn plot`."""


def main(argv: Sequence[str] | None = None) -> None:
    """Choose the plot by its first word."""
    words = list(sys.argv[1:] if argv is None else argv)
    told = [f"  {name:<10} {(plot.__doc__ or '').splitlines()[0]}" for name, plot in PLOTS.items()]
    epilog = "\n".join(["plots:", *told, "", "pinn plot PLOT --help explains each."])
    parser = argparse.ArgumentParser(
        usage="pinn plot PLOT RUN [--help] …",
        description=__doc__,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("plot", metavar="PLOT", choices=PLOTS, help=", ".join(PLOTS))
    if not words:
        parser.print_help()
        raise SystemExit(2)
    chosen = parser.parse_args(words[:1]).plot
    sys.argv[0] = f"pinn plot {chosen}"  # argparse names the program by it
    PLOTS[chosen](words[1:])


def _add_vector(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--vector",
        metavar="NAME",
        nargs="+",
        default=[],
        help="components that are a vector together, such as u v (default: those that the problem names)",
    )


def _sections(
    description: str,
    argv: Sequence[str] | None,
    add: Callable[[argparse.ArgumentParser], None] = lambda options: None,
) -> argparse.Namespace:
    """What is asked of a plot on sections of the domain of a run, which are chosen by --time and --slice."""
    options = plot_parser(description)
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
        "--points", metavar="N", type=int, help="nodes along each free axis (default: 201 on a plane, 1001 on a line)"
    )
    add(options)
    return options.parse_args(argv)


def _draw(plot: Callable[..., list[Path]], given: argparse.Namespace, **more: object) -> None:
    """Draw what is asked for."""
    from pinn.runs import load_run

    draw(
        lambda: plot(
            load_run(given.run, given.trust),
            given.output or given.run,
            times=given.times,
            slices=by_axis(given.slices),
            points=given.points,
            format=given.format,
            **more,
        )
    )
