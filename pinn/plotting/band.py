"""Draw a field with its uncertainty: a line with its 95 % band, or maps of the field and of the band's half width."""

from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor
from torch.func import vmap

from pinn.plotting.maps import map_picture
from pinn.plotting.quantities import Quantity, Samples, sample
from pinn.plotting.sections import sections
from pinn.plotting.style import COLORS, NICE, Format, Picture, Scale, figure, save, sequential
from pinn.plotting.subject import Subject, kept_components
from pinn.runs import Run
from pinn.runs.band import LEVEL, Band
from pinn.runs.posterior import noise_band
from pinn.training.solution import Solution


def plot_band(
    run: Run, band: Band, output: Path, *, title: str, points: int | None = None, format: Format = "png"
) -> list[Path]:
    """Write the picture of `band_picture` to the file `output`.png, or of another `format`. Returns the files."""
    return [save(band_picture(run, band, title, points), output.with_suffix(f".{format}"))]


def plot_posterior(run: Run, output: Path, *, points: int | None = None, format: Format = "png") -> list[Path]:
    """Write `band`, the solution of an inverse run with the band that the noise of its data gives it.

    Returns the files. Raises ValueError where there is no band (`pinn.runs.noise_band`).
    """
    title = "solution found from data, and the band by their noise"
    return plot_band(run, noise_band(run), output / "band", title=title, points=points, format=format)


def band_picture(run: Run, band: Band, title: str = "", points: int | None = None) -> Picture:
    """The mean of a field of the problem of a run, and its 95 % band; the error beside it where the solution is known.

    On a line the mean with its band and below, about zero, the band with the error in it; on a plane maps of mean, half
    width and error, a row for each component. Above two dimensions it is the plane that `sections` shows by default.
    """
    names, factor, subject = run.names, band.factor(LEVEL), Subject.of(run)
    kept = kept_components(run.pde, len(names))

    def some(of: Solution, x: Tensor) -> Tensor:
        return of(x).reshape(len(x), -1)[:, kept]

    def width(x: Tensor) -> Tensor:
        return factor * some(band.deviation, x)

    more = {"names": subject.names, "units": subject.units}
    quantities = [
        Quantity("mean", "Mean", "u{}", partial(some, band.mean), **more),
        Quantity("half width", "95 % band, half width", "u{}", width, own_scale=True, **more),
    ]
    if (exact := subject.exact) is not None:

        def error(x: Tensor) -> Tensor:
            return some(band.mean, x) - vmap(exact)(x).reshape(len(x), -1)

        quantities.append(Quantity("error", "Error", r"u{} - u^{\!*}{}", error, signed=True, **more))
    shown = sections(subject.domain, (), None, subject.units)
    points = points or {1: 401, 2: 101}[len(shown[0].free)]
    samples = sample(quantities, shown, points, subject.like)
    title = "\n".join(filter(None, (title, samples.title())))
    return _lines(samples, title) if len(shown[0].free) == 1 else map_picture(samples, quantities, title)


def _lines(samples: Samples, title: str) -> Picture:
    """Mean and band above, band and error about zero below, a column for each component."""
    m, (grid,) = samples.components, samples.grids
    mean, width, *error = samples.quantities
    with figure(3.9 * m + 1.6, 5.2) as canvas:
        axes = canvas.subplots(2, m, squeeze=False, sharex="col", height_ratios=[1.4, 1])
        for k in range(m):
            x, u, half = grid.axes[0], samples.component(mean, k)[0], samples.component(width, k)[0]
            e = samples.component(error[0], k)[0] if error else None
            above, below = axes[:, k]
            scale = _draw_band(above, x, u, u, half, "mean")
            above.set_title(f"Mean ${mean.component(k, m)}$ and 95 % band")
            above.set_ylabel(mean.label(k, m, scale))
            if e is not None:
                above.plot(x, u - e, "--", color="black", linewidth=1.1, label="exact")
            scale = _draw_band(below, x, np.zeros_like(half) if e is None else e, np.zeros_like(half), half, "error")
            below.set_title(f"Error ${error[0].component(k, m)}$ and the band" if error else "The band about the mean")
            below.set_ylabel((error[0] if error else width).label(k, m, scale))
            below.set_xlabel(grid.section.labels[0])
        lines, labels = axes[0, 0].get_legend_handles_labels()
        axes[0, -1].legend(lines, labels, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
        canvas.suptitle(title)
        return canvas


def _draw_band(ax: Axes, x: np.ndarray, u: np.ndarray, middle: np.ndarray, half: np.ndarray, name: str) -> Scale:
    """A line and, about `middle`, the band; the scale of the axis."""
    scale = sequential(np.concatenate([u, middle - half, middle + half]))
    ax.fill_between(x, middle - half, middle + half, color=COLORS[5], alpha=0.45, linewidth=0, label="95 % band")
    ax.plot(x, u, color=COLORS[0], label=name)
    ax.set_xlim(x[0], x[-1])
    ax.yaxis.set_major_formatter(scale.formatter)
    ax.yaxis.set_major_locator(scale.locator(5))
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    ax.grid(True)
    return scale
