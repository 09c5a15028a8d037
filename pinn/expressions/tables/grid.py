"""Values on a grid: piecewise constant, multilinear, or cubic splines, each with its derivatives."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

KINDS = ("nearest", "linear", "cubic")
_SMOOTHNESS = {
    "nearest": "with jumps half way between nodes",
    "linear": "continuous, with kinks",
    "cubic": "of class C²",
}


@dataclass(frozen=True)
class _Axis:
    """Piecewise polynomials along one axis: on cell i, with s = (x − left_i)/width_i, Σ_k coefficients[i, j, k] s^k is
    the function number i + j; `breaks` part the cells."""

    breaks: np.ndarray
    left: np.ndarray
    width: np.ndarray
    coefficients: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class GridTable:
    """The function that interpolates `values`, of shape (n_1, …, n_k), on a grid with the `nodes` of k `axes`.

    `kind` is "nearest", piecewise constant; "linear", the product of piecewise linear interpolations; or "cubic", the
    tensor product of cubic splines with the not-a-knot condition (de Boor 1978), of class C², which along an axis of
    three or two nodes is the polynomial through them. Raises ValueError unless nodes increase and there are two at
    least.

    >>> GridTable((0,), ([0.0, 1.0, 3.0],), [0.0, 2.0, 0.0]).at(torch.tensor([2.0]))
    tensor(1.)
    """

    axes: tuple[int, ...]
    nodes: Sequence[Sequence[float] | np.ndarray]
    values: Sequence[float] | np.ndarray
    kind: str = "linear"
    name: str = "table"

    def __post_init__(self) -> None:
        nodes = tuple(np.asarray(one, dtype=np.float64) for one in self.nodes)
        values = np.asarray(self.values, dtype=np.float64)
        if self.kind not in KINDS:
            raise ValueError(f"{self.name}: {self.kind!r} is no interpolation: use {', '.join(KINDS)}.")
        if values.shape != tuple(map(len, nodes)) or len(nodes) != len(self.axes):
            raise ValueError(f"{self.name} needs values of shape {tuple(map(len, nodes))}, got {values.shape}.")
        if any(len(one) < 2 or not (np.diff(one) > 0).all() for one in nodes):
            raise ValueError(f"{self.name} needs two nodes or more along each axis, in increasing order.")
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        shape = "×".join(str(len(one)) for one in self.nodes)
        return f"{self.name}: {self.kind} interpolation between {shape} nodes, {_SMOOTHNESS[self.kind]}"

    __repr__ = __str__

    def breaks(self, axis: int) -> np.ndarray:
        """Where along a coordinate the function may have kinks or jumps."""
        return self._pieces[self.axes.index(axis)].breaks if axis in self.axes else np.zeros(0)

    def misses(self, x: Tensor) -> Tensor:
        """Which points (…, d) lie outside of its range by more than rounding: bool (…)."""
        outside = torch.zeros_like(x[..., 0], dtype=torch.bool)
        for axis, nodes in zip(self.axes, self.nodes, strict=True):
            slack = 1e-9 * (nodes[-1] - nodes[0])
            outside |= (x[..., axis] < nodes[0] - slack) | (x[..., axis] > nodes[-1] + slack)
        return outside

    @property
    def range(self) -> dict[int, tuple[float, float]]:
        """First and last node along each axis."""
        return {a: (float(n[0]), float(n[-1])) for a, n in zip(self.axes, self.nodes, strict=True)}

    def at(self, x: Tensor, orders: Sequence[int] = ()) -> Tensor:
        """The values at points (…, d), differentiated along the coordinates `orders`: shape (…)."""
        numbers, weights = [], []
        for axis, piece in zip(self.axes, self._pieces, strict=True):
            c, m = x[..., axis], [*orders].count(axis)
            cell = (c.unsqueeze(-1) >= _like(piece.breaks, c)).sum(-1)
            s = (c - _taken(piece.left, cell, c)) / _taken(piece.width, cell, c)
            weights.append(_basis(piece, cell, s, m, c))
            numbers.append(cell)
        table = self._coefficients
        total: Tensor | None = None
        strides = [math.prod(table.shape[k + 1 :]) for k in range(table.ndim)]
        for corner in itertools.product(*(range(len(one)) for one in weights)):
            place = sum((cell + j) * n for cell, j, n in zip(numbers, corner, strides, strict=True))
            weight = math.prod(w[j] for w, j in zip(weights, corner, strict=True))
            term = _taken(table.reshape(-1), torch.as_tensor(place), x) * weight
            total = term if total is None else total + term
        assert total is not None
        return total

    @cached_property
    def _pieces(self) -> tuple[_Axis, ...]:
        return tuple(_axis(np.asarray(nodes), self.kind)[0] for nodes in self.nodes)

    @cached_property
    def _coefficients(self) -> np.ndarray:
        """The coefficients of the functions along all axes: the values, but for splines."""
        found = np.asarray(self.values)
        for k, nodes in enumerate(self.nodes):
            matrix = _axis(np.asarray(nodes), self.kind)[1]
            if matrix is not None:
                found = np.moveaxis(
                    np.linalg.solve(matrix, np.moveaxis(found, k, 0).reshape(len(nodes), -1)).reshape(
                        len(nodes), *np.delete(found.shape, k)
                    ),
                    0,
                    k,
                )
        return found


def _basis(piece: _Axis, cell: Tensor, s: Tensor, m: int, like: Tensor) -> list[Tensor]:
    """The functions that are not zero on the cells, at s, differentiated m times."""
    count, powers = piece.coefficients.shape[1:]
    found = []
    for j in range(count):
        value = torch.zeros_like(s)
        for k in reversed(range(m, powers)):
            value = value * s + math.perm(k, m) * _taken(piece.coefficients[:, j, k], cell, like)
        found.append(value / _taken(piece.width, cell, like) ** m if m else value)
    return found


def _axis(t: np.ndarray, kind: str) -> tuple[_Axis, np.ndarray | None]:
    """The functions along an axis with the nodes t, and their values at these if they are not 1 at one of them each."""
    if kind == "nearest":
        breaks = (t[1:] + t[:-1]) / 2
        return _Axis(breaks, np.zeros(len(t)), np.ones(len(t)), np.ones((len(t), 1, 1))), None
    if kind == "linear":
        pieces = np.tile(np.array([[1.0, -1.0], [0.0, 1.0]]), (len(t) - 1, 1, 1))
        return _Axis(t[1:-1], t[:-1], np.diff(t), pieces), None
    p = min(3, len(t) - 1)
    inner = t[2:-2] if p == 3 else t[:0]
    knots = np.concatenate([np.full(p + 1, t[0]), inner, np.full(p + 1, t[-1])])
    edges = np.concatenate([t[:1], inner, t[-1:]])
    left, width = edges[:-1], np.diff(edges)
    s = np.linspace(0, 1, p + 1)
    pieces = np.stack(
        [
            np.linalg.solve(np.vander(s, increasing=True), _splines(knots, p, a + h * s, i + p)[:, i : i + p + 1]).T
            for i, (a, h) in enumerate(zip(left, width, strict=True))
        ]
    )
    cells = np.clip(np.searchsorted(inner, t, side="right"), 0, len(left) - 1)
    matrix = np.concatenate([_splines(knots, p, t[k : k + 1], cells[k] + p) for k in range(len(t))])
    return _Axis(inner, left, width, pieces), matrix


def _splines(knots: np.ndarray, p: int, x: np.ndarray, span: int) -> np.ndarray:
    """All B-splines of degree p at points of one span of the knots: shape (N, n), by Cox and de Boor's recursion."""
    n = len(knots) - p - 1
    found = np.zeros((len(x), n + p))
    found[:, span] = 1.0
    for q in range(1, p + 1):
        new = np.zeros_like(found)
        for i in range(n + p - q):
            for a, b, sign, part in ((i, i + q, 1, i), (i + 1, i + q + 1, -1, i + 1)):
                if knots[b] > knots[a]:
                    share = (x - knots[a]) / (knots[b] - knots[a])
                    new[:, i] += (share if sign > 0 else 1 - share) * found[:, part]
        found = new
    return found[:, :n]


def _like(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)


def _taken(array: np.ndarray, index: Tensor, like: Tensor) -> Tensor:
    """array[index] for an index of any shape, also of none within vmap."""
    return _like(array, like)[index.reshape(-1)].reshape(index.shape)
