"""Typed statements that hold at some points and not at others, such as "x < 1e-9 and y > 0.5"."""

from dataclasses import dataclass

from torch import Tensor

from pinn.expressions.formula import Program
from pinn.expressions.grammar import read
from pinn.expressions.graph import Graph
from pinn.expressions.names import Names
from pinn.expressions.text import FormulaError


@dataclass(frozen=True)
class Predicate:
    """Where a statement about coordinates holds; on a boundary it may speak of the normal nx, ny, nz.

    >>> import torch
    >>> Predicate.of("x < 1e-9 and y > 0.5", 2)(torch.tensor([[0.0, 0.7], [0.0, 0.2]]))
    tensor([ True, False])
    """

    program: Program

    @classmethod
    def of(cls, text: object, dim: int, label: str = "predicate") -> "Predicate":
        """From the text, in `dim` dimensions. Raises FormulaError for what is no comparison."""
        names = Names(dim).on_boundary()
        graph = Graph(names.space_axes)
        place = read(text, names, graph, label)
        if not graph.is_truth(place):
            raise FormulaError(label, "this is a number, where a comparison such as x < 0.5 is needed", str(text), 0)
        return cls(Program.of(graph, [place]))

    def __call__(self, x: Tensor, normal: Tensor | None = None) -> Tensor:
        """Whether it holds at points, with their normals if it speaks of them: (…, d) to bool (…)."""
        leaves = {
            node: (x if normal is None else normal)[..., int(node.data[0])]
            for node in self.program.steps
            if node.op == "normal"
        }
        return self.program.run(x, leaves)[0] > 0.5
