"""Values at points and integrals, typed."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, BoundaryQuadrature, Box, Disk, Domain, LShape, PointsInTime, TimeDomain
from pinn.operators import Auto
from pinn.pdes import Expression
from pinn.typing import Field

F64 = torch.float64


def residual(pde: Expression, name: str, u: Field) -> Tensor:
    condition = next(condition for condition in pde.conditions() if condition.name == name)
    generator = torch.Generator().manual_seed(0)
    n = condition.region.size or 7
    sample = condition.region.sample(n, lambda n, k: torch.rand(n, k, generator=generator, dtype=F64))
    data = () if condition.given is None else (vmap(condition.given)(*sample),)
    return vmap(lambda *point: condition.residual(u, *point, strategy=Auto()))(*sample, *data)


def flow(**given: Any) -> Expression:
    equations = ["lap(u) = dx(p)", "lap(v) = dy(p)", "div([u, v]) = 0"]
    return Expression(Box(), equations, ["u", "v", "p"], boundary=["0", "0", None], **given)


def test_values_at_points_of_one_component() -> None:
    problem = flow(points=[{"at": [0, 0], "p": "2 + x"}, {"at": [0.5, 1], "u": 1, "v": "y"}])
    found = residual(problem, "point_1", lambda x: torch.stack([x[0], x[1], x[0] + 5]))
    torch.testing.assert_close(found, torch.tensor([[3.0]], dtype=F64))
    found = residual(problem, "point_2", lambda x: torch.stack([x[0], x[1], x[0]]))
    torch.testing.assert_close(found, torch.tensor([[-0.5, 0.0]], dtype=F64))


def test_a_point_at_one_instant_and_at_all_times() -> None:
    problem = Expression(
        Box((0.0,), (1.0,)),
        "dt(u) = lap(u)",
        initial="0",
        boundary=[],
        points=[{"at": [0.5, 1], "u": 0}, {"at": 1, "u": "t"}],
    )
    domain = problem.domain
    assert isinstance(domain, TimeDomain)
    torch.testing.assert_close(residual(problem, "point_1", lambda x: x[0] + x[1]), torch.tensor([1.5], dtype=F64))
    torch.testing.assert_close(residual(problem, "point_2", lambda x: x[0] * x[1]), torch.zeros(7, dtype=F64))
    (x,) = PointsInTime(domain, ((1.0,),)).from_uniform(torch.tensor([[0.0], [0.25]], dtype=F64))
    torch.testing.assert_close(x, torch.tensor([[0.0, 1.0], [0.25, 1.0]], dtype=F64))


def test_integrals_over_the_domain_and_the_boundary() -> None:
    """On the unit square ∫ x p = 1/3 for p = x, and ∮ ∂u/∂n = ∫ Δu = 4 for u = x² + y², 2 of it on the right."""
    problem = flow(
        integrals=[
            {"of": "x*p", "value": "1/3"},
            {"of": "dn(u)", "value": 4, "over": "boundary"},
            {"of": "dn(u)", "value": 2, "over": "right", "nodes": 3},
        ]
    )

    def u(x: Tensor) -> Tensor:
        return torch.stack([x @ x, x[0], x[0]])

    for k in range(3):
        torch.testing.assert_close(
            residual(problem, f"integral_{k + 1}", u), torch.zeros(1, dtype=F64), atol=1e-12, rtol=0
        )


def test_an_integral_at_every_instant() -> None:
    problem = Expression(
        Box((0.0,), (1.0,)), "dt(u) = lap(u)", initial="0", boundary=[], integrals=[{"of": "u", "value": "t/2"}]
    )
    found = residual(problem, "integral", lambda x: x[0] * x[1])
    torch.testing.assert_close(found, torch.zeros(7, dtype=F64), atol=1e-13, rtol=0)


@pytest.mark.parametrize(
    ("domain", "tag", "g", "value", "tolerance"),
    [
        (Disk(radius=2.0), None, lambda x: x[..., 0] ** 2, math.pi * 8, 1e-12),
        (Box((0, 0, 0), (1, 2, 3)), "top", lambda x: x[..., 0] * x[..., 1] ** 2, 0.5 * 8 / 3, 1e-12),
        (LShape(), None, lambda x: torch.ones_like(x[..., 0]), LShape().boundary_measure, 1e-12),
        (Box((0.0,), (1.0,)), "right", lambda x: x[..., 0], 1.0, 1e-12),
        (LShape(), "edge_0", lambda x: torch.ones_like(x[..., 0]), Boundary(LShape(), "edge_0").measure, 1e-2),
    ],
    ids=["disk", "face", "L", "end", "edge"],
)
def test_quadrature_on_boundaries(domain: Domain, tag: str | None, g: Field, value: float, tolerance: float) -> None:
    X, w, n = BoundaryQuadrature(domain, tag, 4).from_uniform(torch.zeros(1, 1, dtype=F64))
    assert float(w[0] @ g(X[0])) == pytest.approx(value, rel=tolerance)
    torch.testing.assert_close(n.norm(dim=-1), torch.ones_like(w))


WRONG: dict[str, dict[str, Any]] = {
    r"points\[0\]\.at=\[2, 0\] lies outside": {"points": [{"at": [2, 0], "p": 0}]},
    r"points\[0\]\.at=\[0\] is not valid: expected 2 finite": {"points": [{"at": [0], "p": 0}]},
    r"needs `at` and a value": {"points": [{"at": [0, 0]}]},
    r"points\[0\] speaks of 'q', which is no field": {"points": [{"at": [0, 0], "q": 0}]},
    r"integrals\[0\] needs `of` and `value`": {"integrals": [{"of": "p"}]},
    r"has no key 'on'": {"integrals": [{"of": "p", "value": 0, "on": "left"}]},
    r"'w' is not known": {"integrals": [{"of": "w", "value": 0}]},
    r"says nothing of u and v and p": {"integrals": [{"of": "x", "value": 0}]},
    r"no part 'nowhere'": {"integrals": [{"of": "p", "value": 0, "over": "nowhere"}]},
    r"nodes=0 is not valid": {"integrals": [{"of": "p", "value": 0, "nodes": 0}]},
    r"'x' is not known": {"integrals": [{"of": "p", "value": "x"}]},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_said(words: str) -> None:
    with pytest.raises(ValueError, match=words):
        flow(**WRONG[words])
