"""Random maps to fewer dimensions: of the parameters, and of the residuals."""

from itertools import pairwise

import torch
from torch import Tensor

NONZEROS = 8
"""In each column of a sketch of rows, as Martinsson & Tropp (2020, section 9.2) recommend."""


class Subspace:
    """The span of Ω, shape (P, s), by its signs and the rows of the Hartley transform that it keeps."""

    def __init__(self, P: int, s: int, generator: torch.Generator, like: Tensor) -> None:
        # Drawn on the CPU, so that a seed means the same subspace on every device.
        signs = torch.randint(2, (P,), generator=generator) * 2 - 1
        self._signs = signs.to(like)
        self._kept = torch.randperm(P, generator=generator)[: min(s, P)].to(like.device)

    def project(self, rows: Tensor) -> Tensor:
        """Rows times Ω: (…, P) to (…, s)."""
        return hartley(rows * self._signs)[..., self._kept]

    def lift(self, y: Tensor) -> Tensor:
        """Ωy: shape (P,)."""
        full = torch.zeros_like(self._signs)
        full[self._kept] = y
        return hartley(full) * self._signs


def hartley(x: Tensor) -> Tensor:
    """The discrete Hartley transform along the last axis, orthonormal and its own inverse (Bracewell 1983)."""
    F = torch.fft.fft(x, norm="ortho")
    return F.real - F.imag


class RowSketch:
    """S of shape (k, M): in each column a few random signs of equal size, so that E SᵀS = 1.

    SA for A of shape (M, s) is gathered from parts of the rows of A as they come, and no part is kept. The signs and
    their places depend on the generator alone, not on the parts.
    """

    def __init__(self, M: int, k: int, generator: torch.Generator, like: Tensor) -> None:
        count = min(NONZEROS, k)
        self._k = k
        # The places of a column differ: each is in a stretch of its own.
        ends = [k * i // count for i in range(count + 1)]
        places = [torch.randint(start, end, (M,), generator=generator) for start, end in pairwise(ends)]
        signs = torch.randint(2, (count, M), generator=generator) * 2 - 1
        self._places = torch.stack(places).to(like.device)
        self._signs = signs.to(like) / count**0.5

    def add(self, total: Tensor, part: Tensor, start: int) -> None:
        """Add the part of the product that comes from the rows of A from `start` on to `total`, (k, s) or (k,)."""
        rows = slice(start, start + len(part))
        for places, signs in zip(self._places, self._signs, strict=True):
            factors = signs[rows].reshape(-1, *[1] * (part.dim() - 1))
            total.index_add_(0, places[rows], factors * part)

    def times(self, A: Tensor) -> Tensor:
        """SA, for A of shape (M, s) or (M,)."""
        total = A.new_zeros(self._k, *A.shape[1:])
        self.add(total, A, 0)
        return total
