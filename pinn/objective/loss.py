"""What an evaluation of the objective takes and gives: samples, and the loss with the terms it is the sum of."""

from dataclasses import dataclass

import torch
from torch import Tensor

Sample = tuple[Tensor, ...]
"""What a region yields: `(x,)`, `(x, normal)`, …, one row for each point."""


@dataclass(frozen=True)
class LossTerms:
    """The objective at some parameters: the loss, and the weighted mean square of each condition."""

    loss: Tensor
    terms: dict[str, Tensor]

    @classmethod
    def of(cls, terms: dict[str, Tensor]) -> "LossTerms":
        """The terms, whose sum is the loss."""
        return cls(torch.stack(list(terms.values())).sum(), terms)
