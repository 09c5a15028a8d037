"""The band of an inverse run, from its folder alone."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pinn import load_run
from pinn.cli import info, plot
from pinn.operators import laplacian
from pinn.runs import noise_band
from pinn.runs.posterior import band_of
from pinn.runs.uncertainty import found_fields, found_solution
from tests.pdes.derived.test_inverse import DARCY, solved
from tests.trained_run import trained_run

SMALL = ["network.width=8", "network.depth=2", "sampler.interior=60", "sampler.boundary=20", "threads=1"]


def trained(folder: Path, *arguments: str) -> Path:
    return trained_run(folder, *SMALL, *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs") / "run", "pde=inverse_heat", "optimizer=lm", "steps=25")


def test_it_is_the_band_of_the_training(folder: Path) -> None:
    """The same field as the run, and the deviations that the summary has of the end of training."""
    run = load_run(folder)
    band = noise_band(run)
    x = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(band.mean(x), run(x))
    number = run.summary["unknowns"]["diffusivity"]["deviation"]
    torch.testing.assert_close(
        band.deviation(x)[:, 1], torch.full((50,), number, dtype=torch.float64), rtol=1e-6, atol=0
    )
    lower, upper = band.interval(0.95)
    torch.testing.assert_close(upper(x) - lower(x), 2 * 1.959963985 * band.deviation(x))


def test_it_takes_points_as_a_run_does(folder: Path) -> None:
    band = noise_band(load_run(folder))
    grid = np.random.default_rng(0).random((3, 4, 2))
    values = band.deviation(grid)
    assert isinstance(values, np.ndarray)
    assert values.shape == (3, 4, 2)
    one = band.deviation(torch.from_numpy(grid[1, 2]))
    np.testing.assert_allclose(one.numpy(), values[1, 2], rtol=1e-9)
    np.testing.assert_array_equal(band(grid), band.mean(grid))
    assert laplacian(band.mean, torch.from_numpy(grid[0, 0])).shape == (2,)


def test_a_picture_is_drawn_and_the_figures_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (folder / "band.png").is_file()
    band = load_run(folder).summary["bands"]["u"]
    assert 0 < band["median_half_width"] < 0.01
    assert 0 <= band["coverage"] <= 1
    assert info.main([str(folder)]) == 0
    assert f"band      u: 95 % band ± {band['median_half_width']:.1e} in the median" in capsys.readouterr().out
    plot.main(["band", str(folder), "--format", "svg"])
    assert (folder / "band.svg").is_file()


@pytest.mark.slow
def test_an_unknown_field_has_a_band_as_well() -> None:
    step = solved(DARCY, steps=40, width=12, points=200)
    x = next(iter(step.objective.samples.values()))[0]
    (u,) = found_solution(step.objective, step.params, x).values()
    (k,) = found_fields(step.objective, step.params, x).values()
    assert not u.why
    assert u.coverage > 0.7
    deviations = band_of(step).deviation(x)
    torch.testing.assert_close(deviations, torch.stack([u.deviations, k.deviations], 1))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pde=heat"], "has no data"),
        (["pde=inverse_heat"], "has not converged"),
        (["pde=inverse_heat", "optimizer=adam", "seeds=2"], "no checkpoint"),
    ],
)
def test_runs_without_a_band(words: list[str], said: str, tmp_path: Path) -> None:
    run = load_run(trained(tmp_path / "run", "optimizer=lm", *words, "steps=3", "plots=false"))
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        noise_band(run)
