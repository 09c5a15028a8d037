"""Directions that combine to mixed derivatives, and the number of streams that a request costs."""

import itertools

import pytest
import torch

from pinn.operators.jet.directions import polarisation, quartic
from pinn.operators.jet.plan import Plan, plan
from pinn.operators.jet.requests import Biharmonic, Laplacian


def symbol(terms, xi: torch.Tensor, order: int) -> torch.Tensor:
    """Σ w (v·ξ)ᵏ, the polynomial of a differential operator."""
    return torch.stack([w * sum(c * xi[a] for a, c in v) ** order for v, w in terms]).sum(0)


@pytest.mark.parametrize(
    "order", [o for k in (1, 2, 3, 4) for o in itertools.combinations_with_replacement(range(4), k)]
)
def test_directions_combine_to_the_partial_derivative(order: tuple[int, ...]) -> None:
    xi = torch.tensor([0.7, -1.3, 0.4, 1.1], dtype=torch.float64)
    torch.testing.assert_close(
        symbol(polarisation(order), xi, len(order)), xi[list(order)].prod(), rtol=1e-13, atol=1e-13
    )


@pytest.mark.parametrize(("n", "directions"), [(1, 1), (2, 3), (3, 6), (4, 12), (5, 25)])
def test_directions_combine_to_the_biharmonic(n: int, directions: int) -> None:
    xi = torch.linspace(-1, 0.8, n, dtype=torch.float64)
    assert len(quartic(range(n))) == directions
    torch.testing.assert_close(symbol(quartic(range(n)), xi, 4), (xi @ xi) ** 2, rtol=1e-13, atol=1e-13)


def streams(p: Plan) -> int:
    """All streams beside the value."""
    return sum(p.counts) + len(p.mixed) + len(p.traces) + len(p.quartics)


def test_a_request_costs_the_streams_it_needs() -> None:
    d = 7
    assert streams(plan([Laplacian(tuple(range(d)))])) == d + 1
    assert streams(plan([(0,), Laplacian((1, 2))])) == 3 + 1
    assert streams(plan([(i, j) for j in range(d) for i in range(j + 1)])) == d + d * (d + 1) // 2
    assert streams(plan([(), (0,), (1,), (1, 1, 1)])) == 2 + 1 + 1
    assert streams(plan([Biharmonic((0, 1))])) == 3 * 3 + 1
    assert streams(plan([(0, 0), (1, 1), Laplacian((0, 1))])) == 4, "the Laplacian is a sum of streams already there"
    assert streams(plan([()])) == 0


def test_orders_beyond_four_name_the_fallback() -> None:
    with pytest.raises(NotImplementedError, match=r"Eye\(\)"):
        polarisation((0, 0, 0, 0, 1))
