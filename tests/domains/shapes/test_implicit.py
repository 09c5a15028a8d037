"""Domains by a function that is negative inside, against closed forms."""

import math

import pytest
import torch
from torch import Tensor

from pinn.domains import Boundary, Implicit, Interior
from pinn.pdes import Expression

F64 = torch.float64
DISK = Implicit("x**2 + y**2 - 1", (-1.2, -1.1), (1.1, 1.3))


GENERATOR = torch.Generator().manual_seed(0)


def draw(n: int, k: int) -> Tensor:
    return torch.rand(n, k, dtype=F64, generator=GENERATOR)


def torus(x: Tensor) -> Tensor:
    return ((x[..., :2].square().sum(-1) + 1e-12).sqrt() - 1).square() + x[..., 2] ** 2 - 0.09


CASES = {
    "disk": (DISK, math.pi, 2 * math.pi),
    "distance": (Implicit("sqrt(x**2 + y**2 + 1e-12) - 1", (-1.5, -1.2), (1.5, 1.2)), math.pi, 2 * math.pi),
    "ball": (Implicit("x**2 + y**2 + z**2 - 1", (-1.1,) * 3, (1.1,) * 3), 4 * math.pi / 3, 4 * math.pi),
    "rectangle": (Implicit("max(abs(x) - 0.5, abs(y) - 0.25)", (-1, -1), (1, 1)), 0.5, 3.0),
    "interval": (Implicit("abs(x) - 1", (-2,), (2,)), 2.0, 2.0),
    "torus": (
        Implicit(torus, (-1.4, -1.4, -0.4), (1.4, 1.4, 0.4), smooth_function=True),
        2 * math.pi**2 * 0.09,
        4 * math.pi**2 * 0.3,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_measures_and_points(name: str) -> None:
    domain, measure, boundary = CASES[name]
    assert domain.measure == pytest.approx(measure, rel=1e-3 if name == "torus" else 2e-5)
    assert domain.boundary_measure == pytest.approx(boundary, rel=5e-3)
    x, normal = Boundary(domain).sample(400, draw)
    torch.testing.assert_close(domain.distance(x), torch.zeros(400, dtype=F64), rtol=0, atol=1e-9)
    torch.testing.assert_close(normal.norm(dim=1), torch.ones(400, dtype=F64))
    assert domain.contains(x - 1e-4 * normal).all()
    assert not domain.contains(x + 1e-4 * normal).any()
    assert domain.contains(Interior(domain).sample(400, draw)[0]).all()


def test_boundary_points_are_exact_and_uniform() -> None:
    x, normal = Boundary(DISK).sample(40_000, draw)
    torch.testing.assert_close(x.norm(dim=1), torch.ones(len(x), dtype=F64), rtol=0, atol=1e-14)
    torch.testing.assert_close(normal, x, rtol=0, atol=1e-13)
    counts = torch.histc(torch.atan2(x[:, 1], x[:, 0]), 20)
    assert (counts / 2000 - 1).abs().max() < 0.08


def test_kinks_of_a_formula_are_seen() -> None:
    assert DISK.smooth
    assert not CASES["rectangle"][0].smooth
    assert not Implicit(torus, (-1.4, -1.4, -0.4), (1.4, 1.4, 0.4)).smooth
    soft = Expression(DISK, "lap(u) = 1", boundary="1")
    assert [condition.name for condition in soft.soft_conditions()] == ["interior", "boundary"]
    assert len(Expression(DISK, "lap(u) = 1", boundary="0").soft_conditions()) == 1


def test_it_combines_with_others_and_has_parts() -> None:
    upper = DISK.tagged(roof="y > 0 and ny > 0.5")
    _, normal = Boundary(upper, "roof").sample(50, draw)
    assert (normal[:, 1] > 0.5).all()
    holed = DISK - Implicit("x**2 + y**2 - 0.25", (-1, -1), (1, 1))
    assert holed.measure == pytest.approx(0.75 * math.pi, rel=2e-3)
    assert holed.boundary_measure == pytest.approx(3 * math.pi, rel=5e-3)


WRONG = {
    "is inside of": ("x**2 + y**2 - 1", (-0.5, -0.5), (0.5, 0.5)),
    "is outside of": ("x**2 + y**2 + 1", (-1, -1), (1, 1)),
    "cuts .* off": ("x**2 + y**2 - 1", (-0.9, -1.1), (1.1, 1.1)),
    "is not finite everywhere": ("log(x)", (-1, -1), (1, 1)),
    "'z' is not known": ("x + z", (-1, -1), (1, 1)),
    "finite lower < upper": ("x + y", (1, -1), (1, 1)),
    "no formula": ("x +", (-1, -1), (1, 1)),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_bounds_no_domain_is_refused(words: str) -> None:
    function, lower, upper = WRONG[words]
    with pytest.raises(ValueError, match=words):
        Implicit(function, lower, upper)
