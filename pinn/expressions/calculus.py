"""Derivatives of formulas by the rules of calculus, down to partial derivatives of the fields themselves.

So an equation, whatever it differentiates, is a function of the point and of some ∂ᵏu, and one pass finds all of these.
The derivative of what has kinks and jumps is that away from them, without its Dirac part: `smoothness` tells where they
are.
"""

import itertools
from collections.abc import Callable

from pinn.expressions.functions import TRUTHS
from pinn.expressions.graph import Graph, Node


def derivative(graph: Graph, place: int, axis: int) -> int:
    """∂/∂x_axis of the node at `place`."""
    known = graph.derivatives
    if (place, axis) not in known:
        for a in graph.beneath([place]):
            if (a, axis) not in known:
                known[a, axis] = _derivative(graph, a, axis)
    return known[place, axis]


def laplacian(graph: Graph, place: int) -> int:
    """Δ over space of the node at `place`. Δu and Δ²u of a field stay what they are, also within linear terms."""
    node = graph.nodes[place]
    if node.op == "partial" and len(node.data) == 1:
        return graph.laplacian(int(node.data[0]), 1)
    if node.op == "laplacian" and node.data[1] == 1:
        return graph.laplacian(int(node.data[0]), 2)
    if node.op in ("+", "-", "neg"):
        return _LINEAR[node.op](graph, *(laplacian(graph, a) for a in node.arguments))
    if node.op in ("*", "/"):
        a, b = node.arguments
        if graph.value(b) is not None:
            return _LINEAR[node.op](graph, laplacian(graph, a), b)
        if graph.value(a) is not None and node.op == "*":
            return graph.mul(a, laplacian(graph, b))
    total = graph.number(0)
    for axis in graph.space:
        total = graph.add(total, derivative(graph, derivative(graph, place, axis), axis))
    return total


_LINEAR: dict[str, Callable[..., int]] = {
    "+": Graph.add,
    "-": Graph.sub,
    "neg": Graph.neg,
    "*": Graph.mul,
    "/": Graph.div,
}


def _derivative(g: Graph, place: int, axis: int) -> int:
    """∂/∂x_axis of a node whose arguments have theirs already."""
    op, arguments, data = g.nodes[place]
    inner = [g.derivatives[a, axis] for a in arguments]
    if op in ("+", "-", "neg"):
        return _LINEAR[op](g, *inner)
    if op == "*":
        (a, b), (da, db) = arguments, inner
        return g.add(g.mul(da, b), g.mul(a, db))
    if op == "/":
        (a, b), (da, db) = arguments, inner
        return g.sub(g.div(da, b), g.div(g.mul(a, db), g.mul(b, b)))
    if op in ("number", "coordinate", "normal", "partial", "laplacian", "table"):
        return _of_leaf(g, g.nodes[place], axis)
    if op in TRUTHS:
        return g.number(0)
    if op == "where":
        return g.where(arguments[0], inner[1], inner[2])
    if op in ("min", "max"):
        a, b = arguments
        first = g.positive(g.sub(b, a) if op == "min" else g.sub(a, b), strictly=True)
        return g.where(first, inner[0], inner[1])
    if g.value(inner[0]) == 0:
        return inner[0]
    return g.mul(_outer(g, op, arguments[0], place, data), inner[0])


def _of_leaf(g: Graph, node: Node, axis: int) -> int:
    if node.op == "partial":
        field, *order = (int(entry) for entry in node.data)
        return g.partial(field, (*order, axis))
    if node.op == "laplacian":
        field, times = (int(entry) for entry in node.data)
        total = g.number(0)
        for pairs in itertools.product(g.space, repeat=times):
            total = g.add(total, g.partial(field, (*pairs, *pairs, axis)))
        return total
    if node.op == "table":
        table, *order = node.data
        return g.table(table, (*order, axis))
    return g.number(float(node.op == "coordinate" and node.data[0] == axis))


def _outer(g: Graph, op: str, a: int, place: int, data: tuple[float, ...]) -> int:
    """f′(a), where the node at `place` is f(a)."""
    one, two = g.number(1), g.number(2)
    if op == "power":
        return g.mul(g.number(data[0]), g.power(a, g.number(data[0] - 1)))
    if op == "log":
        return g.div(one, a)
    if op == "sqrt":
        return g.div(one, g.mul(two, place))
    if op == "tan":
        return g.add(one, g.power(place, two))
    if op == "tanh":
        return g.sub(one, g.power(place, two))
    if op == "cos":
        return g.neg(g.call("sin", a))
    if op == "sign":
        return g.number(0)
    return place if op == "exp" else g.call({"sin": "cos", "sinh": "cosh", "cosh": "sinh", "abs": "sign"}[op], a)
