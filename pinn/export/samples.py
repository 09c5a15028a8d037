"""Write the solution of a run to a file for other programs.

    python scripts/export.py RUN --format vtu                   ParaView; for a problem in time a series, RUN/field.pvd
    python scripts/export.py RUN --format csv --time 0 0.5 --derivatives
    python scripts/export.py RUN --format npz --mesh part.stl   at the nodes of a mesh
    python scripts/export.py RUN --format onnx                  a program from points (N, d) to values (N, m)

vtu, npz and csv hold samples: coordinates, u, the residual of the equation, and where it is known the exact solution
and the error. onnx and torch-export hold the field itself with its boundary and initial values built in; such a file
is read back and compared with the run at 1000 points before the command ends.
"""

import argparse
import sys
from pathlib import Path

import torch
from pinn.export.columns import columns
from pinn.export.lattice import instants, regular_lattice
from pinn.export.mesh_file import mesh_lattice
from pinn.export.onnx_file import onnx_bytes, onnx_values
from pinn.cli.arguments import draw
from pinn.export.writers import SampleFormat, whole, write_samples
from torch.func import vmap

from pinn import Run, load_run
from pinn.domains import Interior
from pinn.export.program import exported

FORMATS = {"vtu": ".vtu", "npz": ".npz", "csv": ".csv", "onnx": ".onnx", "torch-export": ".pt2"}
PROGRAMS = ("onnx", "torch-export")
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5}
"""By how much a program may part from the run, in parts of the largest value: some hundred roundings."""


def export_samples(
    run: Run,
    format: SampleFormat,
    output: Path,
    *,
    points: int | None = None,
    times: tuple[float, ...] = (),
    derivatives: bool = False,
    mesh: Path | None = None,
) -> list[Path]:
    """Write samples of the run, on a regular grid of so many `points` along each axis or at the nodes of a `mesh`.

    Returns the files to open. Raises ValueError for times outside the domain and a grid that cannot be.
    """
    domain, like = run.pde.domain, run.like
    moments = instants(domain, times)
    if mesh is None:
        lattice = regular_lattice(domain, moments[0], points)
        lattice = lattice.only_corners() if format == "vtu" and lattice.cells else lattice
    else:
        lattice = mesh_lattice(mesh, domain, moments[0])
        outside = int((~domain.contains(lattice.at(moments[0], like))).sum())
        if outside:
            print(
                f"note: {outside} of {len(lattice.nodes)} nodes lie outside the domain, where the field is no solution",
                file=sys.stderr,
            )
    return write_samples(
        format,
        output,
        lattice,
        moments,
        lambda moment: columns(run, lattice.at(moment, like), derivatives=derivatives),
    )


def export_program(run: Run, format: str, output: Path) -> list[Path]:
    """Write the field as a program, and see that what was written agrees with the run. Returns the file.

    Raises ValueError where the field cannot be written or the file does not agree.
    """
    program = exported(run.pde, run.network)
    with whole(output) as temporary:
        if format == "onnx":
            temporary.write_bytes(onnx_bytes(program))
        else:
            with temporary.open("wb") as file:
                torch.export.save(program, file)
        generator = torch.Generator().manual_seed(1)
        (x,) = Interior(run.pde.domain).sample(
            1000, lambda n, k: torch.rand(n, k, generator=generator, dtype=run.like.dtype)
        )
        found = onnx_values(temporary, x) if format == "onnx" else _loaded(temporary)(x)
        expected = vmap(run)(x).reshape(len(x), -1)
        difference, size = float((found - expected).abs().max()), float(expected.abs().max())
        if not difference <= TOLERANCES[run.like.dtype] * max(size, 1.0):
            raise ValueError(
                f"The {format} file does not agree with the run: {difference:.1e} where |u| <= {size:.1e}."
            )
    print(f"agrees with the run to {difference:.1e} at {len(x)} random points", file=sys.stderr)
    return [output]


def _loaded(file: Path) -> torch.nn.Module:
    with file.open("rb") as stream:
        return torch.export.load(stream).module()


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", metavar="RUN", type=Path, help="run folder, such as outputs/poisson/2025-01-31_12-00-00")
    parser.add_argument("--format", choices=tuple(FORMATS), required=True, help="what to write")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="file (default: RUN/field with the format's suffix)"
    )
    samples = parser.add_argument_group("samples (vtu, npz, csv)")
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
    run = load_run(given.run)
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


if __name__ == "__main__":
    arguments = parse()
    draw(lambda: export(arguments))
