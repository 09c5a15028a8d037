"""How the points of an objective are divided, into blocks for ranks and chunks for memory, and summed over again."""

import dataclasses
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.func import vmap

from pinn.objective.loss import Sample
from pinn.parallel import Ranks
from pinn.pdes import Condition
from pinn.torch_private import tree_flatten, tree_unflatten

T = TypeVar("T")


@dataclass(frozen=True)
class Blocks:
    """The points of each condition, followed by the data given there, in the blocks of this rank.

    One process alone has one block with all points; `Ranks` says which points make a block of several, and a block of
    few points lacks the conditions that have none there. `points` counts those of all ranks. Within a block at most
    `chunk_size` points of one condition are taken at a time; all points of all conditions at once for None.
    """

    parts: Sequence[Mapping[str, Sample]]
    points: Mapping[str, int]
    ranks: Ranks
    chunk_size: int | None

    @classmethod
    def of(
        cls, conditions: Sequence[Condition], samples: Mapping[str, Sample], ranks: Ranks, chunk_size: int | None
    ) -> "Blocks":
        """The points of all ranks, divided, with their data: fetched once, at the points of this rank."""
        divided = [ranks.local_blocks(samples[c.name]) for c in conditions]
        parts = [
            {
                c.name: _with_data(sample, c.given)
                for c, sample in zip(conditions, block, strict=True)
                if ranks.single_block or len(sample[0])
            }
            for block in zip(*divided, strict=True)
        ]
        return cls(parts, {c.name: len(samples[c.name][0]) for c in conditions}, ranks, chunk_size)

    def only(self, name: str) -> "Blocks":
        """The points of one condition."""
        parts = [{n: sample for n, sample in part.items() if n == name} for part in self.parts]
        return dataclasses.replace(self, parts=parts, points={name: self.points[name]})

    def weighted(self, weights: Mapping[str, Tensor], before: Container[str]) -> "Blocks":
        """The same with √λ for each weight λ at the end of a sample, and without those of the conditions `before`."""
        factors = {
            name: self.ranks.local_blocks([weight.sqrt().expand(self.points[name])])
            for name, weight in weights.items()
            if name in self.points
        }
        parts = [
            {
                name: (*(sample[:-1] if name in before else sample), *(factors[name][k] if name in factors else ()))
                for name, sample in part.items()
            }
            for k, part in enumerate(self.parts)
        ]
        return dataclasses.replace(self, parts=parts)

    def first(self, name: str) -> Sample | None:
        """The first point of a condition on this rank, as a sample of one; None if it has none here."""
        sample = next((part[name] for part in self.parts if name in part), None)
        return None if sample is None or not len(sample[0]) else tuple(tensor[:1] for tensor in sample)

    def each(self, function: Callable[[Mapping[str, Sample]], T]) -> list[Iterator[T]]:
        """The function of each chunk of each block, when it is asked for: not all of them need to be held."""
        return [map(function, _chunked(part, self.chunk_size)) for part in self.parts]

    def total(self, values: Sequence[T]) -> T:
        """The sum over the blocks of all ranks of one nested container of tensors for each block of this one."""
        if self.ranks.single_block:
            return values[0]
        flat = [tree_flatten(value) for value in values]
        message = self.ranks.sum([torch.cat([leaf.reshape(-1) for leaf in leaves]) for leaves, _ in flat])
        leaves, structure = flat[0]
        parts = message.split([leaf.numel() for leaf in leaves])
        return tree_unflatten([part.view(leaf.shape) for leaf, part in zip(leaves, parts, strict=True)], structure)

    def complete(self, terms: dict[str, Tensor]) -> dict[str, Tensor]:
        """The terms of a block, zero for the conditions that have no point there."""
        if self.ranks.single_block:
            return terms
        zero = next(iter(terms.values())).new_zeros(())
        return {**dict.fromkeys(self.points, zero), **terms}


def sum_by_name(parts: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The sum of dicts of tensors, name by name; not every part needs every name."""
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name] + value if name in total else value
    return total


def joined(parts: Sequence[Tensor]) -> Tensor:
    """The rows of all parts; of a single one without a copy."""
    return torch.cat(list(parts)) if len(parts) > 1 else parts[0]


def _with_data(sample: Sample, given: Callable[..., Tensor] | None) -> Sample:
    """The sample, followed by the data given there."""
    return sample if given is None else (*sample, vmap(given)(*sample).detach())


def _chunked(samples: Mapping[str, Sample], size: int | None) -> list[Mapping[str, Sample]]:
    """The samples in pieces of at most `size` points, each of one condition; all at once for None."""
    if size is None:
        return [samples]
    split: dict[str, Any] = {
        name: zip(*(part.split(size) for part in sample), strict=True) for name, sample in samples.items()
    }
    return [{name: chunk} for name, chunks in split.items() for chunk in chunks]
