"""A trained field as it is asked for: at one point or at many, as tensors or as arrays."""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from pinn.training.accuracy import chunks
from pinn.typing import Field


@dataclass(frozen=True)
class Solution:
    """The field u on a domain of `dim` coordinates; `like` has the dtype and device of its network.

    At a tensor of shape (d,) it is the field itself, which operators differentiate and `vmap` maps; at one of shape
    (…, d) it gives the values at all points, (…) or (…, m). Of anything else, a list or a NumPy array of such a shape,
    it makes a tensor, and gives a NumPy array. Raises ValueError for another number of coordinates.
    """

    field: Field
    dim: int
    like: Tensor
    at_once: int | None = None
    """Points at which it is evaluated at a time; None for as many as a field of a network takes."""

    @overload
    def __call__(self, x: Tensor) -> Tensor: ...

    @overload
    def __call__(self, x: Any) -> Any: ...

    def __call__(self, x: Any) -> Any:
        if isinstance(x, (np.ndarray, list, tuple, str)) or hasattr(x, "to_numpy"):
            return self(self._tensor(x)).detach().cpu().numpy()
        if not isinstance(x, Tensor):  # what a strategy propagates
            return self.field(x)
        if x.dim() == 0 or x.shape[-1] != self.dim:
            raise ValueError(
                f"The field takes points of {self.dim} coordinates, shape ({self.dim},) or (…, {self.dim}), got "
                f"{tuple(x.shape)}."
            )
        if x.dtype != self.like.dtype or x.device != self.like.device:
            x = x.to(self.like)
        if x.dim() == 1:
            return self.field(x)
        points = x.reshape(-1, self.dim)
        if not len(points):
            values = vmap(self.field)(points.new_zeros(1, self.dim))[:0]
        else:
            values = torch.cat([vmap(self.field, chunk_size=self.at_once)(part) for part in chunks(points)])
        return values.reshape(*x.shape[:-1], *values.shape[1:])

    def _tensor(self, x: Any) -> Tensor:
        try:
            array = np.asarray(x, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"The field takes points as a tensor, an array or a list of numbers, shape ({self.dim},) or "
                f"(…, {self.dim}): {error}."
            ) from error
        return torch.as_tensor(array).to(self.like)
