"""Many domains combined at once, and in a chain."""

import math
import time

import pytest
import torch
from torch import Tensor

from pinn.domains import Boundary, Box, Difference, Disk, Domain, Interior, Intersection, Union

SQUARE = Box((-1.0, -1.0), (1.0, 1.0))
HOLES = [Disk((-0.8 + 0.4 * (k % 5), -0.8 + 0.4 * (k // 5)), 0.1) for k in range(17)]


def chain(holes: list[Disk]) -> Domain:
    domain: Domain = SQUARE
    for hole in holes:
        domain = domain - hole
    return domain


def center(hole: Disk) -> Tensor:
    return torch.tensor(hole.center, dtype=torch.float64)


def draw(n: int, k: int) -> Tensor:
    return torch.rand(n, k, dtype=torch.float64, generator=torch.Generator().manual_seed(n))


@pytest.mark.parametrize("domain", [Difference(SQUARE, HOLES[0], HOLES[1:]), chain(HOLES)], ids=["at once", "chain"])
def test_many_holes(domain: Domain) -> None:
    """Area and perimeter in closed form; points on the boundary have distance 0 from it and normals out of it."""
    assert domain.measure == pytest.approx(4 - 17 * 0.01 * math.pi, rel=1e-3)
    assert domain.boundary_measure == pytest.approx(8 + 17 * 0.2 * math.pi, rel=1e-12)
    x, normal = Boundary(domain).sample(500, draw)
    assert domain.contains(x - 1e-6 * normal).all()
    assert not domain.contains(x + 1e-6 * normal).any()
    on_hole = torch.stack([(x - center(hole)).norm(dim=1) - 0.1 for hole in HOLES]).abs().amin(0) < 1e-12
    assert (on_hole | (x.abs().amax(1) == 1)).all()
    assert float(on_hole.double().mean()) == pytest.approx(17 * 0.2 * math.pi / (8 + 17 * 0.2 * math.pi), abs=0.08)
    (inside,) = Interior(domain).sample(500, draw)
    assert domain.contains(inside).all()


def test_a_chain_and_one_difference_are_the_same_points() -> None:
    u = torch.rand(300, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    at_once = Difference(SQUARE, HOLES[0], HOLES[1:6])
    for a, b in zip(at_once.boundary(u), chain(HOLES[:6]).boundary(u), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


def test_the_cost_grows_no_faster_than_the_number_of_parts() -> None:
    def seconds(n: int) -> float:
        domain = chain(HOLES[:n])
        best = math.inf
        for _ in range(3):
            start = time.perf_counter()
            domain.boundary(torch.rand(4000, domain.boundary_sample_dim, dtype=torch.float64))
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(16) < 12 * seconds(4)


def test_parts_by_name() -> None:
    domain = Difference(SQUARE, HOLES[0], HOLES[1:3])
    assert [tag for tag in domain.tags if "." not in tag] == ["first", "second", "part_3", "part_4"]
    for name, hole in zip(("second", "part_3", "part_4"), HOLES, strict=False):
        x, _ = Boundary(domain, name).sample(20, draw)
        torch.testing.assert_close((x - center(hole)).norm(dim=1), torch.full_like(x[:, 0], 0.1))
    x, normal = Boundary(chain(HOLES[:2]), "first.first.top").sample(20, draw)
    assert (x[:, 1] == 1).all()
    assert (normal[:, 1] == 1).all()


def test_unions_and_intersections_of_many() -> None:
    row = Union(Box((-0.1, 0.0), (1.1, 1.0)), Box((0.9, 0.0), (2.1, 1.0)), [Box((1.9, 0.0), (3.0, 1.0))])
    assert row.bounds == ((-0.1, 0.0), (3.0, 1.0))
    assert row.measure == pytest.approx(3.1, rel=2e-3)
    assert row.boundary_measure == pytest.approx(8.2, rel=2e-3)
    x = torch.tensor([[1.5, 0.5], [3.5, 0.5]], dtype=torch.float64)
    assert (row.level_set(x) > 0).tolist() == [True, False]
    core = Intersection(SQUARE, Disk(radius=1.2), [Box((0.0, -2.0), (2.0, 2.0))])
    assert core.contains(torch.tensor([[0.9, 0.9], [0.5, 0.5], [-0.5, 0.0]])).tolist() == [False, True, False]
    assert core.bounds == ((0.0, -1.0), (1.0, 1.0))
    with pytest.raises(ValueError, match="is empty"):
        Intersection(SQUARE, Disk(), [Disk((3.0, 0.0))])
    with pytest.raises(ValueError, match="got d=2 and d=1"):
        Union(SQUARE, SQUARE, [Box((0.0,), (1.0,))])
