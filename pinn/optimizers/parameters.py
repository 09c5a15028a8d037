"""Parameters as a copy of one's own, and as one vector θ of shape (P,), the form that linear algebra sees."""

import torch
from torch import Tensor

from pinn.typing import Params


def copied(params: Params) -> dict[str, Tensor]:
    """The same parameters in memory of their own, unknown to autograd."""
    return {name: value.detach().clone() for name, value in params.items()}


def assign(params: Params, values: Params) -> None:
    """Write values into the memory of parameters, which an optimizer of torch holds on to."""
    with torch.no_grad():
        for name, value in params.items():
            value.copy_(values[name])


def flatten(params: Params) -> Tensor:
    """All parameters in their order, as a new vector of shape (P,)."""
    return torch.cat([value.detach().reshape(-1) for value in params.values()])


def unflatten(vector: Tensor, like: Params) -> dict[str, Tensor]:
    """The vector as parameters with the names and shapes of `like`."""
    parts = vector.split([value.numel() for value in like.values()])
    return {name: part.view(value.shape) for (name, value), part in zip(like.items(), parts, strict=True)}
