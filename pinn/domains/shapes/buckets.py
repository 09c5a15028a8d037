"""Which of many small boxes may hold a point: a regular grid of buckets, each with the boxes that reach into it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pinn.typing import Points

_MOST = 64
"""Buckets along a coordinate, at most."""


@dataclass(frozen=True, eq=False)
class Buckets:
    """Boxes with corners `lower` and `upper`, both (C, d)."""

    lower: np.ndarray
    upper: np.ndarray

    def near(self, x: Points) -> Tensor:
        """For points (N, d) the numbers of boxes in their buckets, (N, K), those that are too few filled up with −1."""
        return torch.from_numpy(self._grid[3]).to(x.device)[self._number(x)]

    def _number(self, x: Points) -> Tensor:
        """The bucket of each point; of one outside that of the nearest."""
        low, size, counts, _ = self._grid
        place = ((x - torch.from_numpy(low).to(x)) / torch.from_numpy(size).to(x)).floor().long()
        most = torch.from_numpy(counts).to(x.device)
        place = torch.minimum(place.clamp(min=0), most - 1)
        strides = torch.from_numpy(np.append(np.cumprod(counts[::-1])[::-1][1:], 1)).to(x.device)
        return (place * strides).sum(-1)

    @cached_property
    def _grid(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Lower corner, size of a bucket, their number along each coordinate, and the boxes of each: (B, K)."""
        low, high = self.lower.min(0), self.upper.max(0)
        d, extent = len(low), np.maximum(high - low, 1e-12 * max(float((high - low).max()), 1e-300))
        typical = np.maximum((self.upper - self.lower).mean(0), extent / _MOST)
        counts = np.clip(np.ceil(extent / typical), 1, _MOST).astype(np.int64)
        size = extent * (1 + 1e-9) / counts
        first = np.clip(np.floor((self.lower - low) / size - 1e-6), 0, counts - 1).astype(np.int64)
        last = np.clip(np.floor((self.upper - low) / size + 1e-6), 0, counts - 1).astype(np.int64)
        strides = np.append(np.cumprod(counts[::-1])[::-1][1:], 1)
        widths = last - first + 1
        total = widths.prod(1)
        box = np.repeat(np.arange(len(total)), total)
        rank = np.arange(len(box)) - np.repeat(np.cumsum(total) - total, total)
        place = np.zeros((len(box), d), dtype=np.int64)
        for k in reversed(range(d)):
            place[:, k] = first[box, k] + rank % widths[box, k]
            rank = rank // widths[box, k]
        bucket = (place * strides).sum(1)
        order = np.argsort(bucket, kind="stable")
        bucket, box = bucket[order], box[order]
        held = np.bincount(bucket, minlength=int(counts.prod()))
        table = np.full((len(held), max(1, int(held.max()))), -1, dtype=np.int64)
        table[bucket, np.arange(len(bucket)) - np.repeat(np.cumsum(held) - held, held)] = box
        return low, size, counts, table
