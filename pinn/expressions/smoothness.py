"""Where a formula has kinks and jumps: at the zeros of what its abs, sign, min, max and comparisons look at.

Between two such zeros every choice is made, and what is left is smooth. So across a zero the formula is C^k if the
derivatives up to order k of what it is on the one side and on the other agree there: abs(x)**3 is C², min(x, 1) has a
kink at 1 and nowhere else, where(x < 0, 0, x) is continuous.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.expressions.calculus import derivative
from pinn.expressions.formula import LEAVES, Program
from pinn.expressions.graph import Graph, Node, RefusedError
from pinn.expressions.tables import Table
from pinn.typing import Points

TOLERANCE = 1e-6
"""A difference of both sides from which on it is one, in parts of the largest value along the lines."""
_MOST_ZEROS = 256
_BESIDE, _AT = 1e-5, 1e-9
"""How far from a zero choices and values are looked at, in parts of the spacing of points."""


@dataclass(frozen=True)
class Break:
    """The derivative of this `order` along `axis` jumps at the point `at`; of order 0 it is the function itself."""

    order: int
    axis: int
    at: tuple[float, ...]

    def __str__(self) -> str:
        what = {0: "jumps", 1: "has a kink"}.get(self.order, f"has a jump in its derivative of order {self.order}")
        return f"{what} near ({', '.join(f'{c + 0.0:.4g}' for c in self.at)})"


def first_break(
    program: Program, axis: int, order: int, lines: Tensor, inside: Tensor, space: Sequence[int] = ()
) -> Break | None:
    """The break of lowest order, below `order`, of a formula along `axis`; None if there is none.

    `lines` are points in order on lines along that axis, shape (lines, points, d), and `inside`, (lines, points), says
    which of them count. `space` are the coordinates over which a Laplacian sums. Fields, their derivatives and
    coefficients that are tensors stand for some numbers, and what chooses by them is left alone.
    """
    graph = Graph.of(program.steps, space)
    (root,) = program.outputs
    switches = _switches(graph, root)
    tables = {graph.nodes[a].data[0] for a in graph.beneath([root]) if graph.nodes[a].op == "table"}
    if not (switches or tables) or order < 1:
        return None
    values, looked_at = _Values(graph), sorted({*switches.values()})
    zeros = [_zeros(values, looked_at, lines, inside), *(_knots(table, axis, lines, inside) for table in tables)]
    x, beside = (torch.cat(part) for part in zip(*zeros, strict=True))
    if not len(x):
        return None
    scales, formula = [], root
    for _ in range(order):
        scales.append(_largest(values.at(formula, lines)[inside]))
        formula = derivative(graph, formula, axis)
    none = x.new_zeros(len(x), 0)
    signs = [
        torch.cat([none, *(values.at(s, x + side * beside)[:, None] for s in looked_at)], 1).sign().cpu()
        for side in (-1, 1)
    ]
    rows = [[tuple(int(v) for v in row) for row in side.tolist()] for side in signs]
    found: list[Break] = []
    for pair in sorted(set(zip(*rows, strict=True))):
        here = torch.tensor([both == pair for both in zip(*rows, strict=True)], device=x.device)
        chosen = [dict(zip(looked_at, side, strict=True)) for side in pair]
        if pair[0] != pair[1] or tables:
            found += _disagreement(values, root, switches, chosen, axis, x[here], beside[here], scales)
    return min(found, key=lambda one: one.order, default=None)


def axes_of_choices(program: Program) -> frozenset[int]:
    """The coordinates along which a formula can have a break: those of its tables, and of what its choices look at."""
    graph = Graph.of(program.steps)
    (root,) = program.outputs
    looked_at = (graph.nodes[a] for a in graph.beneath([*_switches(graph, root).values()]))
    tables = (node.data[0] for node in map(graph.nodes.__getitem__, graph.beneath([root])) if node.op == "table")
    choices = {node.data[0] for node in looked_at if node.op == "coordinate"}
    return frozenset(choices.union(*(table.axes for table in tables)))


def _disagreement(
    values: "_Values",
    root: int,
    switches: Mapping[int, int],
    chosen: Sequence[Mapping[int, int]],
    axis: int,
    x: Points,
    beside: Points,
    scales: Sequence[float],
) -> list[Break]:
    """The lowest derivative in which what the formula is on two sides of some zeros x disagrees there, if any does."""
    graph = values.graph
    try:
        sides = [_resolved(graph, root, switches, signs) for signs in chosen]
        for order, scale in enumerate(scales):
            before, after = (
                values.at(f, x + sign * _AT / _BESIDE * beside) for f, sign in zip(sides, (-1, 1), strict=True)
            )
            apart = torch.nan_to_num(after - before, nan=torch.inf).abs()
            if float(apart.max()) > TOLERANCE * scale:
                return [Break(order, axis, tuple(float(c) for c in x[int(apart.argmax())]))]
            sides = [derivative(graph, f, axis) for f in sides]
    except RefusedError:  # it divides by zero on one of the sides
        return [Break(0, axis, tuple(float(c) for c in x[0]))]
    return []


class _Values:
    """Nodes of a graph at points, with some number for each field, derivative and coefficient."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._numbers: dict[Node, float] = {}

    def at(self, place: int, x: Points) -> Tensor:
        """Values of a node, shape (…,) for points of shape (…, d)."""
        program = Program.of(self.graph, [place])
        leaves = [node for node in program.steps if node.op in LEAVES]
        for node in leaves:
            self._numbers.setdefault(node, 0.5 + 0.618033988749895 * (len(self._numbers) + 1) % 1)
        return program.run(x, {node: x.new_full(x.shape[:-1], self._numbers[node]) for node in leaves})[0]


