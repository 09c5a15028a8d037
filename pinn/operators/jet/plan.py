"""What one forward propagation carries: directions, and the derivatives along them that were asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pinn.operators.jet.directions import HIGHEST, Direction, Weighted, polarisation, quartic, unit
from pinn.operators.jet.requests import Biharmonic, Laplacian, Request
from pinn.operators.strategies.base import MultiIndex


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
        """The stream, within its order, of a partial derivative; None if only directions combine to it."""
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
    row_of = {v: i for i, v in enumerate(directions)}
    counts = [sum(need[v] >= k for v in directions) for k in range(1, HIGHEST + 1)]
    return Plan(
        directions,
        (counts[0], counts[1], counts[2], counts[3]),
        tuple(dict.fromkeys(_sorted(row_of[unit(a)], row_of[unit(b)]) for a, b in pairs)),
        tuple(dict.fromkeys(t for axes in traces if (t := trace_rows(row_of, axes))[-1] >= counts[1])),
        tuple(dict.fromkeys(tuple((row_of[v], w) for v, w in q) for q in quartics)),
        row_of,
    )


def trace_rows(row_of: Mapping[Direction, int], axes: Sequence[int]) -> tuple[int, ...]:
    """The directions that a Laplacian over `axes` sums over; a trace is carried unless all have second order."""
    return tuple(sorted(row_of[unit(a)] for a in axes))


def _sorted(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i < j else (j, i)
