"""From text to graph: Python's own syntax tree, of which a few kinds of nodes are accepted and nothing is executed."""

import ast
from collections.abc import Callable
from difflib import get_close_matches

from torch import Tensor

from pinn.expressions.calculus import derivative, laplacian
from pinn.expressions.functions import FUNCTIONS
from pinn.expressions.graph import Graph, RefusedError
from pinn.expressions.names import CONSTANTS, OPERATORS, Names
from pinn.expressions.text import ACCEPTED, FormulaError, check, plain

DEEPEST = 60

Vector = tuple[int, ...]
Value = int | Vector
"""A node of the graph, or the nodes of a vector's components."""

_BINARY: dict[type[ast.operator], Callable[[Graph, int, int], int]] = {
    ast.Add: Graph.add,
    ast.Sub: Graph.sub,
    ast.Mult: Graph.mul,
    ast.Div: Graph.div,
    ast.Pow: Graph.power,
}


def read(text: object, names: Names, graph: Graph, label: str) -> int:
    """The node of a scalar formula. Raises FormulaError for any other text."""
    source, equals = _checked(text, label)
    if equals:
        raise FormulaError(label, "'=' has no place in a formula", source, equals[0])
    return _Reader(source, names, graph, label).scalar(0, len(source))


def read_equation(text: object, names: Names, graph: Graph, label: str) -> int:
    """The node of left side − right side of "left = right", or of a formula that shall vanish."""
    source, equals = _checked(text, label)
    reader = _Reader(source, names, graph, label)
    if not equals:
        return reader.scalar(0, len(source))
    if len(equals) > 1:
        raise FormulaError(label, "an equation has one '='", source, equals[1])
    left, right = reader.scalar(0, equals[0]), reader.scalar(equals[0] + 1, len(source))
    return graph.sub(left, right)


def _checked(text: object, label: str) -> tuple[str, list[int]]:
    try:
        source = plain(text)
    except RefusedError as error:
        raise ValueError(f"{label}: {error}.") from None
    return source, check(source, label)


