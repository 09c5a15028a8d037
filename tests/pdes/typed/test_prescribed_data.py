"""Conditions on the boundary that speak of the solution: Robin's, radiation, outgoing waves, slip, one component."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Box, Disk
from pinn.operators import Auto, Strategy
from pinn.pdes import PDE, Condition, Expression
from pinn.typing import Field

F64 = torch.float64
ROD = Box((0.0,), (2.0,))
SIGMA = 5.67e-8


def residual(pde: PDE, name: str, u: Field, strategy: Strategy | None = None) -> Tensor:
    """The residuals (N, k) of a condition at twenty points of its region."""
    condition = named(pde, name)
    generator = torch.Generator().manual_seed(0)
    sample = condition.region.sample(20, lambda n, k: torch.rand(n, k, generator=generator, dtype=F64))
    data = () if condition.given is None else (vmap(condition.given)(*sample),)
    found = vmap(lambda *point: condition.residual(u, *point, strategy=strategy or Auto()))(*sample, *data)
    return found.reshape(20, -1)


def named(pde: PDE, name: str) -> Condition:
    return next(condition for condition in pde.conditions() if condition.name == name)


def zero(found: Tensor, size: float = 1.0) -> None:
    torch.testing.assert_close(found, torch.zeros_like(found), rtol=0.0, atol=1e-12 * size)


def test_a_rod_that_gives_off_heat() -> None:
    """−u″ = 0 with u(0) = 100 and u′(2) = −3(u − 20): u = 100 − s x, with s = 3(80 − 2s), s = 240/7."""
    problem = Expression(
        ROD, "dx(dx(u)) = 0", boundary={"left": "100"}, flux={"right": "-h*(u-20)"}, coefficients={"h": 3}
    )
    zero(residual(problem, "flux_right", lambda x: 100 - 240 / 7 * x[0]), 100)
    assert residual(problem, "flux_right", lambda x: 100 - 30 * x[0]).abs().min() > 10


def test_a_rod_that_radiates() -> None:
    """u = u₀ − s x with s = σ(u(2)⁴ − 300⁴), from a u(2) that is chosen."""
    problem = Expression(ROD, "dx(dx(u)) = 0", boundary={"left": "700"}, flux={"right": "-5.67e-8*(u**4-300**4)"})
    s = SIGMA * (600.0**4 - 300.0**4)
    zero(residual(problem, "flux_right", lambda x: 600 + s * (2 - x[0])), 1e4)


def test_a_wave_that_leaves(strategy: Strategy) -> None:
    """sin(x − t) goes to the right: at the right end ∂u/∂n = −u_t, at the left ∂u/∂n = u_t, and no other way round."""
    problem = Expression(
        ROD,
        "dt(dt(u)) = lap(u)",
        initial="sin(x)",
        initial_velocity="-cos(x)",
        flux={"left": "dt(u)", "right": "-dt(u)"},
    )

    def wave(x: Tensor) -> Tensor:
        return torch.sin(x[1] - x[0])

    zero(residual(problem, "flux_left", wave, strategy))
    zero(residual(problem, "flux_right", wave, strategy))
    assert residual(problem, "flux_right", lambda x: torch.sin(x[1] + x[0])).abs().max() > 0.5


def test_equations_with_the_normal_on_a_curved_boundary() -> None:
    """A rigid rotation slips along a disk, u·n = 0, and x² + y² has the normal derivative 2 there."""
    problem = Expression(
        Disk(),
        ["lap(u) = 0", "lap(v) = 0", "lap(p) = 4"],
        ["u", "v", "p"],
        boundary_equation={"boundary": ["u*nx + v*ny = 0", "dn(p) = 2*p", "dn(u) = nx*dx(u) + ny*dy(u)"]},
    )
    found = residual(problem, "boundary_equation_boundary", lambda x: torch.stack([-x[1], x[0], x @ x]))
    assert found.shape == (20, 3)
    zero(found)


def test_one_component_on_one_part() -> None:
    problem = Expression(
        Box(),
        ["lap(u) = 0", "lap(v) = 0"],
        ["u", "v"],
        boundary={"left": {"v": "y"}, "right": ["0", None]},
        flux={"top": {"u": "-u"}},
    )
    assert named(problem, "boundary_left").components == (1,)
    assert named(problem, "boundary_right").components == (0,)
    zero(residual(problem, "flux_top", lambda x: torch.stack([torch.exp(-x[1]), x[0]])))
    whole = Expression(Box(), ["lap(u) = 0", "lap(v) = 0"], ["u", "v"], boundary={"u": "x"})
    assert named(whole, "boundary").components == (0,)


def test_a_coefficient_of_the_solution(strategy: Strategy) -> None:
    """((1 + u²)u′)′ for u = x: 2x."""
    problem = Expression(ROD, "dx(k*dx(u)) = 2*x", coefficients={"k": "1 + u**2"}, boundary="x")
    zero(residual(problem, "interior", lambda x: x[0], strategy))


def test_the_flux_of_a_mixed_form_speaks_of_all_fields() -> None:
    problem = Expression(
        ROD,
        "dx(k*dx(u)) = 0",
        coefficients={"k": "where(x < 1, 1, 3)"},
        mixed=True,
        boundary={"left": "0"},
        flux={"right": "flux_x - 2*u"},
    )
    zero(residual(problem, "flux_right", lambda x: torch.stack([torch.exp(x[0]), 3 * torch.exp(x[0])])), 10)


WRONG: dict[str, dict[str, Any]] = {
    "'w' is not known": {"flux": {"right": "-2*(w-20)"}},
    "'q' is not known": {"boundary_equation": {"right": "dn(q) = 0"}},
    "says nothing of u": {"boundary_equation": {"right": "x = 0"}},
    "has no part 'top'": {"flux": {"top": "-u"}},
    "which is no field": {"boundary": {"right": {"v": "0"}}},
    "'dn' is not known": {"boundary": "dn(u)"},
    "coefficient k: 'u' is not known": {"boundary": "k", "coefficients": {"k": "u"}},
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_said(words: str) -> None:
    given: dict[str, Any] = {"boundary": {"left": "0"}, "coefficients": {"k": "1"}, **WRONG[words]}
    with pytest.raises(ValueError, match=words):
        Expression(ROD, "lap(u) = k", **given)


def test_exact_is_held_against_all_that_is_typed() -> None:
    good = Expression(ROD, "lap(u)", exact="exp(-x)", boundary={"left": "1"}, flux={"right": "-u"})
    assert len(good.conditions()) == 3
    wrongs: list[dict[str, Any]] = [{"flux": {"right": "u"}}, {"boundary": {"left": "2"}}]
    for wrong in [*wrongs, {"points": [{"at": [1], "u": 1}]}]:
        with pytest.raises(ValueError, match=r"pde\.exact does not satisfy"):
            Expression(ROD, "lap(u)", exact="exp(-x)", **wrong)
    assert math.isclose(math.exp(-1), float(good.exact(torch.tensor([1.0], dtype=F64))))  # pyright: ignore
