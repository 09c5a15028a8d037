"""Ranks: processes that train together, each on its share of the points (torch.distributed)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Ranks:
    """This process and how many there are: `Ranks()` is one alone, `joined_ranks()` what torchrun has started.

    All ranks draw all points from the same seed, and each evaluates every `size`-th of them. What is summed over points
    is then summed over ranks, by one all_reduce, so all come to the same parameters.
    """

    rank: int = 0
    size: int = 1

    @property
    def alone(self) -> bool:
        return self.size == 1

    def share(self, sample: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The part of a sample that is this rank's."""
        return tuple(sample) if self.alone else tuple(part[self.rank :: self.size] for part in sample)

    def total(self, *parts: Tensor) -> list[Tensor]:
        """The sums over all ranks of tensors of the same shapes, in one message."""
        if self.alone:
            return list(parts)
        message = torch.cat([part.detach().reshape(-1) for part in parts])
        dist.all_reduce(message)
        split = message.split([part.numel() for part in parts])
        return [flat.view(part.shape) for flat, part in zip(split, parts, strict=True)]

    def gathered(self, part: Tensor) -> Tensor:
        """The parts of all ranks, of the same shape, one below the other."""
        if self.alone:
            return part
        found = [torch.empty_like(part) for _ in range(self.size)]
        dist.all_gather(found, part.contiguous())
        return torch.cat(found)

    def first(self, value: bool) -> bool:
        """What rank 0 says; clocks differ."""
        return self.any(value and self.rank == 0)

    def any(self, value: bool) -> bool:
        """Whether it is so on any rank."""
        if self.alone:
            return value
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        flag = torch.tensor([float(value)], device=device)
        dist.all_reduce(flag)
        return bool(flag > 0)


def launched_ranks() -> Ranks:
    """The rank that torchrun has given this process by its environment, before it has joined the others."""
    return Ranks(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))


def joined_ranks(device: torch.device) -> Ranks:
    """The same, joined to the others: by gloo on a CPU, by NCCL on GPUs."""
    ranks = launched_ranks()
    if not ranks.alone and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return ranks


def triangular(A: Tensor, ranks: Ranks) -> Tensor:
    """R of the QR decomposition of A, whose rows are spread over ranks: shape (n, n), the same on all of them.

    Each rank decomposes its rows, and the small factors are decomposed again (TSQR, Demmel et al. 2012).
    """
    n = A.shape[1]
    R = torch.linalg.qr(A, mode="r").R
    full = torch.cat([R, R.new_zeros(max(n - len(R), 0), n)])
    return torch.linalg.qr(ranks.gathered(full), mode="r").R
