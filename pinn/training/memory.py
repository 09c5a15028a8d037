"""Whether a training fits into memory, before it begins."""

import math
from collections.abc import Iterator

from torch import nn

from pinn.objective import Objective
from pinn.objective.free_memory import LESS_MEMORY, NotEnoughMemoryError, available_bytes
from pinn.objective.memory import derivative_bytes, residual_bytes, size_of
from pinn.optimizers import Optimizer, Schedule
from pinn.training.accuracy import points_at_once
from pinn.typing import Params

_COPIES = 3
"""Of the parameters at least: themselves, their gradient and the next ones."""
_STREAMS = 2
"""Of the output of each layer at least: the value and one derivative, which the gradient needs."""
_SURELY_ENOUGH = 100
"""Times the number of coordinates and one: no step takes so many times the least that it needs, and where there is so
much, nothing is measured."""


def needed_bytes(network: nn.Module, points: int) -> int:
    """What the parameters of a network and one evaluation at so many points take at the very least."""
    parameters = list(network.parameters())
    size = parameters[0].element_size()
    outputs = sum(len(p) for p in parameters if p.dim() == 2)
    return size * (_COPIES * sum(p.numel() for p in parameters) + _STREAMS * points * outputs)


def evaluated_bytes(network: nn.Module, points: int) -> int:
    """What the field alone takes at so many points at the very least: what goes into its widest layer and comes out."""
    parameters = list(network.parameters())
    widest = max((sum(p.shape) for p in parameters if p.dim() == 2), default=0)
    return parameters[0].element_size() * points * widest


def refuse_too_large(
    network: nn.Module, points: int, chunk_size: int | None, copies: int = 1, *, evaluated: int = 0
) -> None:
    """Raise NotEnoughMemoryError if a training at so many points, so many at a time, cannot fit into memory.

    `copies` are networks of that kind, one for each window of time or seed; the field is `evaluated` at so many points
    at a time. Much that fits by this bound from below does not fit; `refuse_step` knows more, when there is an
    objective.
    """
    available = available_bytes(next(network.parameters()).device)
    needed = copies * needed_bytes(network, min(points, chunk_size or points))
    needed = max(needed, evaluated_bytes(network, evaluated))
    if available is not None and needed > available:
        count = copies * size_of(dict(network.named_parameters()))
        raise _refusal(points, chunk_size, count, f"at least {needed / 1e9:.3g} GB", available)


def refuse_step(objective: Objective, params: Params, optimizer: Optimizer, copies: int = 1) -> None:
    """Raise NotEnoughMemoryError if a step of an optimizer, or the results after the last one, cannot fit into memory.

    What the derivatives take is measured at a few points (`derivative_bytes`), unless the least that they may take is
    far below what there is; to that comes what the method itself holds. `copies` of the objective are taken at once.
    """
    available = available_bytes(next(iter(params.values())).device)
    if available is None:
        return
    network, evaluated = objective.network, points_at_once(objective.pde.domain)
    points = sum(len(sample[0]) for sample in objective.samples.values()) // objective.ranks.size
    refuse_too_large(network, points, objective.chunk_size, copies, evaluated=evaluated)
    count, itemsize = copies * size_of(params), next(iter(params.values())).element_size()
    stages = list(_stages(optimizer))
    least = needed_bytes(network, min(max(points, evaluated), objective.chunk_size or max(points, evaluated)))
    held = itemsize * max(stage.working_set(points, params) for stage in stages)
    if copies * (_SURELY_ENOUGH * (1 + objective.pde.domain.dim) * least + 2 * held) < available:
        return
    try:
        needed = max(
            residual_bytes(objective, params, evaluated, available),
            *(copies * _step_bytes(objective, params, stage, available) for stage in stages),
        )
    except NotEnoughMemoryError as error:
        raise _refusal(points, objective.chunk_size, count, f"more than {error}", available) from None
    if needed > available:
        raise _refusal(points, objective.chunk_size, count, f"about {needed / 1e9:.3g} GB", available)


def _step_bytes(objective: Objective, params: Params, method: Optimizer, available: int) -> float:
    """What a step of a method takes: while it differentiates, or when it has the derivatives."""
    ranks, itemsize = objective.ranks.size, next(iter(params.values())).element_size()
    spent, M = derivative_bytes(objective, params, jacobian=method.takes_jacobian, most=available)
    held = itemsize * method.working_set(M // ranks, params)
    if not method.takes_jacobian:
        return spent / ranks + held
    chunk = objective.chunk_size if objective.chunk_size and not method.holds_jacobian else math.inf
    points = sum(len(sample[0]) for sample in objective.samples.values())
    rows = M / ranks * min(chunk / points, 1)
    return max(spent / ranks + itemsize * rows * size_of(params), held)


def _stages(optimizer: Optimizer) -> Iterator[Optimizer]:
    """The methods that run one after another."""
    if isinstance(optimizer, Schedule):
        for stage in optimizer.in_order:
            yield from _stages(stage)
    else:
        yield optimizer


def _refusal(points: int, chunk_size: int | None, count: int, need: str, available: int) -> NotEnoughMemoryError:
    chunks = "all at once (chunk_size=null)" if chunk_size is None else f"chunk_size={chunk_size}"
    return NotEnoughMemoryError(
        f"Out of memory before the first step: {points} points, {chunks}, {count} parameters need {need}, and "
        f"{available / 1e9:.3g} GB are free. {LESS_MEMORY}"
    )
