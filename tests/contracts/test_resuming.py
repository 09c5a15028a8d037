"""What every method promises: a training that is broken off goes on bit for bit where it would have been."""

import dataclasses
import inspect
import io
from typing import Any

import pytest
import torch

import pinn.optimizers
import pinn.samplers
import pinn.weighting
from pinn.networks import Unknown
from pinn.operators import Hutchinson, Strategy
from pinn.optimizers import LBFGS, Adam, LevenbergMarquardt, Optimizer, Schedule
from pinn.pdes import Burgers, Heat, Inverse, TimeWindowed
from pinn.runs.run import build_network
from pinn.samplers import Sampler, Sobol, Uniform
from pinn.training.guard import Guard
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.stopping import Stopping
from pinn.training.time_marching import train_windows
from pinn.weighting import NTK, GradNorm, ReLoBRaLo, Weighting

STEPS, CUTS = 12, (3, 8)
COUNTS = {"interior": 40, "boundary": 15, "every": 4}
RECIPE = {"_target_": "pinn.networks.MLP", "width": 6, "depth": 2}


def everything(module: Any, kind: type) -> list[type]:
    """The concrete classes of a kind that a module exports."""
    kinds = [cls for _, cls in inspect.getmembers(module, inspect.isclass) if issubclass(cls, kind)]
    return [cls for cls in kinds if not inspect.isabstract(cls)]


OPTIMIZERS: dict[str, Optimizer] = {
    cls.__name__: cls(steps=STEPS)
    for cls in everything(pinn.optimizers, Optimizer)
    if cls is not Schedule and cls.general
}
OPTIMIZERS["Adam, LevenbergMarquardt"] = Schedule((Adam(steps=5), LevenbergMarquardt()))
OPTIMIZERS["Adam, LBFGS"] = Schedule((Adam(steps=5), LBFGS()))
SAMPLERS = {
    cls.__name__: cls(**COUNTS, **({"candidates": 100} if hasattr(cls, "candidates") else {}))
    for cls in everything(pinn.samplers, Sampler)
}
WEIGHTINGS: dict[str, Weighting] = {cls.__name__: cls() for cls in everything(pinn.weighting, Weighting)}
WEIGHTINGS |= {"GradNorm": GradNorm(every=3), "NTK": NTK(every=3), "ReLoBRaLo": ReLoBRaLo(saudade=0.5)}
USUAL = OPTIMIZERS["Adam, LevenbergMarquardt"]


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """The state as it comes back from a checkpoint, which executes nothing."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def resumes(pde: Any, cuts: tuple[int, ...] = CUTS, method: Any = train, **means: Any) -> Step:
    """Train at once and with a break at each cut, and compare all that comes out; the last step."""

    def steps(state: dict[str, Any] | None = None) -> Any:
        network = build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double()
        return method(pde, network, state=state, guard=Guard(every=4, ratio=1.01), **means)

    states: dict[int, dict[str, Any]] = {}
    whole = None
    for whole in steps():
        if whole.step in cuts:
            states[whole.step] = through_a_file(whole.state_dict())
    assert whole is not None
    assert set(states) == set(cuts)
    for cut, state in states.items():
        *_, last = steps(state)
        assert (last.step, last.loss, last.terms) == (whole.step, whole.loss, whole.terms), cut
        assert all(torch.equal(last.params[name], whole.params[name]) for name in whole.params), cut
        assert (last.heldout_residual, last.findings, last.stop) == (
            whole.heldout_residual,
            whole.findings,
            whole.stop,
        ), cut
    return whole


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.slow
def test_every_optimizer_resumes_bit_for_bit(name: str) -> None:
    # One step of linear least squares is all that a linear equation asks for.
    pde = Burgers(hard=False) if name == "LeastSquares" else Heat(hard=False)
    resumes(pde, optimizer=OPTIMIZERS[name], sampler=Sobol(**COUNTS), steps=STEPS)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("every", [0, 1, 4])
@pytest.mark.slow
def test_every_sampler_resumes_bit_for_bit(name: str, every: int) -> None:
    sampler = dataclasses.replace(SAMPLERS[name], every=every)
    resumes(Heat(hard=False), (5,), optimizer=USUAL, sampler=sampler, steps=STEPS)


@pytest.mark.parametrize("name", WEIGHTINGS)
@pytest.mark.slow
def test_every_weighting_resumes_bit_for_bit(name: str) -> None:
    resumes(Heat(hard=False), optimizer=USUAL, sampler=Sobol(**COUNTS), weighting=WEIGHTINGS[name], steps=STEPS)


@pytest.mark.parametrize("strategy", [Hutchinson()], ids=repr)
@pytest.mark.parametrize("name", ["Adam, LBFGS", "Adam, LevenbergMarquardt"])
@pytest.mark.slow
def test_estimates_resume_bit_for_bit(strategy: Strategy, name: str) -> None:
    resumes(Heat(hard=False), optimizer=OPTIMIZERS[name], sampler=Sobol(**COUNTS), strategy=strategy, steps=STEPS)


@pytest.mark.parametrize("means", [{"chunk_size": 17}, {"stopping": Stopping(patience=3, every=2)}], ids=repr)
def test_chunks_and_patience_resume_bit_for_bit(means: dict[str, Any]) -> None:
    resumes(Heat(hard=False), optimizer=USUAL, sampler=Sobol(**COUNTS), steps=STEPS, **means)


def test_unknowns_resume_bit_for_bit() -> None:
    pde = Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)}, sensors=20)
    resumes(pde, optimizer=USUAL, sampler=Uniform(**COUNTS), steps=STEPS)


def test_windows_resume_bit_for_bit() -> None:
    pde = TimeWindowed(Heat(hard=False), 3)
    last = resumes(pde, (3, 12, 17, 24, 30), train_windows, optimizer=USUAL, sampler=Sobol(**COUNTS), steps=STEPS)
    assert last.step == 3 * STEPS


@pytest.mark.slow
def test_compiled_training_resumes_bit_for_bit() -> None:
    method = Schedule((Adam(steps=2), LevenbergMarquardt()))
    resumes(Heat(hard=False), (1,), optimizer=method, sampler=Sobol(**COUNTS), steps=5, compile=True)


def test_a_run_may_be_given_more_steps() -> None:
    pde, sampler = Heat(hard=False), Sobol(**COUNTS)
    network = build_network(RECIPE, pde, torch.Generator().manual_seed(0)).double()
    *_, short = train(pde, network, USUAL, sampler, steps=8)
    state = through_a_file(short.state_dict())
    *_, longer = train(pde, network, USUAL, sampler, steps=STEPS, state=state)
    assert (longer.step, longer.stop, longer.method) == (STEPS, "steps", "lm")
    with pytest.raises(ValueError, match="nothing left to do: 8 steps of 8"):
        next(train(pde, network, USUAL, sampler, steps=8, state=state))
    with pytest.raises(ValueError, match="s of budget_s=1e-09 are spent"):
        next(train(pde, network, USUAL, sampler, steps=STEPS, budget_s=1e-9, state=state))
