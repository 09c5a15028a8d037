"""Many seeds at once come to what each comes to alone."""

import math

import pytest
import torch
from torch import nn

from pinn.networks import MLP, FourierNetwork
from pinn.operators import Hutchinson
from pinn.optimizers import LBFGS, Adam, LevenbergMarquardt, Schedule
from pinn.pdes import PDE, Burgers, Heat, Poisson, TimeWindowed
from pinn.samplers import Sobol
from pinn.training.ensemble import EnsembleStep, train_ensemble
from pinn.training.loop import train

METHOD = Schedule((Adam(steps=4), LevenbergMarquardt()))
POINTS = Sobol(40, 12, every=5)
SEEDS = (0, 3, 4)


def network(pde: PDE, seed: int, cls: type[nn.Module] = MLP) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    bounds = pde.domain.embedded_bounds
    return cls(len(bounds[0]), width=6, depth=2, bounds=bounds, generator=generator).double()


def trained(pde: PDE, steps: int, cls: type[nn.Module] = MLP, method=METHOD) -> list[EnsembleStep]:
    networks = [network(pde, seed, cls) for seed in SEEDS]
    return list(train_ensemble(pde, networks, method, POINTS, seeds=SEEDS, steps=steps))


@pytest.mark.parametrize("cls", [MLP, FourierNetwork])
@pytest.mark.parametrize("pde", [Poisson(hard=False), Heat(hard=False), Burgers()], ids=lambda pde: type(pde).__name__)
@pytest.mark.slow
def test_each_seed_is_its_own_run(pde: PDE, cls: type[nn.Module]) -> None:
    """Adam, then Levenberg–Marquardt, with new points in between; random buffers are those of each network."""
    steps = trained(pde, 9, cls)
    for k, seed in enumerate(SEEDS):
        single = list(train(pde, network(pde, seed, cls), METHOD, POINTS, seed=seed, steps=9))
        for ours, theirs in zip(steps, single, strict=True):
            assert ours.method == theirs.method
            assert float(ours.losses[k]) == pytest.approx(theirs.loss, rel=1e-8), (seed, ours.step)
        assert steps[-1].rel_l2()[k] == pytest.approx(single[-1].rel_l2, rel=1e-6)


def test_networks_hold_the_trained_parameters() -> None:
    pde = Poisson()
    networks = [network(pde, seed) for seed in SEEDS]
    *_, last = train_ensemble(pde, networks, METHOD, POINTS, seeds=SEEDS, steps=6)
    for k, module in enumerate(networks):
        for name, value in last.params_of(k).items():
            assert torch.equal(module.state_dict()[name], value)


@pytest.mark.parametrize("method", [Adam(), LevenbergMarquardt()], ids=lambda method: type(method).__name__)
def test_one_that_fails_does_not_spoil_the_others(method) -> None:
    pde = Poisson(hard=False)
    sound = trained(pde, 5, method=method)
    networks = [network(pde, seed) for seed in SEEDS]
    with torch.no_grad():
        next(networks[1].parameters()).fill_(math.nan)
    broken = list(train_ensemble(pde, networks, method, POINTS, seeds=SEEDS, steps=5))
    assert broken[-1].failed.tolist() == [False, True, False]
    assert math.isnan(float(broken[-1].losses[1]))
    assert math.isnan(broken[-1].rel_l2()[1])
    for k in (0, 2):
        assert float(broken[-1].losses[k]) == pytest.approx(float(sound[-1].losses[k]), rel=1e-10)


def test_all_converge() -> None:
    steps = trained(Poisson(), 60)
    assert max(steps[-1].rel_l2()) < 1e-3


def test_what_has_no_batched_form_is_refused() -> None:
    pde = Poisson()
    networks = [network(pde, 0), network(pde, 1)]
    with pytest.raises(ValueError, match="one network at a time"):
        next(train_ensemble(pde, networks, LBFGS(), POINTS))
    with pytest.raises(ValueError, match="exact strategy"):
        next(train_ensemble(pde, networks, strategy=Hutchinson()))
    with pytest.raises(ValueError, match="a network for each seed"):
        next(train_ensemble(pde, networks, seeds=(1, 2, 3)))
    with pytest.raises(ValueError, match="no windows of time"):
        next(train_ensemble(TimeWindowed(Heat(), 2), networks))
    with pytest.raises(ValueError, match="one kind and size"):
        next(train_ensemble(pde, [networks[0], MLP(2, width=5).double()]))
