"""A formula as a graph: each different subexpression is one node, however often it occurs."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from pinn.expressions.functions import FUNCTIONS, TRUTHS
from pinn.expressions.tables import Table

MOST_NODES = 5000
HIGHEST_POWER = 100.0
HIGHEST_ORDER = 8


class RefusedError(ValueError):
    """Something that cannot be computed, said without the place in the text."""


class Node(NamedTuple):
    """One operation on earlier nodes.

    `op` is "number" (with its value), "coordinate" (axis), "normal" (axis), "coefficient" (one that is a tensor, by its
    place among the coefficients), "table" (it, axes of the derivative in order), "partial" (field, axes of the
    derivative in order), "laplacian" (field, how often), "power" (a number as exponent), one of "+", "-", "*", "/",
    "neg", a function of FUNCTIONS or one of CHOICES.
    """

    op: str
    arguments: tuple[int, ...] = ()
    data: tuple[Any, ...] = ()


class Graph:
    """Nodes in an order in which each stands behind its arguments; a node is named by its place.

    `space` are the coordinates over which the Laplacian sums. Numbers are computed at once. Raises RefusedError for
    what is not a finite real number, and for more than MOST_NODES nodes.
    """

    def __init__(self, space: Sequence[int] = ()) -> None:
        self.space = tuple(space)
        self.nodes: list[Node] = []
        self._places: dict[Node, int] = {}
        self.derivatives: dict[tuple[int, int], int] = {}

    @classmethod
    def of(cls, nodes: Sequence[Node], space: Sequence[int] = ()) -> "Graph":
        """The graph that has these nodes at their places."""
        graph = cls(space)
        for node in nodes:
            graph._node(node)
        return graph

    def value(self, a: int) -> float | None:
        """The number at a place, None for anything else."""
        return self.nodes[a].data[0] if self.nodes[a].op == "number" else None

    def number(self, value: float) -> int:
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise RefusedError("this is not a finite real number")
        return self._node(Node("number", (), (float(value) + 0.0,)))  # no −0

    def coordinate(self, axis: int) -> int:
        return self._node(Node("coordinate", (), (axis,)))

    def normal(self, axis: int) -> int:
        """A component of the outward normal, on a boundary."""
        return self._node(Node("normal", (), (axis,)))

    def table(self, table: Table, order: tuple[int, ...] = ()) -> int:
        """A derivative of a table of values; `()` is its value."""
        if any(axis not in table.axes for axis in order):
            return self.number(0)
        return self._node(Node("table", (), (table, *sorted(order))))

    def coefficient(self, place: int) -> int:
        """A coefficient that is known only when the formula is evaluated."""
        return self._node(Node("coefficient", (), (place,)))

    def partial(self, field: int, order: tuple[int, ...] = ()) -> int:
        """A partial derivative of a field; `()` is the field itself."""
        if len(order) > HIGHEST_ORDER:
            raise RefusedError(f"derivatives are of order {HIGHEST_ORDER} at most")
        return self._node(Node("partial", (), (field, *sorted(order))))

    def laplacian(self, field: int, times: int) -> int:
        """Δu or Δ²u of a field."""
        return self._node(Node("laplacian", (), (field, times)))

    def add(self, a: int, b: int) -> int:
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p + q)
        if p == 0:
            return b
        return a if q == 0 else self._node(Node("+", (a, b)))

    def sub(self, a: int, b: int) -> int:
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p - q)
        if p == 0:
            return self.neg(b)
        return a if q == 0 else self._node(Node("-", (a, b)))

    def neg(self, a: int) -> int:
        p, node = self.value(a), self.nodes[a]
        if p is not None:
            return self.number(-p)
        return node.arguments[0] if node.op == "neg" else self._node(Node("neg", (a,)))

    def mul(self, a: int, b: int) -> int:
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(p * q)
        if p == 0 or q == 0:
            return self.number(0)
        if p == 1:
            return b
        return a if q == 1 else self._node(Node("*", (a, b)))

    def div(self, a: int, b: int) -> int:
        p, q = self.value(a), self.value(b)
        if q == 0:
            raise RefusedError("this divides by zero")
        if p is not None and q is not None:
            return self.number(p / q)
        if p == 0 or q == 1:
            return a
        return self._node(Node("/", (a, b)))

    def power(self, a: int, b: int) -> int:
        """a to the b; a variable exponent makes it exp(b log a)."""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            try:
                return self.number(p**q)
            except (OverflowError, ZeroDivisionError):
                raise RefusedError("this power is no finite number") from None
        if q is None:
            if p is not None and p <= 0:
                raise RefusedError("a power with a variable exponent needs a base > 0")
            return self.call("exp", self.mul(b, self.call("log", a)))
        if abs(q) > HIGHEST_POWER:
            raise RefusedError(f"exponents lie between -{HIGHEST_POWER:g} and {HIGHEST_POWER:g}")
        if q == 0:
            return self.number(1)
        return a if q == 1 else self._node(Node("power", (a,), (q,)))

    def call(self, function: str, a: int) -> int:
        value = self.value(a)
        if value is None:
            return self._node(Node(function, (a,)))
        try:
            return self.number(FUNCTIONS[function][1](value))
        except (ValueError, OverflowError):
            raise RefusedError(f"{function} of {value:g} is no finite real number") from None

    def positive(self, a: int, *, strictly: bool) -> int:
        """1 if a > 0, or a ≥ 0, else 0."""
        p = self.value(a)
        if p is not None:
            return self.number(float(p > 0 if strictly else p >= 0))
        return self._node(Node("positive" if strictly else "nonnegative", (a,)))

    def both(self, a: int, b: int) -> int:
        """1 if two truths hold."""
        p, q = self.value(a), self.value(b)
        if p is not None or q is not None:
            return self.number(0) if 0 in (p, q) else b if p is not None else a
        return a if a == b else self._node(Node("and", (a, b)))

    def negation(self, a: int) -> int:
        """1 if a truth does not hold."""
        p, node = self.value(a), self.nodes[a]
        if p is not None:
            return self.number(1 - p)
        return node.arguments[0] if node.op == "not" else self._node(Node("not", (a,)))

    def either(self, a: int, b: int) -> int:
        """1 if one of two truths holds."""
        p, q = self.value(a), self.value(b)
        if p is not None or q is not None:
            return self.number(1) if 1 in (p, q) else b if p is not None else a
        return a if a == b else self._node(Node("or", (a, b)))

    def is_truth(self, a: int) -> bool:
        """Whether a node is 1 or 0, as a comparison is."""
        return self.nodes[a].op in TRUTHS or self.value(a) in (0.0, 1.0)

    def where(self, condition: int, a: int, b: int) -> int:
        """a where a truth holds, b elsewhere."""
        p = self.value(condition)
        if p is not None or a == b:
            return a if p or a == b else b
        return self._node(Node("where", (condition, a, b)))

    def extreme(self, kind: str, a: int, b: int) -> int:
        """The smaller ("min") or the larger ("max") of two."""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return self.number(min(p, q) if kind == "min" else max(p, q))
        return a if a == b else self._node(Node(kind, (a, b)))

    def heaviside(self, a: int) -> int:
        """0 for a < 0, 1 for a > 0, and 1/2 at 0."""
        return self.mul(self.number(0.5), self.add(self.number(1), self.call("sign", a)))

    def rebuilt(self, op: str, parts: Sequence[int], data: tuple[float, ...]) -> int:
        """The operation `op` on other nodes."""
        if op == "power":
            return self.power(parts[0], self.number(data[0]))
        if op in _BUILT:
            return _BUILT[op](self, *parts)
        return self.extreme(op, *parts) if op in ("min", "max") else self.call(op, parts[0])

    def beneath(self, outputs: list[int]) -> list[int]:
        """All nodes that these depend on, themselves included, in order."""
        found: set[int] = set()
        waiting = list(outputs)
        while waiting:
            if (a := waiting.pop()) not in found:
                found.add(a)
                waiting += self.nodes[a].arguments
        return sorted(found)

    def _node(self, node: Node) -> int:
        if node not in self._places:
            if len(self.nodes) >= MOST_NODES:
                raise RefusedError(f"this has more than {MOST_NODES} operations, derivatives carried out")
            self._places[node] = len(self.nodes)
            self.nodes.append(node)
        return self._places[node]


_BUILT: dict[str, Callable[..., int]] = {
    "+": Graph.add,
    "-": Graph.sub,
    "*": Graph.mul,
    "/": Graph.div,
    "neg": Graph.neg,
    "positive": partial(Graph.positive, strictly=True),
    "nonnegative": partial(Graph.positive, strictly=False),
    "and": Graph.both,
    "or": Graph.either,
    "not": Graph.negation,
    "where": Graph.where,
}
