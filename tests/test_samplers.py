"""Samplers: counts, seeds, spread, redraws."""

import inspect

import pytest
import torch

import pinn.samplers
from pinn.domains import Box
from pinn.pdes import Heat, Poisson
from pinn.samplers import Sampler, Sobol, Uniform

CLASSES = [cls for _, cls in inspect.getmembers(pinn.samplers, inspect.isclass)]
SHIPPED = [cls for cls in CLASSES if issubclass(cls, Sampler) and cls is not Sampler]
EACH = pytest.mark.parametrize("sampler", SHIPPED)
LIKE = torch.zeros((), dtype=torch.float64)


@EACH
def test_counts_and_dtype(sampler: type[Sampler]) -> None:
    conditions = Heat(hard=False).conditions()
    samples = sampler(interior=37, boundary=11).sample(conditions, torch.Generator().manual_seed(0), LIKE)
    assert {name: sample[0].shape for name, sample in samples.items()} == {
        "interior": (37, 2),
        "initial": (11, 2),
        "boundary": (11, 2),
    }
    assert all(part.dtype == torch.float64 for sample in samples.values() for part in sample)


@EACH
def test_same_seed_same_points_and_new_points_when_drawn_again(sampler: type[Sampler]) -> None:
    conditions = Poisson().conditions()

    def draw(generator: torch.Generator) -> torch.Tensor:
        return sampler().sample(conditions, generator, LIKE)["interior"][0]

    generator = torch.Generator().manual_seed(5)
    first, second = draw(generator), draw(generator)
    assert torch.equal(first, draw(torch.Generator().manual_seed(5)))
    assert not torch.equal(first, second)


@EACH
def test_coordinates_of_time_and_space_are_independent(sampler: type[Sampler]) -> None:
    """One sequence serves all coordinates of a point; two sequences for time and space would be correlated."""
    samples = sampler(interior=4096).sample(Heat().conditions(), torch.Generator().manual_seed(0), LIKE)
    assert torch.corrcoef(samples["interior"][0].T)[0, 1].abs() < 0.05


def test_sobol_integrates_better_than_chance() -> None:
    """∫ sin(πx) sin(πy) = 4/π² on the unit square."""

    def error(sampler: Sampler) -> float:
        errors = []
        for seed in range(10):
            generator = torch.Generator().manual_seed(seed)
            (x,) = sampler.sample(Poisson(Box()).conditions()[:1], generator, LIKE)["interior"]
            errors.append(float(torch.sin(torch.pi * x).prod(1).mean() - 4 / torch.pi**2) ** 2)
        return sum(errors) ** 0.5

    assert error(Sobol(1024)) < 0.1 * error(Uniform(1024))


@EACH
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"interior": 0}, "interior >= 1 points, got interior=0"),
        ({"boundary": -5}, "boundary >= 1 points, got boundary=-5"),
        ({"every": -1}, "every >= 0"),
    ],
)
def test_refuses(sampler: type[Sampler], arguments: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError) as error:
        sampler(**arguments)
    assert words in str(error.value)
