"""Draw the residual of the differential equation of a run: how well its solution satisfies the equation, and where."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from pinn.plotting.labels import suffix
from pinn.plotting.lines import line_picture
from pinn.plotting.maps import map_picture
from pinn.plotting.quantities import Quantity, sample
from pinn.plotting.sections import sections
from pinn.plotting.style import Format, save, scientific
from pinn.runs import Run
from pinn.training.accuracy import chunks, evaluation_points


def plot_residual(
    run: Run,
    output: Path,
    *,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    points: int | None = None,
    format: Format = "png",
) -> list[Path]:
    """Write `residual`, with its root mean square and maximum over the whole domain in the title.

    The arguments are those of `plot_solution`. Returns the file.
    """
    residual = Quantity("residual", "Residual", "r{}", run.residual, signed=True)
    samples = sample([residual], sections(run.pde.domain, times, slices, run.units), points, run.like)
    parts = chunks(evaluation_points(run.pde.domain, run.like))
    everywhere = torch.cat([run.residual(part) for part in parts])
    rms, largest = float(everywhere.square().sum(1).mean().sqrt()), float(everywhere.abs().max())
    title = samples.title(f"root mean square {scientific(rms)}, max {scientific(largest)}")
    if len(samples.grids[0].axes) == 2:
        picture = map_picture(samples, [residual], title)
    else:
        picture = line_picture(samples, [residual], title, run.like)
    return [save(picture, output / f"residual{suffix(slices or {}, list(times))}.{format}")]
