"""Random numbers as a function of a point and a seed: no generator runs, so they may be drawn inside `vmap`.

torch's generators draw one number for all points of a `vmap`, or need its global state. A counter-based generator
(Salmon, Moraes, Dror & Shaw 2011) has no state: it scrambles (point, seed, index). Points of a batch then differ, the
same seed gives the same numbers in any order, in any chunk and on any device, and a nested derivative sees them as
constants.
"""

import torch
from torch import Tensor

_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}
_MASK = 2**64 - 1


def _signed(word: int) -> int:
    """The int64 with the bits of a 64-bit word."""
    return word - 2**64 if word >= 2**63 else word


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST, _SECOND = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def point_key(x: Tensor, seed: int | Tensor, depth: int) -> Tensor:
    """The key of the point x of shape (d,) under a seed, at a depth of nested derivatives: an int64 of shape ()."""
    bits = x.detach().view(_BITS[x.element_size()]).to(torch.int64)
    # Coordinates such as 0.5 have only zeros in their low half, which a product would never reach from above.
    folded = bits ^ (bits >> 32)
    # Random multipliers: with regular ones the sums of different points meet.
    odd = words(torch.zeros((), dtype=torch.int64, device=x.device), x.shape[0]) | 1
    return fold(fold((folded * odd).sum(), seed), depth)


def fold(key: Tensor, counter: int | Tensor) -> Tensor:
    """A new key for each counter."""
    return _scrambled(_scrambled(key) ^ counter)


def words(key: Tensor, n: int) -> Tensor:
    """n independent words of 64 random bits: int64 of shape (n,). The sequence of SplitMix64 (Steele et al. 2014)."""
    return _scrambled(key + _GOLDEN * torch.arange(1, n + 1, device=key.device))


def signs(key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """n random signs, ±1 with probability ½ each: shape (n,)."""
    bits = (words(key, -(-n // 64))[:, None] >> torch.arange(64, device=key.device)) & 1
    return (1 - 2 * bits).reshape(-1)[:n].to(dtype)


def normals(key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
    """n standard normal numbers: shape (n,)."""
    uniform = (_shifted(words(key, n), 11).to(torch.float64) + 0.5) * 2.0**-53
    return torch.special.ndtri(uniform).to(dtype)


def subset(key: Tensor, count: int, n: int) -> Tensor:
    """`count` distinct indices below n, each subset equally likely: Floyd's algorithm (Bentley & Floyd 1987).

    It takes O(count²) operations; a shuffle takes O(n). The probabilities are uniform to n·2⁻⁴⁰.
    """
    bound = torch.arange(n - count, n, device=key.device)
    drawn = _shifted(_shifted(words(key, count), 24) * (bound + 1), 40)
    chosen = drawn[:1]
    for k in range(1, count):
        taken = (chosen == drawn[k]).any()
        chosen = torch.cat([chosen, torch.where(taken, bound[k], drawn[k])[None]])
    return chosen


def _scrambled(word: Tensor) -> Tensor:
    """The finalizer of SplitMix64: every bit of the result depends on every bit of the word."""
    word = (word ^ _shifted(word, 30)) * _FIRST
    word = (word ^ _shifted(word, 27)) * _SECOND
    return word ^ _shifted(word, 31)


def _shifted(word: Tensor, bits: int) -> Tensor:
    """The word shifted to the right with zeros coming in; torch's own shift repeats the sign."""
    return (word >> bits) & (_MASK >> bits)
