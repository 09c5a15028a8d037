"""Domains against closed forms, and what their constructors refuse."""

import math

import pytest
import torch
from torch import Tensor

from pinn.domains import Ball, Box, CenteredBall, Disk, Domain, Interior, PointSet, Region, TimeDomain


def test_measures() -> None:
    assert Box((0, 0, 0), (1, 2, 3)).measure == 6
    assert Box((0, 0, 0), (1, 2, 3)).boundary_measure == 22
    assert Box((0,), (5,)).boundary_measure == 2
    assert Disk(radius=2).measure == pytest.approx(4 * math.pi)
    assert Ball(radius=2).boundary_measure == pytest.approx(16 * math.pi)
    assert Ball(center=(0, 0, 0, 0)).measure == pytest.approx(math.pi**2 / 2)
    assert CenteredBall(dimensions=400).measure == pytest.approx(0, abs=1e-200)
    assert TimeDomain(3, Disk()).boundary_measure == pytest.approx(6 * math.pi)


def test_distance_is_one_at_the_centre() -> None:
    assert Box((0, 2), (1, 4)).distance(torch.tensor([0.5, 3.0])) == 1
    assert Disk((1, 1), 3).distance(torch.tensor([1.0, 1.0])) == 1


def test_transfinite_interpolation_reproduces_bilinear_data() -> None:
    """Coons' patch is exact for functions that are linear in each coordinate."""

    def g(x: Tensor) -> Tensor:
        return 1 + 2 * x[0] - x[1] + 3 * x[0] * x[1]

    x = torch.tensor([0.3, 0.8], dtype=torch.float64)
    torch.testing.assert_close(Box((0, 0), (2, 1)).extend(g)(x), g(x))


def test_chord_extension_is_smooth_at_the_poles() -> None:
    x = torch.tensor([0.0, 1.0], dtype=torch.float64)
    assert Disk().extend(lambda y: y[0] + y[1])(x) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Box((0, 1), (1, 1)), "lower < upper"),
        (lambda: Box((0, 2), (1, 1)), "upper=(1.0, 1.0)"),
        (lambda: Box((0,), (1, 1)), "1 and 2 coordinates"),
        (lambda: Box((), ()), "d >= 1"),
        (lambda: Box((0, math.nan), (1, 1)), "finite"),
        (lambda: Box((0, 0), (1, math.inf)), "finite"),
        (lambda: Disk(radius=0), "radius > 0, got 0"),
        (lambda: Disk(radius=-1), "radius > 0, got -1"),
        (lambda: Disk(center=(0, 0, 0)), "two coordinates"),
        (lambda: Ball(center=()), "finite coordinates"),
        (lambda: CenteredBall(dimensions=0), "dimensions >= 1"),
        (lambda: Ball(center=(math.inf, 0)), "finite coordinates"),
        (lambda: TimeDomain(duration=0), "duration > 0"),
        (lambda: TimeDomain(duration=math.inf), "duration > 0"),
        (lambda: Box((0,) * 6, (1,) * 6).extend(lambda x: x[0]), "hard=False"),
    ],
)
def test_refuses(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


class Sparse(Region):
    """A region that most candidates miss."""

    def __init__(self, share: float) -> None:
        self.share = share

    @property
    def sample_dim(self) -> int:
        return 1

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return (torch.where(u < self.share, u, math.nan),)


def test_sampling_draws_again_until_it_has_enough() -> None:
    generator = torch.Generator().manual_seed(0)
    (x,) = Sparse(0.1).sample(100, lambda n, k: torch.rand(n, k, generator=generator))
    assert x.shape == (100, 1)
    assert (x < 0.1).all()


def test_an_empty_region_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty or almost so"):
        Sparse(0.0).sample(10, torch.rand)


def test_point_set_repeats_its_points() -> None:
    (x,) = PointSet(((0.0, 1.0), (2.0, 3.0))).sample(3, torch.rand)
    assert x.tolist() == [[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]


def test_regions_are_values() -> None:
    domain: Domain = Box()
    assert Interior(domain) == Interior(Box())
