"""Plane sines: their own Laplacian against the operators, and what makes them a test in many dimensions."""

import pytest
import torch
from torch.func import vmap

from pinn.domains import CenteredBall
from pinn.operators import SampledDimensions, laplacian
from pinn.pdes import PlaneSines, Poisson

F64 = torch.float64


@pytest.mark.parametrize("u", [PlaneSines(), PlaneSines(waves=3, wavenumber=2.0, seed=1)], ids=repr)
@pytest.mark.parametrize("d", [1, 2, 9])
def test_knows_its_laplacian(u: PlaneSines, d: int) -> None:
    points = torch.rand(20, d, generator=torch.Generator().manual_seed(0), dtype=F64) / d
    expected = vmap(lambda x: laplacian(u, x))(points)
    torch.testing.assert_close(vmap(u.laplacian)(points), expected, rtol=1e-11, atol=1e-11)


def test_poisson_asks_the_solution_for_its_source() -> None:
    """At 1000 dimensions, where the operators would take 1000 passes: against all of them, at one point."""
    pde = Poisson(domain=CenteredBall(dimensions=1000), exact=PlaneSines())
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0), dtype=F64) / 40
    expected = sum(
        laplacian(PlaneSines(), x, SampledDimensions(count=100), axes=range(a, a + 100)) for a in range(0, 1000, 100)
    )
    torch.testing.assert_close(pde.source(x), -torch.as_tensor(expected), rtol=1e-9, atol=0)


def test_vanishes_on_the_sphere_so_that_no_extension_is_built() -> None:
    """Neither in 1000 dimensions: the ansatz is φN alone, which is zero where N is."""
    pde = Poisson(domain=CenteredBall(dimensions=1000), exact=PlaneSines(waves=5))
    u = pde.ansatz()(lambda x: 0 * x[0])
    points = pde.domain.interior(torch.rand(50, 1001, generator=torch.Generator().manual_seed(0), dtype=F64))
    assert torch.equal(vmap(u)(points), torch.zeros(50, dtype=F64))


def test_no_linear_function_comes_near() -> None:
    """The stated 39 %, √(1 − 2e⁻¹/(1 − e⁻²)) for a normal phase k·x; the best linear function is a multiple of it."""
    u, ball = PlaneSines(waves=1), CenteredBall(dimensions=1000)
    points = ball.interior(torch.rand(8000, 1001, generator=torch.Generator().manual_seed(0), dtype=F64))
    values = u(points)
    k = torch.autograd.functional.jacobian(u, torch.zeros(1000, dtype=F64))
    linear = ball.distance(points) * (points @ k)
    best = linear * (linear @ values) / (linear @ linear)
    assert float((best - values).norm() / values.norm()) == pytest.approx(0.386, abs=0.02)


def test_needs_a_wave() -> None:
    with pytest.raises(ValueError, match="waves >= 1"):
        PlaneSines(waves=0)
