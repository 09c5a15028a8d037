"""The mean of several fields and their band, against numbers by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pinn.operators import Auto, laplacian
from pinn.pdes import PDE, Heat, Poisson, Stokes
from pinn.runs.ensemble import Ensemble, told
from pinn.runs.quantiles import student
from pinn.runs.run import Run
from pinn.typing import Field

POINT = torch.tensor([0.3, 0.7], dtype=torch.float64)


def run_of(field: Field, pde: PDE | None = None) -> Run:
    """A run whose field is a formula."""
    return Run(Path("run"), pde or Poisson(), nn.Linear(2, 1).double(), Auto(), {}, {}, field)


def planes(*slopes: float) -> Ensemble:
    """Fields u_k = c_k (x² + y)."""

    def plane(c: float) -> Field:
        return lambda x: c * (x[0] ** 2 + x[1])

    return Ensemble({seed: run_of(plane(c)) for seed, c in enumerate(slopes)})


def test_mean_deviation_and_interval_are_those_of_textbooks() -> None:
    ensemble, size = planes(1.0, 2.0, 6.0), 0.3**2 + 0.7
    spread = math.sqrt((4 + 1 + 9) / 2) * size
    assert float(ensemble.mean(POINT)) == pytest.approx(3 * size, rel=1e-12)
    assert float(ensemble(POINT)) == float(ensemble.mean(POINT))
    assert float(ensemble.deviation(POINT)) == pytest.approx(spread, rel=1e-12)
    lower, upper = ensemble.interval(0.95)
    width = 4.302652729911275 * math.sqrt(4 / 3) * spread
    assert float(upper(POINT)) == pytest.approx(3 * size + width, rel=1e-9)
    assert float(lower(POINT)) == pytest.approx(3 * size - width, rel=1e-9)


def test_it_takes_points_as_a_run_does() -> None:
    ensemble = planes(1.0, 3.0)
    grid = torch.rand(4, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for field in (ensemble, ensemble.mean, ensemble.deviation, *ensemble.interval()):
        values = field(grid)
        assert values.shape == (4, 5)
        assert isinstance(field(grid.numpy()), np.ndarray)
        np.testing.assert_allclose(field(grid.numpy()), values.numpy())
        torch.testing.assert_close(field(grid[1, 2]), values[1, 2])
    assert ensemble([[0.3, 0.7]]).shape == (1,)
    with pytest.raises(ValueError, match="2 coordinates"):
        ensemble(torch.zeros(3))


def test_the_mean_is_a_field_that_operators_differentiate() -> None:
    assert float(laplacian(planes(1.0, 2.0, 6.0).mean, POINT)) == pytest.approx(6.0)


def test_one_more_value_lies_in_the_interval_as_often_as_it_says() -> None:
    """20 000 ensembles of four normal numbers with a fifth: 95 % within three deviations of counting."""
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(5, 20_000, generator=generator, dtype=torch.float64)
    members, other = numbers[:4], numbers[4]
    width = student(0.95, 3) * math.sqrt(1 + 1 / 4) * members.std(0)
    held = float(((other - members.mean(0)).abs() <= width).double().mean())
    assert held == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 20_000))


def test_figures_and_arrays_are_those_of_the_points() -> None:
    pde = Heat()
    exact = pde.exact
    assert exact is not None

    def times(c: float) -> Field:
        return lambda x: c * exact(x)

    runs = {seed: run_of(times(c), pde) for seed, c in {5: 1.01, 6: 1.02, 7: 1.03}.items()}
    samples = Ensemble(runs).samples()
    found, arrays = samples.figures(), samples.arrays()
    assert found["seeds"] == [5, 6, 7]
    assert found["rel_l2"]["mean"] == pytest.approx(0.02)
    assert found["rel_l2"]["members"] == {5: pytest.approx(0.01), 6: pytest.approx(0.02), 7: pytest.approx(0.03)}
    assert found["scatter"] == pytest.approx(0.01 / 1.02)
    assert found["coverage"] == 1.0  # 0.02 < 4.30 · √(4/3) · 0.01, also where all of them are 0
    np.testing.assert_allclose(arrays["deviation"], 0.01 * np.abs(arrays["exact"]), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(arrays["members"].mean(0), arrays["mean"], rtol=1e-12)
    np.testing.assert_allclose(arrays["upper"] - arrays["lower"], 2 * 4.968274 * arrays["deviation"], rtol=1e-6)
    assert arrays["seeds"].tolist() == [5, 6, 7]


def test_an_error_that_all_share_lies_outside_the_band_and_is_spoken_of() -> None:
    pde = Heat()
    exact = pde.exact
    assert exact is not None

    def times(c: float) -> Field:
        return lambda x: c * exact(x)

    runs = {seed: run_of(times(1.1 + 1e-4 * seed), pde) for seed in range(3)}
    found = Ensemble(runs).samples().figures()
    assert found["coverage"] < 0.05  # the boundary, where the solution is 0
    estimate = {"known": True, "relative_l2": 0.1}
    assert told({**found, "error_estimate": estimate})[-1].endswith("at 1.0e-01, so the band is too narrow.")
    assert not told({**found, "error_estimate": {"known": True, "relative_l2": 1e-4}})[-1].endswith("too narrow.")
    assert "no estimate" in told(found)[-1]


def test_fields_of_several_components() -> None:
    def flow(c: float) -> Field:
        def u(x: Tensor) -> Tensor:
            return c * torch.stack([x[0], x[1], x[0] * x[1]])

        return u

    ensemble = Ensemble({seed: run_of(flow(1.0 + seed), Stokes()) for seed in range(2)})
    assert ensemble.mean(torch.ones(7, 2, dtype=torch.float64)).shape == (7, 3)
    torch.testing.assert_close(
        ensemble.deviation(POINT), math.sqrt(0.5) * torch.tensor([0.3, 0.7, 0.21], dtype=torch.float64)
    )
    assert len(ensemble.samples().figures()["components"]) == 3


def test_fewer_than_two_runs_and_runs_of_another_problem_are_refused() -> None:
    with pytest.raises(ValueError, match="at least two runs, got 1"):
        planes(1.0)
    other = run_of(lambda x: torch.stack([x[0], x[1], x[0]]), Stokes())
    with pytest.raises(ValueError, match="runs of one problem"):
        Ensemble({0: planes(1.0, 2.0).first, 1: other})
