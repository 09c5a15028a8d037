"""What one forward propagation carries: directions, and the derivatives along them that were asked for."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pinn.operators.strategies.base import MissingRuleError, MultiIndex

Direction = tuple[tuple[int, float], ...]
"""A vector by its nonzero entries: ((axis, coefficient), …)."""

Weighted = tuple[tuple[Direction, float], ...]
"""A differential operator of order k as Σ w ∂ᵏ/∂vᵏ over pairs (v, w)."""

HIGHEST = 4


@dataclass(frozen=True)
class Laplacian:
    """A request for Σ ∂²/∂x_a² over `axes`, carried as one stream."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Biharmonic:
    """A request for Δ² over `axes`, carried as one stream of fourth order."""

    axes: tuple[int, ...]


Request = MultiIndex | Laplacian | Biharmonic


@dataclass(frozen=True)
class Plan:
    """The streams of one propagation, order by order.

    Directions are sorted by the order they need, highest first; `counts[k - 1]` of them carry ∂ᵏ/∂vᵏ. The streams of
    second order go on with `mixed` derivatives ∂²/∂v_i∂v_j and `traces` Σ ∂²/∂v_i²; those of fourth order with
    `quartics` Σ w_i ∂⁴/∂v_i⁴. A sum is one stream: the top order enters every rule linearly. `row_of` finds one.
    """

    directions: tuple[Direction, ...]
    counts: tuple[int, int, int, int]
    mixed: tuple[tuple[int, int], ...] = ()
    traces: tuple[tuple[int, ...], ...] = ()
    quartics: tuple[tuple[tuple[int, float], ...], ...] = ()
    row_of: dict[Direction, int] = field(default_factory=dict, compare=False)

    @property
    def order(self) -> int:
        """The highest order carried."""
        if self.quartics or self.counts[3]:
            return 4
        if self.counts[2]:
            return 3
        return 2 if self.counts[1] or self.mixed or self.traces else 1

    @property
    def trace_only(self) -> bool:
        """Whether first derivatives matter only through one sum of squares over all of them."""
        return self.traces == (tuple(range(self.counts[0])),) and not (self.mixed or self.counts[1])

    def row(self, order: MultiIndex) -> int | None:
        """The stream, within its order, of a partial derivative; None where only directions combine to it."""
        ends = sorted(self.row_of.get(unit(a), -1) for a in set(order))
        if len(ends) == 1:
            return ends[0] if 0 <= ends[0] < self.counts[len(order) - 1] else None
        pair = (ends[0], ends[1])
        return self.counts[1] + self.mixed.index(pair) if len(order) == 2 and pair in self.mixed else None

    def matrix(self, x: Tensor) -> Tensor:
        """The directions as rows, shape (n, d)."""
        d = x.shape[0]
        if self.directions == tuple(unit(a) for a in range(d)):
            return torch.eye(d, dtype=x.dtype, device=x.device)
        rows = [[dict(direction).get(a, 0.0) for a in range(d)] for direction in self.directions]
        return torch.tensor(rows, dtype=x.dtype, device=x.device)


def plan(requests: Iterable[Request]) -> Plan:
    """The fewest streams that answer all `requests`."""
    need: dict[Direction, int] = {}
    pairs: list[tuple[int, int]] = []
    traces: list[tuple[int, ...]] = []
    quartics: list[Weighted] = []

    def ask(direction: Direction, order: int) -> None:
        need[direction] = max(order, need.get(direction, 0))

    for request in requests:
        if isinstance(request, Laplacian):
            for a in request.axes:
                ask(unit(a), 1)
            traces += [request.axes] if request.axes else []
        elif isinstance(request, Biharmonic):
            quartics.append(quartic(request.axes))
            for direction, _ in quartics[-1]:
                ask(direction, 3)
        elif len(request) == 2 and request[0] != request[1]:
            pairs.append(request)
            for a in request:
                ask(unit(a), 1)
        else:
            for direction, _ in polarisation(request):
                ask(direction, len(request))
    directions = tuple(sorted(need, key=lambda v: (-need[v], v)))
    place = {v: i for i, v in enumerate(directions)}
    counts = [sum(need[v] >= k for v in directions) for k in range(1, HIGHEST + 1)]
    return Plan(
        directions,
        (counts[0], counts[1], counts[2], counts[3]),
        tuple(dict.fromkeys(_sorted(place[unit(a)], place[unit(b)]) for a, b in pairs)),
        tuple(dict.fromkeys(t for axes in traces if (t := trace_rows(place, axes))[-1] >= counts[1])),
        tuple(dict.fromkeys(tuple((place[v], w) for v, w in q) for q in quartics)),
        place,
    )


def trace_rows(place: dict[Direction, int], axes: Sequence[int]) -> tuple[int, ...]:
    """The directions that a Laplacian over `axes` sums over; a trace is carried unless all have second order."""
    return tuple(sorted(place[unit(a)] for a in axes))


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
    found: dict[Direction, float] = {}
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
        found[direction] = found.get(direction, 0.0) + weight
    return tuple((v, w) for v, w in found.items() if w)


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


def _sorted(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)
