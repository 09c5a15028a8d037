"""Write a run as one interactive page, which opens offline: numbers, curves, maps.

    pinn report outputs/poisson/2025-01-31_12-00-00

Everything zooms and has its values under the pointer; if the problem has time there is a slider for it.
"""

from collections.abc import Sequence
from pathlib import Path

from pinn.cli.arguments import add_slices, by_axis, draw, run_parser
from pinn.report.page import write_report


def main(argv: Sequence[str] | None = None) -> None:
    options = run_parser(__doc__ or "")
    options.add_argument("--output", metavar="FILE", type=Path, help="the page (default: RUN/report.html)")
    add_slices(options)
    options.add_argument("--instants", metavar="N", type=int, default=21, help="positions of the slider (default: 21)")
    options.add_argument("--points", metavar="N", type=int, help="nodes along each axis of a map or line")
    given = options.parse_args(argv)
    output = given.output or given.run / "report.html"
    shown = {"instants": given.instants, "points": given.points, "trust": given.trust}
    draw(lambda: [write_report(given.run, output, slices=by_axis(given.slices), **shown)])
