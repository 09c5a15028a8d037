"""Training window by window of time."""

import dataclasses
from collections.abc import Generator
from typing import Any

import torch
from torch import nn

from pinn.evaluate import Reference
from pinn.guard import Finding
from pinn.networks import Windows
from pinn.objective import Objective
from pinn.optimizers import Optimizer
from pinn.pdes import Marched
from pinn.samplers import Sampler, Sobol
from pinn.train import Step, train
from pinn.typing import Field


def march(
    pde: Marched,
    network: Windows,
    optimizer: Optimizer | None = None,
    sampler: Sampler | None = None,
    *args: Any,
    budget_s: float | None = None,
    **kwargs: Any,
) -> Generator[Step, None, None]:
    """Train the windows of `pde` in turn, yielding after every step as `train` does, whose arguments these are.

    The first window begins with the initial data of the PDE, each further one with the field that was trained before
    it, and its network with the parameters of the one before (continuation). The optimizer starts anew. `steps` are
    those of each window, `budget_s` is divided among them. Figures carry the number of the `window`, and errors are
    those on its slab; the last step is that of the whole field over all time.
    """
    share = None if budget_s is None else budget_s / pde.windows
    previous: Field | None = None
    count, spent = 0, 0.0
    earlier: tuple[Finding, ...] = ()
    last: Step | None = None
    for k in range(pde.windows):
        module = network.networks[k]
        if k:
            _continue(network.networks[k - 1], module)
        for step in train(pde.window(k, previous), module, optimizer, sampler, *args, budget_s=share, **kwargs):
            last = dataclasses.replace(
                step,
                step=count + step.step,
                seconds=spent + step.seconds,
                figures={**step.figures, "window": k + 1},
                findings=(*earlier, *(dataclasses.replace(f, step=count + f.step) for f in step.findings)),
            )
            if not step.stop:
                yield last
            elif k + 1 < pde.windows:
                yield dataclasses.replace(last, stop=None)
        assert last is not None
        count, spent, previous = last.step, last.seconds, last.field
        earlier = last.findings
    assert last is not None
    yield _whole(pde, network, sampler or Sobol(), last, kwargs.get("seed", 0))


def _continue(before: nn.Module, after: nn.Module) -> None:
    """The parameters of one window for the next; what scales its inputs stays its own."""
    with torch.no_grad():
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            new.copy_(old)


def _whole(pde: Marched, network: Windows, sampler: Sampler, last: Step, seed: int) -> Step:
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
