"""Values built in on parts of combined shapes."""

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Ball, Boundary, Box, Disk, Domain, Interior
from pinn.pdes import Expression, dirichlet, enforce

F64 = torch.float64
SQUARE = Box((-1.0, -1.0), (1.0, 1.0))
PLATE = SQUARE - Disk((0.1, 0.0), 0.4)
SEVERAL = PLATE - Disk((-0.7, 0.7), 0.1) - Disk((0.8, -0.7), 0.1)
SOLID = Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)) - Ball((0.0, 0.0, 0.0), 0.5)


def draw(n: int, k: int) -> Tensor:
    return torch.rand(n, k, dtype=F64, generator=torch.Generator().manual_seed(n + k))


def network(x: Tensor) -> Tensor:
    return torch.cos(3 * x.sum())


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (PLATE, {"first": lambda x: x[..., 0] * x[..., 1], "second": lambda x: 2 + x[..., 0]}),
        (PLATE, {"second": lambda x: torch.exp(x[..., 1])}),
        (PLATE, {"first.left": lambda x: 1 + x[..., 1], "second": lambda x: 0 * x[..., 0]}),
        (SEVERAL, {"first.first.second": lambda x: x[..., 0], "second": lambda x: 3 + 0 * x[..., 0]}),
        (SOLID, {"first": lambda x: x[..., 0], "second": lambda x: x[..., 1] * x[..., 2]}),
    ],
    ids=["both", "hole", "face and hole", "two of three holes", "solid"],
)
def test_values_hold_on_their_parts_whatever_the_network_says(domain: Domain, values: dict) -> None:
    conditions = [dirichlet(Boundary(domain, tag), g, name=tag) for tag, g in values.items()]
    u = enforce(conditions)(network)
    for condition, g in zip(conditions, values.values(), strict=True):
        region = condition.region
        assert isinstance(region, Boundary)
        assert region.smooth
        x, _ = region.sample(200, draw)
        torch.testing.assert_close(vmap(u)(x), vmap(g)(x), rtol=1e-10, atol=1e-10)
    (inside,) = Interior(domain).sample(200, draw)
    moved = enforce(conditions)(lambda x: network(x) + 1)
    assert ((vmap(moved)(inside) - vmap(u)(inside)) > 0).all()


def test_a_typed_problem_builds_them_in() -> None:
    problem = Expression(PLATE, "lap(u) = 0", boundary={"first": "0", "second": "1"})
    assert not problem.softened
    assert [condition.name for condition in problem.soft_conditions()] == ["interior"]


@pytest.mark.parametrize(
    ("domain", "tag"),
    [
        (SQUARE | Box((0.0, 0.0), (2.0, 0.5)), "first.right"),
        (SQUARE - Box((-0.3, -0.3), (0.3, 0.3)), "first.left"),
        (SQUARE - Disk((1.0, 0.0), 0.4), "first.right"),
        (SQUARE - Disk((1.0, 0.0), 0.4), "second"),
        (SEVERAL, "first"),
    ],
    ids=["it goes on inside", "a hole with corners", "a face that is cut", "an arc", "of several"],
)
def test_where_a_part_knows_none_values_are_penalised(domain: Domain, tag: str) -> None:
    assert not Boundary(domain, tag).smooth
