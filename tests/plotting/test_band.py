"""The pictures of a field with its band: what they show is what was computed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pinn.networks import Unknown
from pinn.operators import Auto
from pinn.pdes import PDE, HarmonicOscillator, Heat, Inverse, Poisson, Stokes
from pinn.plotting.band import band_picture, plot_band
from pinn.runs.band import Band
from pinn.runs.run import Run
from pinn.training.solution import Solution
from pinn.typing import Field

LIKE = torch.zeros((), dtype=torch.float64)


def picture_of(pde: PDE, u: Field, deviation: Field):
    d = pde.domain.dim
    run = Run(Path("run"), pde, nn.Linear(d, 1).double(), Auto(), {}, {}, u)
    return run, Band(Solution(u, d, LIKE), Solution(deviation, d, LIKE), lambda level: 2.0)


def test_a_line_has_its_band_and_the_error_in_it() -> None:
    pde = HarmonicOscillator()
    exact = pde.exact
    assert exact is not None

    def shifted(x: Tensor) -> Tensor:
        return exact(x) + torch.tensor([0.1, 0.0], dtype=x.dtype)

    figure = band_picture(*picture_of(pde, shifted, lambda x: 0.2 + 0 * exact(x)), "title", points=11)
    axes: list[Any] = figure.axes
    above, below = axes
    exact_line: Any = next(line for line in above.lines if line.get_label() == "exact")
    mean: Any = next(line for line in above.lines if line.get_label() == "mean")
    np.testing.assert_allclose(mean.get_ydata() - exact_line.get_ydata(), 0.1, atol=1e-12)
    np.testing.assert_allclose(below.lines[0].get_ydata(), 0.1, atol=1e-12)
    corners = below.collections[0].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (pytest.approx(-0.4), pytest.approx(0.4))
    edge = above.collections[0].get_paths()[0].vertices[:, 1]
    assert edge.max() == pytest.approx(float(mean.get_ydata().max()) + 0.4)
    assert figure.get_suptitle() == "title"


def test_maps_show_mean_half_width_and_error() -> None:
    pde = Poisson()
    exact = pde.exact
    assert exact is not None
    figure = band_picture(*picture_of(pde, lambda x: 1.1 * exact(x), lambda x: x[0]), points=5)
    maps: list[Any] = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in maps] == ["Mean $u$", "95 % band, half width $u$", "Error $u - u^{\\!*}$"]
    x = np.linspace(0, 1, 5)
    np.testing.assert_allclose(maps[1].images[0].get_array(), np.tile(2 * x, (5, 1)), atol=1e-12)
    np.testing.assert_allclose(maps[2].images[0].get_array(), maps[0].images[0].get_array() / 11, atol=1e-12)


def test_components_have_rows_and_unknown_numbers_have_none(tmp_path: Path) -> None:
    flow = picture_of(Stokes(), lambda x: torch.stack([x[0], x[1], x[0]]), lambda x: torch.stack([x[0], x[1], x[1]]))
    assert len([ax for ax in band_picture(*flow, points=4).axes if ax.images]) in (6, 9)
    inverse = Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)})
    run, band = picture_of(inverse, lambda x: torch.stack([x[0], 0.1 + 0 * x[0]]), lambda x: torch.stack([x[1], x[1]]))
    assert len([ax for ax in band_picture(run, band, points=4).axes if ax.images]) == 3
    (file,) = plot_band(run, band, tmp_path / "band", title="", points=4, format="pdf")
    assert file == tmp_path / "band.pdf"
    assert file.read_bytes().startswith(b"%PDF")