class _Reader:
    """Reads parts of one text."""

    def __init__(self, text: str, names: Names, graph: Graph, label: str) -> None:
        self.text, self.names, self.graph, self.label = text, names, graph, label
        self.start = 0

    def scalar(self, start: int, end: int) -> int:
        """The node of the formula between two places."""
        part = self.text[start:end]
        self.start = start + len(part) - len(part.lstrip())
        part = part.strip()
        if not part:
            raise FormulaError(self.label, "there is no formula here", self.text, self.start)
        try:
            tree = ast.parse(part, mode="eval").body
        except SyntaxError as error:
            place = self.start + min((error.offset or len(part) + 1) - 1, len(part))
            raise FormulaError(self.label, "this is no formula", self.text, place) from None
        except (ValueError, RecursionError, MemoryError):
            raise FormulaError(self.label, "this is nested too deeply", self.text, self.start) from None
        value = self._value(tree, 0)
        if isinstance(value, tuple):
            raise self._error(tree, f"this is a vector of {len(value)} components, where a scalar is needed")
        return value

    def _value(self, node: ast.expr, depth: int) -> Value:
        if depth > DEEPEST:
            raise self._error(node, f"this is nested more than {DEEPEST} deep")
        try:
            return self._accepted(node, depth + 1)
        except RefusedError as error:
            raise self._error(node, str(error)) from None

    def _accepted(self, node: ast.expr, depth: int) -> Value:
        """The whitelist."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                try:
                    return self.graph.number(float(value))
                except OverflowError:
                    raise RefusedError("this number is too large") from None
            case ast.Name(id=name):
                return self._named(node, name)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                value = self._value(operand, depth)
                return self._each(self.graph.neg, value) if isinstance(sign, ast.USub) else value
            case ast.BinOp():
                return self._chain(node, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(node, name, arguments, depth)
            case ast.List(elts=entries) | ast.Tuple(elts=entries) if entries:
                return tuple(self._scalar(entry, depth) for entry in entries)
        raise self._error(node, "this is no part of a formula")

    def _named(self, node: ast.expr, name: str) -> int:
        names, graph = self.names, self.graph
        if name in names.fields:
            return graph.partial(names.fields.index(name))
        if name in names.axes:
            return graph.coordinate(names.axes[name])
        if name in names.coefficients:
            if isinstance(names.coefficients[name], Tensor):
                return graph.coefficient(list(names.coefficients).index(name))
            data = Names(names.space, names.time, still=names.still)
            return read(names.coefficients[name], data, graph, f"coefficient {name}")
        if name in CONSTANTS:
            return graph.number(CONSTANTS[name])
        if name in FUNCTIONS or name in OPERATORS or names.operator_axis(name) is not None:
            raise self._error(node, f"{name!r} is a function and needs its argument, as in {name}(u)")
        raise self._unknown(node, name)

    def _chain(self, node: ast.BinOp, depth: int) -> Value:
        """a + b − c …, however long, without going deeper for each term."""
        links: list[ast.BinOp] = []
        first: ast.expr = node
        while isinstance(first, ast.BinOp):
            links.append(first)
            first = first.left
        value = self._value(first, depth)
        for link in reversed(links):
            right = self._value(link.right, depth)
            try:
                value = self._binary(link, value, right)
            except RefusedError as error:
                raise self._error(link.right, str(error)) from None
        return value

    def _binary(self, link: ast.BinOp, a: Value, b: Value) -> Value:
        operate = _BINARY.get(type(link.op))
        if operate is None:
            raise self._error(link.right, "the operators are + - * / **", before=True)
        if isinstance(a, int) and isinstance(b, int):
            return operate(self.graph, a, b)
        if isinstance(a, tuple) and isinstance(b, tuple):
            if not isinstance(link.op, ast.Add | ast.Sub):
                raise RefusedError("two vectors are added or subtracted; their product is dot(a, b)")
            if len(a) != len(b):
                raise RefusedError(f"a vector of {len(a)} components meets one of {len(b)}")
            return tuple(operate(self.graph, p, q) for p, q in zip(a, b, strict=True))
        if isinstance(link.op, ast.Mult):
            return self._each(lambda p: self.graph.mul(p, b), a) if isinstance(b, int) else self._scaled(a, b)
        if isinstance(link.op, ast.Div) and isinstance(b, int):
            return self._each(lambda p: self.graph.div(p, b), a)
        raise RefusedError("a vector and a scalar have a product or a quotient alone")

    def _scaled(self, a: Value, b: Vector) -> Vector:
        assert isinstance(a, int)
        return tuple(self.graph.mul(a, q) for q in b)

    def _call(self, node: ast.Call, name: str, arguments: list[ast.expr], depth: int) -> Value:
        graph, names = self.graph, self.names
        axis = names.operator_axis(name)
        if axis is None and name not in FUNCTIONS and name not in OPERATORS:
            if name in names.fields or name in names.axes or name in names.coefficients or name in CONSTANTS:
                raise self._error(node, f"{name!r} is no function: write {name} alone, or a * for a product")
            raise self._unknown(node, name)
        wanted = 2 if name == "dot" else 1
        if len(arguments) != wanted:
            raise self._error(node, f"{name} takes {wanted} argument{'s' * (wanted > 1)}, got {len(arguments)}")
        if name == "dot":
            a, b = (self._vector(argument, depth) for argument in arguments)
            if len(a) != len(b):
                raise RefusedError(f"a vector of {len(a)} components meets one of {len(b)}")
            return self._sum([graph.mul(p, q) for p, q in zip(a, b, strict=True)])
        if name == "div":
            v = self._vector(arguments[0], depth)
            if len(v) != names.space:
                raise RefusedError(f"div takes a vector of {names.space} components on this domain, got {len(v)}")
            return self._sum([derivative(graph, p, a) for p, a in zip(v, names.space_axes, strict=True)])
        if name == "grad":
            u = self._scalar(arguments[0], depth)
            return tuple(derivative(graph, u, a) for a in names.space_axes)
        if name in FUNCTIONS:
            return graph.call(name, self._scalar(arguments[0], depth))
        value = self._value(arguments[0], depth)
        if axis is not None:
            return self._each(lambda p: derivative(graph, p, axis), value)
        return self._each(lambda p: laplacian(graph, p), value)

    def _scalar(self, node: ast.expr, depth: int) -> int:
        value = self._value(node, depth)
        if isinstance(value, tuple):
            raise self._error(node, f"this is a vector of {len(value)} components, where a scalar is needed")
        return value

    def _vector(self, node: ast.expr, depth: int) -> Vector:
        value = self._value(node, depth)
        if isinstance(value, int):
            raise self._error(node, "this is a scalar, where a vector such as grad(u) or [u, v] is needed")
        return value

    def _each(self, operate: Callable[[int], int], value: Value) -> Value:
        return operate(value) if isinstance(value, int) else tuple(operate(p) for p in value)

    def _sum(self, terms: list[int]) -> int:
        total = self.graph.number(0)
        for term in terms:
            total = self.graph.add(total, term)
        return total

    def _unknown(self, node: ast.expr, name: str) -> FormulaError:
        names = self.names
        known = [*names.fields, *names.axes, *names.coefficients, *CONSTANTS, *FUNCTIONS, *OPERATORS]
        near = get_close_matches(name, known, n=1)
        hint = f", perhaps {near[0]!r} is meant" if near else ""
        field, _, along = name.partition("_")
        if field in names.fields and along and set(along) <= {*names.axes}:
            hint = f", a derivative is written {''.join(f'd{a}(' for a in along)}{field}{')' * len(along)}"
        return self._error(node, f"{name!r} is not known{hint}", accepted=names.known())

    def _error(self, node: ast.expr, problem: str, *, before: bool = False, accepted: str = ACCEPTED) -> FormulaError:
        """The error that points at a node, or at the operator before it."""
        place = self.start + node.col_offset
        while before and self.text[place - 1] in " (":
            place -= 1
        return FormulaError(self.label, problem, self.text, place - before, accepted)
