"""The media of configurations are those of the references."""

from pathlib import Path

import numpy as np
import torch
from omegaconf import OmegaConf

from benchmarks.pinnacle import media
from benchmarks.pinnacle.problems import CONFIGS
from pinn.expressions import Formula, Names

NAMES = Names(space=2, time=False)
RNG = np.random.default_rng(3)


def coefficients(name: str) -> dict[str, str]:
    return dict(OmegaConf.load(Path(CONFIGS / f"{name}.yaml")).pde.coefficients)


def values(text: str, points: np.ndarray) -> np.ndarray:
    return Formula.of(text, NAMES)(torch.from_numpy(points)).numpy()


def test_conductivity_and_speed_are_those_of_the_references() -> None:
    unit, square = RNG.random((50, 2)), 2 * RNG.random((50, 2)) - 1
    heat, wave = coefficients("heat_varying"), coefficients("wave_heterogeneous")
    np.testing.assert_allclose(values(heat["a"], unit), np.exp(media.gaussian(0, *unit.T)), rtol=1e-12)
    field = media.gaussian(1, *((square.T + 1) / 2))
    np.testing.assert_array_equal(values(wave["c"], square), np.where(field > 0, 12, 1))
    assert (field > 0).any()
    assert (field < 0).any()


def test_the_areas_are_those_of_the_references() -> None:
    points = 20 * RNG.random((200, 2)) - 10
    for name, table in (("a", media.CONDUCTIVITIES), ("b", media.SOURCES), ("c", media.WAVES)):
        text = coefficients("poisson_many_area")[name]
        np.testing.assert_allclose(values(text, points), media.areas(table, *points.T), rtol=1e-6)


def test_a_field_has_variance_one() -> None:
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(32) / 32, np.arange(32) / 32))
    assert abs(media.gaussian(0, x, y).std() - 1) < 1e-2
