"""Ranks: processes that train together, each on its share of the points (torch.distributed)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

BLOCKS = 4
"""Into how many blocks the points are divided if processes share them, if their number divides it."""
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class Ranks:
    """This process and how many there are: `Ranks()` is one alone, `joined_ranks()` what torchrun has started.

    All ranks draw all points from the same seed. Every `blocks`-th point makes a block, which one rank evaluates: rank
    k has the blocks k, k + size, … What is summed over points is summed over blocks, in an order that does not depend
    on the number of ranks: 1, 2 and 4 of them come to the same bits. Ranks of another number have a block each, and the
    order is that of all_reduce.
    """

    rank: int = 0
    size: int = 1
    blocks: int = 1

    @property
    def single_block(self) -> bool:
        """Whether there is one block of all points."""
        return self.blocks == 1

    def local_blocks(self, sample: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """The parts of a sample in the blocks of this rank."""
        return [tuple(part[k :: self.blocks] for part in sample) for k in range(self.rank, self.blocks, self.size)]

    def sum(self, parts: Sequence[Tensor]) -> Tensor:
        """The sum over the blocks of all ranks, from one tensor for each block of this one."""
        total = _folded(parts)
        if self.size == 1:
            return total
        if self.blocks % BLOCKS or self.size > BLOCKS:
            dist.all_reduce(total := total.clone())
            return total
        return _folded(self.gathered(total[None]).unbind())

    def gathered(self, part: Tensor) -> Tensor:
        """The parts of all ranks, of the same shape, one below the other."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        dist.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    def first(self, value: bool) -> bool:
        """What rank 0 says; clocks differ."""
        return self.any(value and self.rank == 0)

    def told(self, path: Path) -> Path:
        """The path that rank 0 has."""
        if self.size == 1:
            return path
        text = os.fsencode(path)
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        letters = torch.zeros(_LONGEST_PATH, dtype=torch.uint8, device=device)
        letters[: len(text)] = torch.tensor(list(text), dtype=torch.uint8)
        return Path(os.fsdecode(bytes(self.gathered(letters)[:_LONGEST_PATH].tolist()).rstrip(b"\0")))

    def any(self, value: bool) -> bool:
        """Whether it is so on any rank."""
        if self.size == 1:
            return value
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        flag = torch.tensor([float(value)], device=device)
        dist.all_reduce(flag)
        return bool(flag > 0)


def launched_ranks() -> Ranks:
    """The rank that torchrun has given this process by its environment, before it has joined the others."""
    if "WORLD_SIZE" not in os.environ:
        return Ranks()
    size = int(os.environ["WORLD_SIZE"])
    return Ranks(int(os.environ["RANK"]), size, size if BLOCKS % size else BLOCKS)


def joined_ranks(device: torch.device) -> Ranks:
    """The same, joined to the others: by gloo on a CPU, by NCCL on GPUs."""
    ranks = launched_ranks()
    if ranks.size > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return ranks


def triangular(blocks: Sequence[Tensor], ranks: Ranks) -> Tensor:
    """R of the QR decomposition of a matrix of n columns, whose blocks of rows are spread over ranks: shape (n, n).

    Each block is decomposed, and the small factors are decomposed again (TSQR, Demmel et al. 2012).
    """
    n = blocks[0].shape[1]
    factors = []
    for block in blocks:
        R = torch.linalg.qr(block, mode="r").R
        factors.append(torch.cat([R, R.new_zeros(max(n - len(R), 0), n)]))
    stacked = ranks.gathered(torch.stack(factors))  # by rank; in order of the blocks it is the same for any number
    order = [k % ranks.size * len(blocks) + k // ranks.size for k in range(len(stacked))]
    return torch.linalg.qr(stacked[order].flatten(0, 1), mode="r").R


def _folded(parts: Sequence[Tensor]) -> Tensor:
    """The sum, first half and second half pairwise, again and again while the number is even."""
    while len(parts) > 1 and len(parts) % 2 == 0:
        half = len(parts) // 2
        parts = [a + b for a, b in zip(parts[:half], parts[half:], strict=True)]
    return parts[0] if len(parts) == 1 else torch.stack(list(parts)).sum(0)
