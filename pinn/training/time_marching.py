"""Training window by window of time."""

import dataclasses
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import nn

from pinn.networks import Windows, field, fit_inputs, state_at, trained_parameters
from pinn.objective import Objective
from pinn.optimizers import Optimizer
from pinn.pdes import TimeWindowed
from pinn.samplers import Sampler, Sobol
from pinn.training.accuracy import Reference
from pinn.training.guard import GuardEvent
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.trust.scales import with_network
from pinn.typing import Field


def train_windows(
    pde: TimeWindowed,
    network: Windows,
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    *args: Any,
    budget_s: float | None = None,
    state: Mapping[str, Any] | None = None,
    ended: bool = False,
    scale: bool = True,
    **kwargs: Any,
) -> Generator[Step, None, None]:
    """Train the windows of `pde` in turn, yielding after every step as `train` does, whose arguments these are.

    The first window begins with the initial data of the PDE, each further one with the field that was trained before
    it, and its network with the parameters of the one before (continuation). The optimizer starts again. `steps` are
    those of each window, `budget_s` is divided among them. Figures carry the number of the `window`, and errors are
    those on its slab; the last step is that of the whole field over all time.
    """
    if scale:
        for k, one in enumerate(network.networks):
            fit_inputs(one, pde.window(k).domain.embedded_bounds)
        pde = cast(TimeWindowed, with_network(pde, network))
    window_budget_s = None if budget_s is None else budget_s / pde.windows
    first, past, window_state = (0, _Past(), None) if state is None else _restored(network, state, ended)
    if first == pde.windows:
        raise ValueError("There is nothing left to do: the last window of time is done.")
    last: Step | None = None
    for k in range(first, pde.windows):
        if k and window_state is None:
            _copy_parameters(network.networks[k - 1], network.networks[k])
        window = pde.window(k, _trained_field(pde, network, k - 1) if k else None)
        arguments = (window, network.networks[k], optimizer, sampler, *args)
        for step in train(*arguments, budget_s=window_budget_s, state=window_state, ended=ended, scale=False, **kwargs):
            last = _with_past(step, past, network, k)
            if not step.stop:
                yield last
            elif k + 1 < pde.windows:
                yield dataclasses.replace(last, stop=None)
        assert last is not None, "training takes at least one step"
        past, window_state = _Past(last.step, last.seconds, last.findings), None
    assert last is not None, "there is at least one window"
    yield _whole(pde, network, sampler or Sobol(), last, kwargs.get("seed", 0))


@dataclass(frozen=True)
class _Past:
    """What the windows before have taken and found."""

    steps: int = 0
    seconds: float = 0.0
    findings: tuple[GuardEvent, ...] = ()

    def followed_by(self, events: Iterable[GuardEvent]) -> tuple[GuardEvent, ...]:
        """The findings of the past, and events whose steps are counted from then on."""
        return (*self.findings, *(dataclasses.replace(event, step=self.steps + event.step) for event in events))


def _with_past(step: Step, past: _Past, network: Windows, k: int) -> Step:
    """A step of window k, counted from the start of the first one."""
    return dataclasses.replace(
        step,
        step=past.steps + step.step,
        seconds=past.seconds + step.seconds,
        figures={**step.figures, "window": k + 1},
        findings=past.followed_by(step.findings),
        state_dict=partial(_state_dict, network, k, past, step),
    )


def _state_dict(network: Windows, k: int, past: _Past, step: Step) -> dict[str, Any]:
    """All that is needed to go on after a step of window k."""
    trained = {f"networks.{k}.{name}": value for name, value in state_at(network.networks[k], step.params).items()}
    return {
        "window": k,
        "ended": step.stop is not None,
        "before": dataclasses.asdict(past),
        "network": {**network.state_dict(), **trained},
        "step": step.state_dict(),
    }


def _restored(network: Windows, state: Mapping[str, Any], ended: bool) -> tuple[int, _Past, Mapping[str, Any] | None]:
    """The window to go on with, what came before it, and the state of its training, if that has begun.

    If all has `ended`, it is the last window at its end.
    """
    network.load_state_dict(state["network"])
    before, window_state = state["before"], state["step"]
    past = _Past(before["steps"], before["seconds"], tuple(GuardEvent(**event) for event in before["findings"]))
    if ended or not state["ended"]:
        return state["window"], past, window_state
    findings = past.followed_by(GuardEvent(**event) for event in window_state["findings"])
    steps, seconds = past.steps + window_state["step"], past.seconds + window_state["seconds"]
    return state["window"] + 1, _Past(steps, seconds, findings), None


def _trained_field(pde: TimeWindowed, network: Windows, k: int) -> Field:
    """The trained field of window k."""
    module = network.networks[k]
    window = pde.window(k, (lambda x: x[..., 0]) if k else None)
    return window.solution(
        window.ansatz()(field(module, {n: p.detach() for n, p in module.named_parameters()}, pde.components))
    )


def _copy_parameters(before: nn.Module, after: nn.Module) -> None:
    """The parameters of one window for the next; what scales its inputs stays its own."""
    with torch.no_grad():
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            if new.requires_grad:
                new.copy_(old)


def _whole(pde: TimeWindowed, network: Windows, sampler: Sampler, last: Step, seed: int) -> Step:
    """The last step as one of the whole problem, at points all over its domain."""
    like = next(network.parameters())
    conditions = pde.soft_conditions()
    draws = [sampler.sample(conditions, torch.Generator().manual_seed(seed + k), like) for k in range(2)]
    objective = Objective(pde, network, draws[0], last.objective.strategy, last.objective.chunk_size)
    return dataclasses.replace(
        last,
        params={name: value.detach() for name, value in trained_parameters(network).items()},
        objective=objective,
        heldout=objective.at(draws[1]),
        reference=Reference.of(pde.domain, pde.exact, like, pde.pde.scored) if pde.exact else None,
    )