def _switches(graph: Graph, root: int) -> dict[int, int]:
    """For each node that chooses by the sign of something known: the node of that."""
    found = {}
    for a in graph.beneath([root]):
        op, arguments, _ = graph.nodes[a]
        if op in ("abs", "sign", "positive", "nonnegative"):
            found[a] = arguments[0]
        elif op in ("min", "max"):
            found[a] = graph.sub(*arguments)
    known = {s: {graph.nodes[a].op for a in graph.beneath([s])} for s in {*found.values()}}
    return {a: s for a, s in found.items() if known[s] & {"coordinate", "table"} and not known[s] & {*LEAVES}}


def _resolved(graph: Graph, root: int, switches: Mapping[int, int], signs: Mapping[int, int]) -> int:
    """The formula with every choice made that has a sign."""
    new: dict[int, int] = {}
    for place in graph.beneath([root]):
        op, arguments, data = graph.nodes[place]
        parts = [new[a] for a in arguments]
        sign = signs[switches[place]] if place in switches else 0
        if sign and op in ("positive", "nonnegative", "sign"):
            new[place] = graph.number(sign if op == "sign" else max(sign, 0))
        elif sign and op == "abs":
            new[place] = parts[0] if sign > 0 else graph.neg(parts[0])
        elif sign:  # min and max, whose sign is that of the first less the second
            new[place] = parts[(sign > 0) == (op == "min")]
        else:
            new[place] = graph.rebuilt(op, parts, data) if arguments else place
    return new[root]


def _zeros(values: _Values, switches: Sequence[int], lines: Tensor, inside: Tensor) -> tuple[Points, Points]:
    """Points (n, d) where switches change their signs along the lines, and a small step along these at each."""
    both = inside[:, 1:] & inside[:, :-1]
    points, steps = [lines[:0, 0]], [lines[:0, 0]]
    for s in switches:
        value = values.at(s, lines)
        # From a point at which it is not zero to the next at which it has another sign, zero included.
        change = both & (value[:, :-1] * value[:, 1:] <= 0) & (value[:, :-1] != value[:, 1:])
        line, k = (index[:_MOST_ZEROS] for index in change.nonzero(as_tuple=True))
        low, high = lines[line, k], lines[line, k + 1]
        step = high - low
        sign = values.at(s, low).sign()
        for _ in range(60):
            middle = (low + high) / 2
            left = (values.at(s, middle).sign() == sign)[:, None]
            low, high = torch.where(left, middle, low), torch.where(left, high, middle)
        points.append((low + high) / 2)
        steps.append(step * _BESIDE)
    return torch.cat(points), torch.cat(steps)


def _knots(table: Table, axis: int, lines: Tensor, inside: Tensor) -> tuple[Points, Points]:
    """The points (n, d) on the lines where a table goes over to another polynomial, and a small step there."""
    low, high = lines[:, 0, axis].amin(), lines[:, -1, axis].amax()
    knots = torch.as_tensor(table.breaks(axis), dtype=lines.dtype, device=lines.device)
    knots = knots[(knots > low) & (knots < high)]
    knots = knots[torch.linspace(0, len(knots) - 1, min(len(knots), _MOST_ZEROS), device=knots.device).long()]
    x = lines[:, :1].repeat(1, len(knots), 1)
    x[..., axis] = knots
    near = (lines[..., axis][:, None] - knots[:, None]).abs().argmin(-1) if len(knots) else x[..., 0].long()
    step = (lines[:, 1:2] - lines[:, :1]).expand_as(x) * _BESIDE
    here = inside.gather(1, near)
    return x[here], step[here]


def _largest(values: Tensor) -> float:
    finite = values[values.isfinite()].abs()
    return float(finite.max()) if len(finite) else 0.0
