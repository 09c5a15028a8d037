"""Graphs as fields and residuals: a list of steps, run from first to last."""

import dataclasses
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from pinn.expressions.functions import CHOICES, FUNCTIONS
from pinn.expressions.grammar import read, read_equation
from pinn.expressions.graph import Graph, Node
from pinn.expressions.names import Names
from pinn.expressions.operands import FIELDS, Fluxes, Operand, may_break
from pinn.operators import Strategy, biharmonic, laplacian, partials
from pinn.typing import Field

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "neg": operator.neg,
    **{name: on_tensors for name, (on_tensors, _) in FUNCTIONS.items()},
    **CHOICES,
}

LEAVES = (*FIELDS, "coefficient", "normal")
"""What a program is given when it is run."""


@dataclass(frozen=True)
class Program:
    """What computes the nodes `outputs` of a graph: the nodes that they need, arguments before results."""

    steps: tuple[Node, ...]
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, graph: Graph, outputs: Sequence[int]) -> "Program":
        """The program for some nodes of a graph."""
        needed = graph.beneath(list(outputs))
        place = {a: k for k, a in enumerate(needed)}
        nodes = [graph.nodes[a] for a in needed]
        steps = tuple(node._replace(arguments=tuple(place[a] for a in node.arguments)) for node in nodes)
        return cls(steps, tuple(place[a] for a in outputs))

    def run(self, x: Tensor, leaves: Mapping[Node, Tensor]) -> list[Tensor]:
        """The outputs at a point, with coefficients and the derivatives of fields there given as `leaves`."""
        values: list[Any] = []
        for node in self.steps:
            if node.op == "number":
                values.append(node.data[0])
            elif node.op == "coordinate":
                values.append(x[..., int(node.data[0])])
            elif node.op in LEAVES:
                values.append(leaves[node])
            elif node.op == "table":
                table, *order = node.data
                values.append(table.at(x, order))
            elif node.op == "power":
                values.append(values[node.arguments[0]] ** node.data[0])
            else:
                values.append(_OPERATIONS[node.op](*(values[a] for a in node.arguments)))
        found = [values[a] for a in self.outputs]
        return [x.new_full(x.shape[:-1], value) if isinstance(value, float) else value for value in found]


@dataclass(frozen=True)
class Formula:
    """A field of the coordinates alone, from one text, shape (), or from a list of them, shape (m,).

    None in the list is a component that is not spoken of, and zero. Raises FormulaError.

    >>> Formula.of("exp(-t)*x**2", Names(space=1, time=True))(torch.tensor([0.0, 3.0]))
    tensor(9.)
    """

    program: Program
    vector: bool = False
    tensors: Mapping[Node, Tensor] = dataclasses.field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, texts: object, names: Names, label: str = "formula") -> "Formula":
        """The field of a text or table, or of a list of these."""
        graph = Graph(names.space_axes)
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            return cls(Program.of(graph, [read(texts, names, graph, label)]), tensors=names.tensors)
        labels = [f"{label}[{k}]" for k in range(len(texts))]
        entries = [0.0 if text is None else text for text in texts]
        nodes = [read(text, names, graph, name) for text, name in zip(entries, labels, strict=True)]
        return cls(Program.of(graph, nodes), vector=True, tensors=names.tensors)

    @property
    def number(self) -> float | None:
        """Its value, if it is one and the same everywhere."""
        (last, *more) = [self.program.steps[k] for k in self.program.outputs]
        return last.data[0] if last.op == "number" and not more else None

    def __call__(self, x: Tensor) -> Tensor:
        found = self.program.run(x, self.tensors)
        return torch.stack(found, -1) if self.vector else found[0]


