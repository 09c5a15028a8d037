"""Write the solution of a run to a file for other programs.

    pinn export RUN --format vtu                   ParaView; for a problem in time a series, RUN/field.pvd
    pinn export RUN --format csv --time 0 0.5 --derivatives
    pinn export RUN --format npz --mesh part.stl   at the nodes of a mesh
    pinn export RUN --format onnx                  a program from points (N, d) to values (N, m)

vtu, npz and csv hold samples: coordinates, u, the residual of the equation, and where it is known the exact solution
and the error. onnx and torch-export hold the field itself with its boundary and initial values built in; such a file
is read back and compared with the run at 1000 points before the command ends.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pinn.cli.arguments import draw, run_parser
from pinn.export.formats import SAMPLE_FORMATS
from pinn.export.program import PROGRAMS, export_program
from pinn.export.samples import export_samples
from pinn.runs import load_run

FORMATS = {**{name: one.suffix for name, one in SAMPLE_FORMATS.items()}, **PROGRAMS}


def main(argv: Sequence[str] | None = None) -> None:
    given = parse(argv)
    draw(lambda: export(given))


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = run_parser(__doc__ or "")
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help="what to write")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="file (default: RUN/field with the format's suffix)"
    )
    samples = parser.add_argument_group(f"samples ({', '.join(SAMPLE_FORMATS)})")
    samples.add_argument(
        "--points", metavar="N", type=int, help="nodes of the grid along each axis but time (default: by the dimension)"
    )
    samples.add_argument(
        "--time", dest="times", metavar="T", type=float, nargs="+", help="instants (default: 11 over the whole time)"
    )
    samples.add_argument(
        "--derivatives", action="store_true", help="also first derivatives and the Laplacian over space"
    )
    samples.add_argument("--mesh", metavar="FILE", type=Path, help="sample at the nodes of this mesh, not on a grid")
    given = parser.parse_args(argv)
    chosen = {"--points": given.points, "--time": given.times, "--derivatives": given.derivatives, "--mesh": given.mesh}
    wrong = [name for name, value in chosen.items() if value is not None and value is not False]
    if given.format in PROGRAMS and wrong:
        parser.error(f"{', '.join(wrong)}: --format {given.format} writes the field itself, which needs no points")
    if given.mesh and given.points is not None:
        parser.error("--points: a --mesh has its own nodes")
    return given


def export(given: argparse.Namespace) -> list[Path]:
    """Do what the command line asks for; returns the files to open."""
    run = load_run(given.run, given.trust)
    output = given.output or given.run / f"field{FORMATS[given.format]}"
    if output.is_dir():
        raise IsADirectoryError(f"--output {output} is a folder: give it the name of a file.")
    if given.format in PROGRAMS:
        return export_program(run, given.format, output)
    return export_samples(
        run,
        given.format,
        output,
        points=given.points,
        times=tuple(given.times or ()),
        derivatives=given.derivatives,
        mesh=given.mesh,
    )
