"""Samples of the solution of a run, for other programs."""

import sys
from pathlib import Path

from pinn.export.columns import columns, units_of
from pinn.export.formats import SAMPLE_FORMATS
from pinn.export.lattice import instants, regular_lattice
from pinn.export.mesh_file import mesh_lattice
from pinn.runs import Run


def export_samples(
    run: Run,
    format: str,
    output: Path,
    *,
    points: int | None = None,
    times: tuple[float, ...] = (),
    derivatives: bool = False,
    mesh: Path | None = None,
) -> list[Path]:
    """Write samples of the run, on a regular grid of so many `points` along each axis or at the nodes of a `mesh`.

    `format` is one of SAMPLE_FORMATS. Returns the files to open. Raises ValueError for times outside the domain and a
    grid that cannot be.
    """
    domain, like = run.pde.domain, run.like
    moments = instants(domain, times)
    if mesh is None:
        lattice = regular_lattice(domain, moments[0], points)
        lattice = lattice.only_corners() if SAMPLE_FORMATS[format].corners and lattice.cells else lattice
    else:
        lattice = mesh_lattice(mesh, domain, moments[0])
        outside = int((~domain.contains(lattice.at(moments[0], like))).sum())
        if outside:
            print(
                f"note: {outside} of {len(lattice.nodes)} nodes lie outside the domain, where the field is no solution",
                file=sys.stderr,
            )
    return SAMPLE_FORMATS[format].write(
        output,
        lattice,
        moments,
        lambda moment: columns(run, lattice.at(moment, like), derivatives=derivatives),
        units_of(run),
    )
