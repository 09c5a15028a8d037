"""Errors and evaluation points against closed forms."""

import math

import pytest
import torch

from pinn.domains import Ball, Box, CenteredBall, Disk, TimeDomain
from pinn.training.accuracy import Reference, chunks, evaluation_points, grid, max_error, relative_l2, rms

LIKE = torch.zeros((), dtype=torch.float64)


def test_norms_by_hand() -> None:
    u, exact = torch.tensor([3.0, 4.0]), torch.tensor([3.0, 0.0])
    assert relative_l2(u, exact) == pytest.approx(4 / 3)
    assert max_error(u, exact) == 4
    assert rms(torch.tensor([3.0, 4.0])) == 5


def test_grid_spans_the_bounding_box() -> None:
    nodes = grid(Box((0, -1), (2, 1)), 5, LIKE)
    assert nodes.shape == (5, 5, 2)
    assert nodes[0, 0].tolist() == [0, -1]
    assert nodes[-1, -1].tolist() == [2, 1]


@pytest.mark.parametrize(
    "domain",
    [Box((0,), (1,)), Box(), Disk(), Ball(), Box((0,) * 5, (1,) * 5), TimeDomain(1.0, Disk())],
    ids=repr,
)
def test_evaluation_points_lie_inside_and_are_many(domain: Box) -> None:
    points = evaluation_points(domain, LIKE)
    assert domain.contains(points).all()
    assert len(points) >= 1000
    assert torch.equal(points, evaluation_points(domain, LIKE))


@pytest.mark.parametrize(("dimensions", "least"), [(300, 8192), (1000, 4096), (30_000, 64)])
def test_evaluation_points_are_bounded_in_many_dimensions(dimensions: int, least: int) -> None:
    """Also where the Sobol sequence ends."""
    domain = CenteredBall(dimensions=dimensions)
    points = evaluation_points(domain, LIKE)
    assert len(points) >= least
    assert points.numel() <= 2**22
    assert domain.contains(points).all()
    assert torch.equal(points, evaluation_points(domain, LIKE))
    assert torch.equal(torch.cat(chunks(points)), points)
    assert all(chunk.numel() <= 2**20 for chunk in chunks(points))


def test_reference() -> None:
    reference = Reference.of(Box(), lambda x: 1 + x[0], LIKE)
    assert reference.relative_l2(lambda x: 1 + x[0]) == 0
    assert reference.relative_l2(lambda x: 1.1 * (1 + x[0])) == pytest.approx(0.1)
    assert reference.max_error(lambda x: 1.1 * (1 + x[0])) == pytest.approx(0.2)
    assert not math.isnan(reference.max_error(lambda x: 0 * x[0]))
