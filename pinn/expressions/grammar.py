"""From text to graph: Python's own syntax tree, of which a few kinds of nodes are accepted and nothing is executed."""

import ast
from dataclasses import dataclass
from functools import partial, reduce

from torch import Tensor

from pinn.expressions.calculus import derivative, laplacian
from pinn.expressions.functions import FUNCTIONS
from pinn.expressions.graph import Graph, RefusedError
from pinn.expressions.names import CHOOSING, CONSTANTS, Names
from pinn.expressions.operands import Fluxes, Operand
from pinn.expressions.tables import Table
from pinn.expressions.text import ACCEPTED, FormulaError, checked, parsed
from pinn.expressions.vectors import BINARY, Value, Vector, combined, dot, each, total

DEEPEST = 60


def read(text: object, names: Names, graph: Graph, label: str, operands: list[Operand] | None = None) -> int:
    """The node of a scalar formula. Raises FormulaError for any other text."""
    if isinstance(text, Table):
        return graph.table(text)
    source, equals = checked(text, label)
    if equals:
        raise FormulaError(label, "'=' has no place in a formula", source, equals[0])
    return _Reader(source, names, graph, label, operands).scalar(0, len(source))


def read_equation(
    text: object,
    names: Names,
    graph: Graph,
    label: str,
    operands: list[Operand] | None = None,
    fluxes: Fluxes | None = None,
) -> int:
    """The node of left side − right side of "left = right", or of a formula that shall vanish.

    What stands under its operators is added to `operands`. Given `fluxes`, those under a divergence become fields.
    """
    if isinstance(text, Table):
        return graph.table(text)
    source, equals = checked(text, label)
    reader = _Reader(source, names, graph, label, operands, fluxes)
    if not equals:
        return reader.scalar(0, len(source))
    if len(equals) > 1:
        raise FormulaError(label, "an equation has one '='", source, equals[1])
    left, right = reader.scalar(0, equals[0]), reader.scalar(equals[0] + 1, len(source))
    return graph.sub(left, right)


