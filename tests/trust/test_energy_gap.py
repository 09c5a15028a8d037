"""An energy that has fitted its points is told from one that has not."""

from collections import deque

import pytest
import torch

from pinn import train
from pinn.networks import MLP
from pinn.optimizers import LBFGS
from pinn.pdes import LinearElasticity, Poisson
from pinn.samplers import Sobol
from pinn.training.guard import Guard
from pinn.training.step import Step
from pinn.trust.doubts import doubts
from pinn.trust.energy_gap import EnergyGap, energy_gap


def minimised(points: int, steps: int, guard: Guard | None = None) -> Step:
    """An energy at so many fixed points, by a network of 700 parameters."""
    network = MLP(2, width=24, depth=2, generator=torch.Generator().manual_seed(0)).double()
    sampler = Sobol(points, 10, every=0)
    run = train(Poisson(ritz=True), network, LBFGS(), sampler, steps=steps, guard=guard)
    (step,) = deque(run, maxlen=1)
    return step


def test_an_overfitted_energy_is_found() -> None:
    """With 60 points the energy falls without end and the error rises; the guard tells of it on the way."""
    blind = minimised(60, 150)
    assert blind.rel_l2 > 1
    gap = blind.energy_gap
    assert gap is not None
    assert gap.overfitted
    told = doubts(blind.objective, blind.params, stalled=False, first_loss=1.0, last_loss=1.0, heldout=blind.heldout)
    assert any("the energy is lower at the points of training" in one for one in told)
    guarded = minimised(60, 150, Guard(every=10))
    assert "the energy is lower" in guarded.findings[0].action
    assert guarded.findings[0].step <= 60


def test_a_sound_energy_is_not_blamed() -> None:
    sound = minimised(1000, 60)
    assert sound.rel_l2 < 0.05
    gap = sound.energy_gap
    assert gap is not None
    assert not gap.overfitted
    assert not doubts(
        sound.objective, sound.params, stalled=False, first_loss=1.0, last_loss=1.0, heldout=sound.heldout
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_field_that_was_never_trained_has_no_gap_beyond_chance(seed: int) -> None:
    pde = Poisson(ritz=True)
    network = MLP(2, width=12, depth=2, generator=torch.Generator().manual_seed(seed)).double()
    (step,) = deque(train(pde, network, LBFGS(), Sobol(40, 10, every=0), steps=1, seed=seed), maxlen=1)
    generator = torch.Generator().manual_seed(seed + 100)
    like = next(network.parameters())
    other = step.objective.at(Sobol(40, 10).sample(pde.soft_conditions(), generator, like))
    found = energy_gap(other, step.params)
    assert found is not None
    assert found.deviations < 4


def test_a_problem_of_residuals_has_none() -> None:
    network = MLP(2, 2, width=8, depth=1, generator=torch.Generator().manual_seed(0)).double()
    (step,) = deque(train(LinearElasticity(), network, steps=1), maxlen=1)
    assert step.energy_gap is None


def test_a_gap_that_is_chance_or_harmless_is_none() -> None:
    assert EnergyGap(0.5, 1.0, 5.0).overfitted
    assert not EnergyGap(0.5, 1.0, 2.5).overfitted
    assert not EnergyGap(0.005, 1.0, 50.0).overfitted
    assert "50% of its size, 5 deviations of what chance gives" in str(EnergyGap(0.5, 1.0, 5.0))
