"""What an evaluation of the objective gives: the loss, and the terms it is the sum of."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Evaluation:
    """The objective at some parameters: the loss, and the weighted mean square of each condition."""

    loss: Tensor
    terms: dict[str, Tensor]

    @classmethod
    def of(cls, terms: dict[str, Tensor]) -> "Evaluation":
        """The evaluation whose loss is the sum of `terms`."""
        return cls(torch.stack(list(terms.values())).sum(), terms)


def sum_by_name(parts: Iterable[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The sum of dicts of tensors, name by name; not every part needs every name."""
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total
