"""Parameters as one vector θ of shape (P,), the form in which linear algebra sees them."""

import torch
from torch import Tensor

from pinn.typing import Params


def flatten(params: Params) -> Tensor:
    """All parameters in their order, as a new vector of shape (P,)."""
    return torch.cat([value.detach().reshape(-1) for value in params.values()])


def unflatten(vector: Tensor, like: Params) -> dict[str, Tensor]:
    """The vector as parameters with the names and shapes of `like`."""
    parts = vector.split([value.numel() for value in like.values()])
    return {name: part.view(value.shape) for (name, value), part in zip(like.items(), parts, strict=True)}