@dataclass
class _Reader:
    """Reads parts of one text."""

    text: str
    names: Names
    graph: Graph
    label: str
    operands: list[Operand] | None = None
    fluxes: Fluxes | None = None
    start: int = 0

    def scalar(self, start: int, end: int) -> int:
        """The node of the formula between two places."""
        tree, self.start = parsed(self.text, start, end, self.label)
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
                return each(self.graph.neg, value) if isinstance(sign, ast.USub) else value
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.graph.negation(self._truth(operand, depth))
            case ast.BoolOp(op=link, values=parts):
                joined = Graph.both if isinstance(link, ast.And) else Graph.either
                return reduce(partial(joined, self.graph), [self._truth(part, depth) for part in parts])
            case ast.Compare():
                return self._compared(node, depth)
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
            within = names.within_coefficients()
            return read(names.coefficients[name], within, graph, f"coefficient {name}", self.operands)
        if name in names.normals:
            return graph.normal(names.normals[name])
        if name in CONSTANTS:
            return graph.number(CONSTANTS[name])
        if name in FUNCTIONS or name in CHOOSING or names.is_operator(name):
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
        if type(link.op) not in BINARY:
            raise self._error(link.right, "the operators are + - * / **", before=True)
        return combined(self.graph, link.op, a, b)

    def _compared(self, node: ast.Compare, depth: int) -> int:
        """a < b, or a < b <= c …, which holds if each of its parts does."""
        graph, terms = self.graph, [self._scalar(term, depth) for term in (node.left, *node.comparators)]
        found = graph.number(1)
        for link, a, b in zip(node.ops, terms, terms[1:], strict=False):
            if not isinstance(link, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                raise self._error(node, "numbers are compared by < <= > >=")
            difference = graph.sub(a, b) if isinstance(link, ast.Gt | ast.GtE) else graph.sub(b, a)
            part = graph.positive(difference, strictly=isinstance(link, ast.Lt | ast.Gt))
            found = graph.both(found, part)
        return found

    def _truth(self, node: ast.expr, depth: int) -> int:
        place = self._scalar(node, depth)
        if not self.graph.is_truth(place):
            raise self._error(node, "this is a number, where a comparison such as x < 0.5 is needed")
        return place

    def _chosen(self, name: str, arguments: list[ast.expr], depth: int) -> int:
        """where(c, a, b), min(a, b, …), max(a, b, …) and heaviside(a), which is 1/2 at 0."""
        wanted = {"where": "3 arguments", "heaviside": "1 argument"}.get(name, "2 arguments or more")
        if len(arguments) < int(wanted[0]) or (len(arguments) > int(wanted[0]) and "more" not in wanted):
            raise RefusedError(f"{name} takes {wanted}, got {len(arguments)}")
        if name == "where":
            return self.graph.where(self._truth(arguments[0], depth), *(self._scalar(a, depth) for a in arguments[1:]))
        values = [self._scalar(argument, depth) for argument in arguments]
        return (
            self.graph.heaviside(*values) if name == "heaviside" else reduce(partial(self.graph.extreme, name), values)
        )

    def _call(self, node: ast.Call, name: str, arguments: list[ast.expr], depth: int) -> Value:
        graph, names = self.graph, self.names
        axis = names.operator_axis(name)
        if name in CHOOSING:
            return self._chosen(name, arguments, depth)
        if name not in FUNCTIONS and not names.is_operator(name):
            if name in names.fields or name in names.axes or name in names.coefficients or name in CONSTANTS:
                raise self._error(node, f"{name!r} is no function: write {name} alone, or a * for a product")
            raise self._unknown(node, name)
        wanted = 2 if name == "dot" else 1
        if len(arguments) != wanted:
            raise self._error(node, f"{name} takes {wanted} argument{'s' * (wanted > 1)}, got {len(arguments)}")
        if name == "dot":
            return dot(graph, *(self._vector(argument, depth) for argument in arguments))
        if name == "div":
            v = self._vector(arguments[0], depth)
            if len(v) != names.space:
                raise RefusedError(f"div takes a vector of {names.space} components on this domain, got {len(v)}")
            pairs = zip(v, names.space_axes, strict=True)
            return total(graph, [self._derivative(arguments[0], p, a) for p, a in pairs])
        if name in ("grad", "dn"):
            u = self._scalar(arguments[0], depth)
            slopes = tuple(self._derivative(arguments[0], u, a, flux=False) for a in names.space_axes)
            return slopes if name == "grad" else dot(graph, tuple(map(graph.normal, names.space_axes)), slopes)
        if name in FUNCTIONS:
            return graph.call(name, self._scalar(arguments[0], depth))
        value = self._value(arguments[0], depth)
        if axis is not None:
            return each(lambda p: self._derivative(arguments[0], p, axis), value)
        for p in (value,) if isinstance(value, int) else value:
            self._note(arguments[0], p, dict.fromkeys(names.space_axes, 2))
        return each(lambda p: laplacian(graph, p), value)

    def _derivative(self, node: ast.expr, place: int, axis: int, *, flux: bool = True) -> int:
        """∂/∂x_axis of what was typed as `node`."""
        if flux and self.fluxes and self.fluxes.is_flux(place, axis):
            place = self.fluxes.field(place, axis)
        self._note(node, place, {axis: 1})
        return derivative(self.graph, place, axis)

    def _note(self, node: ast.expr, place: int, orders: dict[int, int]) -> None:
        if self.operands is not None:
            self.operands.append(Operand(place, orders, self.label, self.text, self.start + node.col_offset))

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

    def _unknown(self, node: ast.expr, name: str) -> FormulaError:
        hint = self.names.hint(name)
        return self._error(node, f"{name!r} is not known{hint}", accepted=self.names.known())

    def _error(self, node: ast.expr, problem: str, *, before: bool = False, accepted: str = ACCEPTED) -> FormulaError:
        """The error that points at a node, or at the operator before it."""
        place = self.start + node.col_offset
        while before and self.text[place - 1] in " (":
            place -= 1
        return FormulaError(self.label, problem, self.text, place - before, accepted)
