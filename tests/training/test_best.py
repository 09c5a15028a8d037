"""A training that ends at worse parameters than it had gives those it had."""

from pathlib import Path

import torch

from pinn.domains import Box
from pinn.networks import MLP
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Poisson, SineProduct
from pinn.samplers import Sobol
from pinn.training.best import Best
from pinn.training.guard import Guard
from pinn.training.loop import train
from pinn.training.step import Step

_PROBLEM = Poisson(Box([0.0, 0.0], [1.0, 1.0]), SineProduct())


def network() -> MLP:
    return MLP(2, width=8, depth=2, generator=torch.Generator().manual_seed(0)).double()


def steps(n: int, guard: Guard | None = None, **arguments) -> list[Step]:
    sampler = Sobol(100, 20, every=0)
    return list(train(_PROBLEM, network(), LevenbergMarquardt(), sampler, guard=guard, steps=n, **arguments))


def test_the_best_is_taken_back_and_told() -> None:
    worse, *_, good = steps(40)
    best = Best()
    best.look(good)
    best.look(worse)
    last, event = best.ended(worse)
    assert best.taken
    assert last.params is best.params
    assert last.heldout_residual == good.heldout_residual
    assert event is not None
    assert f"the parameters of step {good.step} are kept" in str(event)


def test_an_end_that_is_about_as_good_stays() -> None:
    *_, before, good = steps(12)
    best = Best()
    best.look(before)
    last, event = best.ended(good)
    assert last is good
    assert event is None
    assert not best.taken


def test_a_training_gives_the_network_its_best_parameters(monkeypatch) -> None:
    """Every step is looked at, and any end is said to be worse by far."""
    monkeypatch.setattr("pinn.training.best.WORSE", 0.0)
    module, taken = network(), []
    for step in train(_PROBLEM, module, LevenbergMarquardt(), Sobol(100, 20, every=0), guard=Guard(every=4), steps=11):
        taken.append(step)
    best = min((step for step in taken if step.step % 4 == 0), key=lambda step: step.heldout_residual)
    last = taken[-1]
    assert last.stop == "steps"
    assert last.findings[-1].action.startswith(f"the parameters of step {best.step} are kept")
    for name, value in module.state_dict().items():
        if name in best.params:
            assert torch.equal(value, best.params[name])
            assert torch.equal(last.params[name], best.params[name])


def test_what_was_best_goes_through_a_break(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pinn.training.best.WORSE", 0.0)
    whole = steps(11, Guard(every=4))
    half = steps(9, Guard(every=4))[-1]
    torch.save(half.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    rest = steps(11, Guard(every=4), state=state)
    assert all(torch.equal(rest[-1].params[name], value) for name, value in whole[-1].params.items())
    ended = whole[-1].state_dict()
    told = steps(11, Guard(every=4), state=ended, ended=True)[-1]
    assert all(torch.equal(told.params[name], value) for name, value in whole[-1].params.items())


def test_a_state_of_an_older_version_has_none() -> None:
    state = steps(4, Guard(every=4))[-1].state_dict()
    del state["best"]
    assert steps(8, Guard(every=4), state=state)[-1].step == 8
