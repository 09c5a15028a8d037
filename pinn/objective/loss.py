"""What an evaluation of the objective takes and gives: samples, and the loss with the terms it is the sum of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

Sample = tuple[Tensor, ...]
"""What a region yields: `(x,)`, `(x, normal)`, …, one row for each point."""


@dataclass(frozen=True)
class LossTerms:
    """The objective at some parameters: the loss, and the weighted mean square of each condition."""

    loss: Tensor
    terms: dict[str, Tensor]

    @classmethod
    def of(cls, terms: dict[str, Tensor]) -> "LossTerms":
        """The evaluation whose loss is the sum of `terms`."""
        return cls(torch.stack(list(terms.values())).sum(), terms)


def with_data(sample: Sample, given: Callable[..., Tensor] | None) -> Sample:
    """The sample, followed by the data given there."""
    return sample if given is None else (*sample, vmap(given)(*sample).detach())


def sum_by_name(parts: Iterable[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The sum of dicts of tensors, name by name; not every part needs every name."""
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total


def chunked(samples: Mapping[str, Sample], size: int | None) -> list[Mapping[str, Sample]]:
    """The samples in pieces of at most `size` points, each of one condition; all at once for None."""
    if size is None:
        return [samples]
    split = {name: zip(*(part.split(size) for part in sample), strict=True) for name, sample in samples.items()}
    return [{name: chunk} for name, chunks in split.items() for chunk in chunks]
