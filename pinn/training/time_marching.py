"""Training window by window of time."""

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from pinn.networks import Windows, field
from pinn.objective import Objective
from pinn.optimizers import Optimizer
from pinn.pdes import TimeWindowed
from pinn.samplers import Sampler, Sobol
from pinn.training.accuracy import Reference
from pinn.training.guard import GuardEvent
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.typing import Field


def train_windows(
    pde: TimeWindowed,
    network: Windows,
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    *args: Any,
    budget_s: float | None = None,
    state: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Generator[Step, None, None]:
    """Train the windows of `pde` in turn, yielding after every step as `train` does, whose arguments these are.

    The first window begins with the initial data of the PDE, each further one with the field that was trained before
    it, and its network with the parameters of the one before (continuation). The optimizer starts anew. `steps` are
    those of each window, `budget_s` is divided among them. Figures carry the number of the `window`, and errors are
    those on its slab; the last step is that of the whole field over all time.
    """
    share = None if budget_s is None else budget_s / pde.windows
    first, before = 0, _Before()
    inner: Mapping[str, Any] | None = None
    if state is not None:
        first, before, inner = _taken_up(network, state)
    last: Step | None = None
    for k in range(first, pde.windows):
        module = network.networks[k]
        if k and inner is None:
            _continue(network.networks[k - 1], module)
        window = pde.window(k, _field_of(pde, network, k - 1) if k else None)
        for step in train(window, module, optimizer, sampler, *args, budget_s=share, state=inner, **kwargs):
            last = dataclasses.replace(
                step,
                step=before.steps + step.step,
                seconds=before.seconds + step.seconds,
                figures={**step.figures, "window": k + 1},
                findings=(
                    *before.findings,
                    *(dataclasses.replace(f, step=before.steps + f.step) for f in step.findings),
                ),
                state_dict=partial(_state, network, k, before, step),
            )
            if not step.stop:
                yield last
            elif k + 1 < pde.windows:
                yield dataclasses.replace(last, stop=None)
        assert last is not None
        before, inner = _Before(last.step, last.seconds, last.findings), None
    if last is None:
        raise ValueError("There is nothing left to do: the last window of time is done.")
    yield _whole(pde, network, sampler or Sobol(), last, kwargs.get("seed", 0))


@dataclass(frozen=True)
class _Before:
    """What the windows before have taken and found."""

    steps: int = 0
    seconds: float = 0.0
    findings: tuple[GuardEvent, ...] = ()


def _state(network: Windows, k: int, before: _Before, step: Step) -> dict[str, Any]:
    """All that marching needs to go on after a step of window k."""
    trained = {f"networks.{k}.{name}": value for name, value in step.params.items()}
    return {
        "window": k,
        "ended": step.stop is not None,
        "before": dataclasses.asdict(before),
        "network": {**network.state_dict(), **trained},
        "step": step.state_dict(),
    }


def _taken_up(network: Windows, state: Mapping[str, Any]) -> tuple[int, _Before, Mapping[str, Any] | None]:
    """The window to go on with, what came before it, and the state of its training, if that has begun."""
    network.load_state_dict(state["network"])
    found = dict(state["before"])
    before = _Before(found["steps"], found["seconds"], tuple(GuardEvent(**finding) for finding in found["findings"]))
    if not state["ended"]:
        return state["window"], before, state["step"]
    inner = state["step"]
    findings = (dataclasses.replace(GuardEvent(**f), step=before.steps + f["step"]) for f in inner["findings"])
    after = _Before(before.steps + inner["step"], before.seconds + inner["seconds"], (*before.findings, *findings))
    return state["window"] + 1, after, None


def _field_of(pde: TimeWindowed, network: Windows, k: int) -> Field:
    """The trained field of window k."""
    module = network.networks[k]
    window = pde.window(k, (lambda x: x[..., 0]) if k else None)
    return window.solution(
        window.ansatz()(field(module, {n: p.detach() for n, p in module.named_parameters()}, pde.components))
    )


def _continue(before: nn.Module, after: nn.Module) -> None:
    """The parameters of one window for the next; what scales its inputs stays its own."""
    with torch.no_grad():
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            new.copy_(old)


def _whole(pde: TimeWindowed, network: Windows, sampler: Sampler, last: Step, seed: int) -> Step:
    """The last step as one of the whole problem, at points all over its domain."""
    like = next(network.parameters())
    conditions = pde.soft_conditions()
    draws = [sampler.sample(conditions, torch.Generator().manual_seed(seed + k), like) for k in range(2)]
    objective = Objective(pde, network, draws[0], last.objective.strategy, last.objective.chunk_size)
    return dataclasses.replace(
        last,
        params={name: value.detach() for name, value in network.named_parameters()},
        objective=objective,
        heldout=objective.at(draws[1]),
        reference=Reference.of(pde.domain, pde.exact, like, pde.pde.scored) if pde.exact else None,
    )
