"""How often the host waits for the device: Levenberg–Marquardt twice for a trial, and little for a step."""

from collections import Counter

import pytest
import torch

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.optimizers import LevenbergMarquardt, Optimizer, SketchedGaussNewton
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from tests.cuda.simulated import NAME, Simulation

METHODS = {
    "accelerated": LevenbergMarquardt(damping=1e-6),
    "plain": LevenbergMarquardt(damping=1e-6, acceleration=0),
    "sketched": SketchedGaussNewton(sketch=60, damping=1e-12),
}
STEP = {"accelerated": 2, "plain": 2, "sketched": 5}
"""Beside the trials: whether the loss is a number above 0, whether J is finite; of a sketch also its subspace."""


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("width", [5, 12])
def test_a_trial_waits_twice(name: str, width: int) -> None:
    """With more residuals than parameters and with fewer; accepted and refused."""
    pde, generator = Poisson(hard=False), torch.Generator().manual_seed(0)
    network = MLP(2, width=width, depth=2, bounds=pde.domain.bounds, generator=generator).double()
    refusals = 0
    with Simulation() as simulation:
        network = network.to(NAME)
        samples = Sobol(80, 20).sample(pde.soft_conditions(), generator, next(network.parameters()))
        objective = Objective(pde, network, samples)
        recipe: Optimizer = METHODS[name]
        iteration = recipe.start({key: value.detach() for key, value in network.named_parameters()}, 6)
        iteration.step(objective)  # the first one has more to find out
        for _ in range(6):
            before, refused = len(simulation.crossings), iteration.figures["refused"]
            iteration.step(objective)
            trials = int(iteration.figures["refused"] - refused) + 1
            refusals += trials - 1
            crossed = simulation.crossings[before:]
            assert len(crossed) <= 2 * trials + STEP[name], Counter(crossed)
    assert refusals
