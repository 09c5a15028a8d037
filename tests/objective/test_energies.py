"""Energies: least at the solution, and what cannot take them says so."""

import pytest
import torch
from torch import nn

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.operators import Eye, Jet, Rows
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import LinearElasticity, NeoHookean, Poisson
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.typing import Field

PROBLEMS = [Poisson(ritz=True), LinearElasticity(ritz=True), NeoHookean(ritz=True)]
EACH = pytest.mark.parametrize("pde", PROBLEMS, ids=lambda pde: type(pde).__name__)
LIKE = torch.zeros((), dtype=torch.float64)


def energy(pde, u: Field, n: int = 4096) -> float:
    """The sum of all energies of a field, at many points."""
    network = nn.Linear(2, pde.components or 1).double()
    samples = Sobol(n, n).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    objective = Objective(pde, network, samples, Jet())
    object.__setattr__(objective, "_ansatz", lambda _: u)
    return float(objective.evaluate(dict(network.named_parameters())).loss)


@EACH
def test_the_solution_has_the_least_energy(pde) -> None:
    """Of fields that differ by a bubble which keeps the prescribed values; the energy grows with its square."""
    least = energy(pde, pde.exact)
    risen = []
    for size in (-0.02, 0.02, 0.04):

        def u(x, size=size):
            return pde.exact(x) + size * x[0] * torch.sin(torch.pi * x[1]) * (1 - x[0] * (pde.components is None))

        risen.append(energy(pde, u) - least)
    assert min(risen) > 0
    assert risen[2] == pytest.approx(4 * (risen[0] + risen[1]) / 2, rel=0.2)


@EACH
def test_strategies_and_chunks_agree(pde) -> None:
    network = MLP(2, pde.components, width=8, depth=2).double()
    params = dict(network.named_parameters())
    samples = Sobol(50, 20).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    expected, slope = Objective(pde, network, samples, Rows()).gradient(params)
    for strategy, chunk in ((Eye(), None), (Jet(), None), (Jet(), 16)):
        found, other = Objective(pde, network, samples, strategy, chunk).gradient(params)
        torch.testing.assert_close(found.loss, expected.loss, rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(other, slope, rtol=1e-9, atol=1e-11)


def test_training_by_energy_comes_near_the_solution() -> None:
    network = MLP(2, width=16, depth=2, generator=torch.Generator().manual_seed(0)).double()
    method = Schedule((Adam(steps=100), LBFGS(steps=100)))
    *_, last = train(Poisson(ritz=True), network, method, Sobol(6000, every=0))
    assert last.rel_l2 < 2e-2
    assert last.loss < 0


def test_methods_of_least_squares_refuse_an_energy() -> None:
    pde, network = Poisson(ritz=True), MLP(2, width=8, depth=1).double()
    samples = Sobol(50, 20).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    objective = Objective(pde, network, samples)
    for method in (objective.linearize, objective.jacobian):
        with pytest.raises(ValueError, match="ritz=false"):
            method(dict(network.named_parameters()))
