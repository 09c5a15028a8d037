"""An unknown coefficient that no term of the loss depends on: its start value would be told as the result."""

import torch

from pinn.networks import WithUnknowns
from pinn.objective import Objective
from pinn.typing import Params

_DRAWS, _SIZE = 3, 0.1


def refuse_unused(objective: Objective, params: Params) -> None:
    """Raise ValueError for an unknown of the network with which nothing that is minimised changes.

    Its gradient is zero at `params` and near them, exactly.
    """
    network = objective.network
    if not isinstance(network, WithUnknowns):
        return
    unseen = {name: [key for key in params if key.startswith(f"free.{name}.")] for name in network.unknowns}
    unseen = {name: keys for name, keys in unseen.items() if keys}
    generator, plain = torch.Generator().manual_seed(0), objective.on_one_process().weighted({}).eager()
    for _ in range(_DRAWS):
        if not unseen:
            return
        near = {
            name: value.detach() + _SIZE * torch.randn(value.shape, generator=generator, dtype=value.dtype).to(value)
            for name, value in params.items()
        }
        _, gradient = plain.gradient(near)
        unseen = {name: keys for name, keys in unseen.items() if not any(bool(gradient[key].any()) for key in keys)}
    if unseen:
        name, terms = next(iter(unseen)), ", ".join(condition.name for condition in plain.conditions)
        raise ValueError(
            f"The unknown {name!r} has no effect: none of {terms} changes with it, so its start value would be the "
            "result. Use it in the equation, or in initial, boundary or flux data that do not come from `exact`, or "
            "leave it out of the unknowns."
        )
