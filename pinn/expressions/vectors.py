"""Arithmetic of scalars and vectors of formulas, which are nodes of a graph."""

import ast
from collections.abc import Callable, Sequence

from pinn.expressions.graph import Graph, RefusedError

Vector = tuple[int, ...]
Value = int | Vector
"""A node of the graph, or the nodes of a vector's components."""

BINARY: dict[type[ast.operator], Callable[[Graph, int, int], int]] = {
    ast.Add: Graph.add,
    ast.Sub: Graph.sub,
    ast.Mult: Graph.mul,
    ast.Div: Graph.div,
    ast.Pow: Graph.power,
}
"""What is written between two values."""


def each(operate: Callable[[int], int], value: Value) -> Value:
    """An operation on a scalar, or on each component of a vector."""
    return operate(value) if isinstance(value, int) else tuple(operate(p) for p in value)


def total(graph: Graph, terms: Sequence[int]) -> int:
    """The sum of scalars."""
    found = graph.number(0)
    for term in terms:
        found = graph.add(found, term)
    return found


def dot(graph: Graph, a: Vector, b: Vector) -> int:
    """a·b. Raises RefusedError for vectors of different lengths."""
    _check_lengths(a, b)
    return total(graph, [graph.mul(p, q) for p, q in zip(a, b, strict=True)])


def combined(graph: Graph, link: ast.operator, a: Value, b: Value) -> Value:
    """a + b and the like, if one or both are vectors too. Raises RefusedError for what has no meaning."""
    operate = BINARY[type(link)]
    if isinstance(a, int) and isinstance(b, int):
        return operate(graph, a, b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        if not isinstance(link, ast.Add | ast.Sub):
            raise RefusedError("two vectors are added or subtracted; their product is dot(a, b)")
        _check_lengths(a, b)
        return tuple(operate(graph, p, q) for p, q in zip(a, b, strict=True))
    if isinstance(link, ast.Mult):
        scalar, vector = (a, b) if isinstance(a, int) else (b, a)
        assert isinstance(scalar, int)
        if isinstance(a, int):
            return each(lambda q: graph.mul(scalar, q), vector)
        return each(lambda p: graph.mul(p, scalar), vector)
    if isinstance(link, ast.Div) and isinstance(b, int):
        return each(lambda p: graph.div(p, b), a)
    raise RefusedError("a vector and a scalar have a product or a quotient alone")


def _check_lengths(a: Vector, b: Vector) -> None:
    if len(a) != len(b):
        raise RefusedError(f"a vector of {len(a)} components meets one of {len(b)}")
