"""Which corners have functions of their own: those with soft values whose outside stays outside."""

from functools import cache

import numpy as np
import pytest
import torch

from pinn.domains import Box, LShape, TimeDomain
from pinn.methods import Search
from pinn.methods.candidates import penalising
from pinn.networks import FrozenFeatures, RandomSines, Unknown, WedgePowers
from pinn.optimizers import LeastSquares
from pinn.pdes import Expression, Heat, Inverse, Poisson
from pinn.pdes.corners import free_corners
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.trust import estimate_error
from pinn.trust.features import points_within
from pinn.trust.scales import scaled

HOLE = Box((0.0, 0.0), (4.0, 4.0)) - Box((1.0, 1.0), (2.0, 2.0))


@pytest.mark.parametrize(
    ("pde", "count"),
    [
        (Expression(LShape(), "-lap(u) = 1", boundary="0"), 6),
        (Expression(Box(), "-lap(u) = 1", boundary="0"), 0),  # built in
        (Expression(Box(), "-lap(u) = 1", boundary="0", hard=False), 4),
        (Expression(HOLE, "-lap(u) = 1", boundary="0"), 4),
        (Expression(LShape(), "dt(u) = lap(u)", initial="x*0 + 1", boundary="0"), 6),
        (Poisson(hard=False), 4),
    ],
)
def test_free_corners(pde, count: int) -> None:
    found = free_corners(pde)
    assert len(found) == count
    assert not isinstance(pde.domain, TimeDomain) or found == pde.domain.space.wedges


TORSION = 0.2140758036
"""∫u for −Δu = 1, u = 0 on the L-shape of three unit squares: the square of the energy norm in the literature of a
posteriori estimates, by adaptive finite elements with extrapolation."""


@cache
def solved() -> Step:
    """By sines and the functions of the corners."""
    pde = Expression(LShape(), "-lap(u) = 1", boundary="0")
    families = [RandomSines(300, 6.0), WedgePowers(free_corners(pde), 10, 2)]
    bounds, generator = pde.domain.embedded_bounds, torch.Generator().manual_seed(0)
    network = FrozenFeatures(2, None, features=families, bounds=bounds, generator=generator).double()
    *_, step = train(pde, network, LeastSquares(steps=1), Sobol(3000, 600, every=0))
    return step


@pytest.mark.slow
def test_the_torsion_of_an_l_shape() -> None:
    step = solved()
    assert step.heldout_residual < 1e-6
    u = step.objective.field(step.params)
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(40))
    total = 0.0
    for x0, y0 in ((-1, 0), (-1, -1), (0, 0)):
        # Graded towards the corner at the origin, where the solution is like r^(2/3).
        t, w = ((nodes + 1) / 2) ** 4, 2 * ((nodes + 1) / 2) ** 3 * weights
        x, y = (t if x0 == 0 else -t), (t if y0 == 0 else -t)
        points = torch.cartesian_prod(x, y)
        total += float((torch.vmap(u)(points) * torch.outer(w, w).reshape(-1)).sum())
    assert total == pytest.approx(TORSION, rel=2e-7)


@pytest.mark.nightly
def test_the_error_in_a_domain_with_corners_is_estimated() -> None:
    pde = scaled(Expression(LShape(), "-lap(u) = 1", boundary="0"))
    step = solved()
    exact = step.objective.field(step.params)

    def off(x: torch.Tensor) -> torch.Tensor:
        """With an error that is as singular as the solution."""
        return exact(x) * (1 + 0.01 * torch.cos(2 * x[0]))

    points = points_within(pde.domain, 3000, torch.zeros((), dtype=torch.float64))
    u, v = (torch.vmap(one)(points) for one in (exact, off))
    found = estimate_error(pde, off)
    assert found.known
    assert found.relative_l2 == pytest.approx(float((u - v).norm() / u.norm()), rel=0.05)


@pytest.mark.nightly
def test_the_search_takes_them_where_they_help() -> None:
    pde = Expression(LShape(), "-lap(u) = 1", boundary="0")
    choice = Search(good=1e-5, accepted=1e-4).choose(pde, budget_s=60.0)
    assert "powers in 6 corners" in choice.candidate.name
    assert len(choice.trials) == 2


@pytest.mark.nightly
def test_values_are_penalised_where_corners_ask_for_it() -> None:
    """Built in they leave r² log r in the corners of a square, at a residual of 1e-2."""
    pde = Expression(Box(), "-lap(u) = 1", boundary="0")
    choice = Search(good=1e-6, accepted=1e-5).choose(pde, budget_s=60.0)
    assert [trial.candidate.penalised for trial in choice.trials] == [False, True]
    assert choice.candidate.penalised
    assert pde.hard
    assert not choice.candidate.problem(pde).hard


def test_only_problems_that_have_the_choice_are_penalised() -> None:
    pde = Poisson()
    soft = penalising(pde)
    assert soft is not None
    assert (soft.hard, pde.hard) == (False, True)
    assert penalising(soft) is None
    assert penalising(Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)})) is None