@dataclass(frozen=True)
class Equations:
    """Residuals of typed equations: functions of the point and of derivatives of the fields, found in one pass.

    With one field u(x) has the shape (), else one component for each field. `scalar` says that there is one equation,
    with a residual of shape (), else one entry for each. Raises FormulaError.

    `operands` are what stands under the operators and may have kinks or jumps, each as a program of its own. With
    `mixed`, fluxes under a divergence are fields of their own, the last ones, which have equations of their own.

    >>> from pinn.operators import Auto
    >>> heat = Equations.of("dt(u) = k*laplacian(u)", Names(1, True, ("u",), {"k": 0.5}))
    >>> heat(lambda x: x[0] * x[1] ** 2, torch.tensor([1.0, 3.0]), Auto())  # x² − t
    tensor(8.)
    """

    program: Program
    names: Names
    scalar: bool
    operands: tuple[tuple[Operand, Program], ...] = ()

    @classmethod
    def of(cls, texts: object, names: Names, label: str = "equation", *, mixed: bool = False) -> "Equations":
        """The equations of a text, or of a list of texts."""
        graph = Graph(names.space_axes)
        operands: list[Operand] = []
        fluxes = Fluxes(graph, names) if mixed else None
        single = isinstance(texts, str) or not isinstance(texts, Sequence)
        entries: Sequence[object] = texts if not single and isinstance(texts, Sequence) else [texts]
        labelled = {label if single else f"{label}[{k}]": text for k, text in enumerate(entries)}
        nodes = [read_equation(text, names, graph, name, operands, fluxes) for name, text in labelled.items()]
        if fluxes:
            nodes += fluxes.equations()
            more = [name for name in fluxes.names.values() if name not in names.fields]
            names = dataclasses.replace(names, fields=(*names.fields, *more))
        programs = tuple((one, Program.of(graph, [one.place])) for one in operands if may_break(graph, one.place))
        return cls(Program.of(graph, nodes), names, single and not mixed, programs)

    @classmethod
    def of_fluxes(cls, texts: Mapping[int, object], names: Names, label: str) -> "Equations":
        """∂u_k/∂n = the text for field number k, for each of these, on a boundary: texts may speak of u and ∂u."""
        graph, names = Graph(names.space_axes), names.on_boundary()
        operands: list[Operand] = []
        nodes = []
        for k, text in texts.items():
            own = label if len(names.fields) == 1 else f"{label} of {names.fields[k]}"
            slopes = [graph.mul(graph.normal(axis), graph.partial(k, (axis,))) for axis in graph.space]
            nodes.append(graph.sub(reduce(graph.add, slopes), read(text, names, graph, own, operands)))
        programs = tuple((one, Program.of(graph, [one.place])) for one in operands if may_break(graph, one.place))
        return cls(Program.of(graph, nodes), names, False, programs)

    @property
    def orders(self) -> tuple[dict[int, int], ...]:
        """For each field, the highest order of its derivatives along each coordinate; empty if it does not occur."""
        found: tuple[dict[int, int], ...] = tuple({} for _ in self.names.fields)
        for node in _leaves(self.program):
            field, *rest = (int(entry) for entry in node.data)
            if node.op == "laplacian":
                counts = dict.fromkeys(self.names.space_axes, 2 * rest[0])
            else:
                counts = Counter(rest)
            for axis, order in {-1: 0, **counts}.items():  # −1 stands for the value
                found[field][axis] = max(found[field].get(axis, 0), order)
        return found

    def __call__(self, u: Field, x: Tensor, strategy: Strategy, normal: Tensor | None = None) -> Tensor:
        if strategy.listens:
            for operand, program in self.operands:
                strategy.hear(_Operand(self, program, u, strategy, normal), x, operand.orders)
        found = self.evaluated(self.program, u, x, strategy, normal)
        return found[0] if self.scalar else torch.stack(found)

    @property
    def of_data(self) -> bool:
        """Whether no field, derivative or normal occurs: then they are data, and known."""
        return not any(node.op in (*FIELDS, "normal") for node in self.program.steps)

    def evaluated(
        self, program: Program, u: Field, x: Tensor, strategy: Strategy, normal: Tensor | None = None
    ) -> list[Tensor]:
        """What a program computes at a point of some fields u, on a boundary with this normal."""
        several = len(self.names.fields) > 1
        nodes = _leaves(program)
        orders = list(dict.fromkeys(tuple(int(a) for a in n.data[1:]) for n in nodes if n.op == "partial"))
        known: dict[Any, Tensor] = dict(zip(orders, partials(u, x, orders, strategy), strict=True)) if orders else {}
        space = self.names.space_axes
        for times, operate in ((1.0, laplacian), (2.0, biharmonic)):
            if any(node.op == "laplacian" and node.data[1] == times for node in nodes):
                known[times] = operate(u, x, strategy, axes=space)
        leaves: dict[Node, Tensor] = self.names.tensors
        for node in nodes:
            whole = known[node.data[1]] if node.op == "laplacian" else known[tuple(int(a) for a in node.data[1:])]
            leaves[node] = whole[int(node.data[0])] if several else whole
        if normal is not None:
            axes = [node for node in program.steps if node.op == "normal"]
            leaves |= {node: normal[int(node.data[0])] for node in axes}
        return program.run(x, leaves)


@dataclass(frozen=True, eq=False)
class _Operand:
    """What an equation differentiates, as a function of the point."""

    equations: Equations
    program: Program
    u: Field
    strategy: Strategy
    normal: Tensor | None

    def __call__(self, x: Tensor) -> Tensor:
        return self.equations.evaluated(self.program, self.u, x, self.strategy, self.normal)[0]


def _leaves(program: Program) -> list[Node]:
    return [node for node in program.steps if node.op in FIELDS]
