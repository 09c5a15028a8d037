"""What cannot fit into memory is refused before it is tried, in words that say what takes less."""

import pytest
import torch

from pinn.networks import MLP
from pinn.objective import Objective
from pinn.objective.memory import size_of
from pinn.optimizers import LBFGS, SOAP, Adam, LevenbergMarquardt, Optimizer, Schedule, SketchedGaussNewton, SSBroyden
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.training import memory
from pinn.training.ensemble import train_ensemble
from pinn.training.failures import NotEnoughMemoryError
from pinn.training.loop import train
from pinn.training.memory import needed_bytes, refuse_step, refuse_too_large


def test_the_least_that_is_needed_by_hand() -> None:
    network = MLP(2, width=3, depth=1).double()
    assert needed_bytes(network, 10) == 8 * (3 * (2 * 3 + 3 + 3 + 1) + 2 * 10 * (3 + 1))


def test_what_cannot_fit_is_refused_and_what_may_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    network = MLP(2, width=3, depth=1)
    need = needed_bytes(network, 1000)
    monkeypatch.setattr(memory, "available_bytes", lambda device: need)
    refuse_too_large(network, 1000, None)
    refuse_too_large(network, 10**9, 1000)
    with pytest.raises(NotEnoughMemoryError, match=r"1001 points, all at once .*Lower chunk_size"):
        refuse_too_large(network, 1001, None)
    with pytest.raises(NotEnoughMemoryError, match="26 parameters"):
        refuse_too_large(network, 1000, None, copies=2)
    monkeypatch.setattr(memory, "available_bytes", lambda device: None)
    refuse_too_large(network, 10**30, None)
    monkeypatch.setattr(memory, "available_bytes", lambda device: 4 * 1000 * (2 + 3))
    refuse_too_large(network, 10, None, evaluated=1000)
    with pytest.raises(NotEnoughMemoryError, match="10 points"):
        refuse_too_large(network, 10, None, evaluated=1001)


def large(optimizer: Optimizer) -> tuple[Objective, MLP]:
    """A network of width 100 at points that take some 6 MB, beside what an optimizer of it holds."""
    pde = Poisson(hard=False)
    network = MLP(2, width=100, depth=2, bounds=pde.domain.bounds).double()
    generator = torch.Generator().manual_seed(0)
    samples = Sobol(1000, 200).sample(pde.soft_conditions(), generator, next(network.parameters()))
    return Objective(pde, network, samples, chunk_size=50), network


METHODS: dict[str, tuple[Optimizer, float]] = {
    "Adam": (Adam(), 0),
    "L-BFGS": (LBFGS(history=1000), 2000 * 10501),
    "Levenberg-Marquardt": (LevenbergMarquardt(), 2 * 1200 * 10501 + 2 * 1200**2),
    "SSBroyden": (SSBroyden(), 10501**2),
    "SOAP": (SOAP(), 0),
    "sketched": (SketchedGaussNewton(sketch=2000), 2 * 1200 * 2000 + 2 * 2000**2),
    "stages": (Schedule((Adam(), LevenbergMarquardt())), 2 * 1200 * 10501),
}
"""Each method, and the numbers of its matrices beside the 13 MB that its field takes at the points of errors."""


@pytest.mark.parametrize("name", METHODS)
def test_a_step_is_refused_by_what_its_method_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer, numbers = METHODS[name]
    least = max(8 * numbers, 12e6)
    objective, network = large(optimizer)
    params = dict(network.named_parameters())
    assert size_of(params) == 10501
    monkeypatch.setattr(memory, "available_bytes", lambda device: int(1.5 * least + 40e6))
    refuse_step(objective, params, optimizer)
    monkeypatch.setattr(memory, "available_bytes", lambda device: int(least))
    with pytest.raises(NotEnoughMemoryError, match=r"chunk_size=50, 10501 parameters need .*Lower chunk_size"):
        refuse_step(objective, params, optimizer)


def test_training_asks_before_its_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    pde = Poisson()
    networks = [MLP(2, width=100, depth=2, bounds=pde.domain.bounds).double() for _ in range(3)]
    monkeypatch.setattr(memory, "available_bytes", lambda device: 150 * 10**6)
    with pytest.raises(NotEnoughMemoryError, match="before the first step: 2000 points"):
        next(train(pde, networks[0], LevenbergMarquardt(), Sobol(2000, 1)))
    next(train(pde, networks[0], LevenbergMarquardt(), Sobol(20, 1), chunk_size=500))
    networks = [MLP(2, width=100, depth=2, bounds=pde.domain.bounds).double() for _ in range(3)]
    with pytest.raises(NotEnoughMemoryError, match="31503 parameters"):
        next(train_ensemble(pde, networks, LevenbergMarquardt(), Sobol(1000, 1), scale=False))
