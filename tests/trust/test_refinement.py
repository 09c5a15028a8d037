"""A field whose training was stopped early gains digits by the linearised equation."""

from collections import deque

import pytest
import torch

from pinn import train
from pinn.domains import Box
from pinn.networks import MLP, field
from pinn.operators import Auto
from pinn.optimizers import LBFGS, LevenbergMarquardt
from pinn.pdes import PDE, Burgers, Expression, Heat, LinearElasticity, Poisson
from pinn.training.step import Step
from pinn.trust.refinement import refinements

KINDS: dict[str, PDE] = {
    "linear elliptic": Poisson(),
    "penalised": Poisson(hard=False),
    "energy": Poisson(ritz=True),
    "evolution": Heat(),
    "nonlinear evolution": Burgers(viscosity=0.1),
    "linear system": LinearElasticity(),
}


def stopped_early(pde: PDE) -> Step:
    network = MLP(2, pde.components, width=10, depth=2, generator=torch.Generator().manual_seed(0)).double()
    energetic = any(condition.energy for condition in pde.conditions())
    (step,) = deque(train(pde, network, LBFGS() if energetic else LevenbergMarquardt(), steps=10), maxlen=1)
    return step


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.slow
def test_a_run_stopped_early_gains_more_than_a_digit(kind: str) -> None:
    step = stopped_early(KINDS[kind])
    pde, reference = step.objective.pde, step.reference
    assert reference is not None
    assert 1e-5 < step.rel_l2 < 0.6
    *_, last = refinements(pde, step.objective.network, Auto(), stages=2, columns=300)
    u = pde.solution(pde.ansatz()(field(last.network, components=pde.components)))
    assert last.after < last.before
    assert reference.relative_l2(u) < step.rel_l2 / 10


def test_stages_of_a_nonlinear_equation_are_steps_of_newton() -> None:
    """Far from the solution each squares the residual, up to a factor that is the equation's."""
    pde = Expression(domain=Box((0.0,), (1.0,)), equation="-lap(u) + 20*u**3 = 20", boundary="0")
    network = MLP(1, width=8, depth=1, generator=torch.Generator().manual_seed(0)).double()
    (step,) = deque(train(pde, network, LevenbergMarquardt(), steps=1), maxlen=1)
    first, *others = refinements(step.objective.pde, network, Auto(), stages=4, columns=300)
    assert first.before > 1
    assert len(others) == 3
    for stage, last in zip(others, (first, *others), strict=False):
        assert (stage.before, stage.share) == (last.after, 1)
        assert stage.after < stage.before**2


def test_what_is_not_resolved_ends_it() -> None:
    """Ten functions do not hold the error of a field that has converged: nothing is added, nothing gets worse."""
    pde = Poisson()
    network = MLP(2, width=10, depth=2, generator=torch.Generator().manual_seed(0)).double()
    (step,) = deque(train(pde, network, LevenbergMarquardt(), steps=80), maxlen=1)
    for stage in refinements(step.objective.pde, step.objective.network, Auto(), columns=50):
        assert stage.after < stage.before
