"""Partial derivatives of any order as sums of derivatives along single directions."""

import itertools
import math
from collections.abc import Sequence

from pinn.operators.strategies.base import MissingRuleError, MultiIndex

Direction = tuple[tuple[int, float], ...]
"""A vector by its nonzero entries: ((axis, coefficient), …)."""

Weighted = tuple[tuple[Direction, float], ...]
"""A differential operator of order k as Σ w ∂ᵏ/∂vᵏ over pairs (v, w)."""

HIGHEST = 4
"""The highest order that is propagated."""


def unit(axis: int) -> Direction:
    """The direction e_axis."""
    return ((axis, 1.0),)


def polarisation(order: MultiIndex) -> Weighted:
    """A partial derivative of order k by derivatives along directions, exactly.

    k! 2ᵏ⁻¹ ∂₁…∂ₖ = Σ_ε ε₁…εₖ₋₁ (ε₁∂₁ + … + εₖ₋₁∂ₖ₋₁ + ∂ₖ)ᵏ over signs ε; equal and opposite directions are merged.
    """
    k = len(order)
    if k == 0:
        return ()
    if k > HIGHEST:
        raise MissingRuleError(
            f"Jet propagates derivatives up to order {HIGHEST}, got {order}. Use Eye() or Rows() (vjp=eye, vjp=rows)."
        )
    if len(set(order)) == 1:
        return ((unit(order[0]), 1.0),)
    weights: dict[Direction, float] = {}
    for signs in itertools.product((1, -1), repeat=k - 1):
        entries = dict.fromkeys(order, 0)
        for a, sign in zip(order, (*signs, 1), strict=True):
            entries[a] += sign
        support = {a: c for a, c in entries.items() if c}
        if not support:
            continue
        scale = math.gcd(*support.values()) * (1 if next(iter(support.values())) > 0 else -1)
        direction = tuple((a, c / scale) for a, c in support.items())
        weight = math.prod(signs) * scale**k / (math.factorial(k) * 2 ** (k - 1))
        weights[direction] = weights.get(direction, 0.0) + weight
    return tuple((v, w) for v, w in weights.items() if w)


def quartic(axes: Sequence[int]) -> Weighted:
    """Δ² = Σ w ∂⁴/∂v⁴: three directions at 60° in the plane, the six axes of an icosahedron in space.

    From n = 4 on the directions e_i and e_i ± e_j, by ξ_i²ξ_j² = [(ξ_i+ξ_j)⁴ + (ξ_i−ξ_j)⁴ − 2ξ_i⁴ − 2ξ_j⁴]/12.
    """
    n = len(axes)
    if n == 1:
        return ((unit(axes[0]), 1.0),)
    if n == 2:
        i, j = axes
        height = math.sqrt(3.0)
        slanted = [(((i, 1.0), (j, s * height)), 1 / 18) for s in (1, -1)]
        return ((unit(i), 8 / 9), *slanted)
    if n == 3:
        golden = (1 + math.sqrt(5)) / 2
        weight = 5 / 6 / (1 + golden**2) ** 2
        ring = ((0, 1), (1, 2), (2, 0))
        return tuple((((axes[p], 1.0), (axes[q], s * golden)), weight) for p, q in ring for s in (1, -1))
    mixed = [(((i, 1.0), (j, float(s))), 1 / 6) for i, j in itertools.combinations(axes, 2) for s in (1, -1)]
    pure = [(unit(a), (4 - n) / 3) for a in axes] if n > 4 else []
    return (*pure, *mixed)
