"""What stands under the operators of typed equations, as it was typed: fluxes, and all that else is differentiated."""

from collections.abc import Mapping
from dataclasses import dataclass

from pinn.expressions.graph import Graph, Node
from pinn.expressions.names import Names

BREAKING = ("abs", "sign", "sqrt", "power", "positive", "nonnegative", "where", "min", "max", "table")
"""Operations that may make a kink or a jump of smooth arguments."""
FIELDS = ("partial", "laplacian")


@dataclass(frozen=True)
class Operand:
    """The node at `place` under an operator that takes derivatives of it of these orders, by axis.

    It stands in `text`, which is called `label`, at the character `at`.
    """

    place: int
    orders: Mapping[int, int]
    label: str
    text: str
    at: int


def may_break(graph: Graph, place: int) -> bool:
    """Whether a node has something in it that could have a kink or a jump."""
    return any(graph.nodes[a].op in BREAKING for a in graph.beneath([place]))


class Fluxes:
    """A flux under a divergence as a field of its own: −∇·(k∇u) = f becomes q = k∇u, −∇·q = f, of first order.

    So what jumps in k is not differentiated: q is continuous where k∇u is.
    """

    def __init__(self, graph: Graph, names: Names) -> None:
        self._graph, self._names = graph, names
        self.names: dict[int, str] = {}
        """The names of the fluxes, by the places of what they are."""

    def is_flux(self, place: int, axis: int) -> bool:
        """Whether a node under ∂/∂x_axis is more than a derivative and has one of space in it, but no other flux."""
        graph, space = self._graph, self._names.space_axes
        if axis not in space or graph.nodes[place].op in FIELDS:
            return False
        fields = [node for a in graph.beneath([place]) if (node := graph.nodes[a]).op in FIELDS]
        fluxes = {graph.nodes[self.field(known, 0)].data[0] for known in self.names}
        return any(node.op == "laplacian" or _in_space(node, space) for node in fields) and not any(
            node.data[0] in fluxes for node in fields
        )

    def field(self, place: int, axis: int) -> int:
        """The field that stands for a flux, the same for the same flux."""
        if place not in self.names:
            own = [name for name, number in self._names.axes.items() if number == axis]
            name = f"flux_{own[-1]}"
            while name in self.names.values():
                name += "_"
            self.names[place] = name
        name = self.names[place]
        fields = self._names.fields
        count = list(self.names).index(place)
        return self._graph.partial(fields.index(name) if name in fields else len(fields) + count)

    def equations(self) -> list[int]:
        """q − k∇u for each of them."""
        pairs = [(self.field(place, 0), place) for place in self.names]
        return [self._graph.sub(field, place) for field, place in pairs]


def _in_space(node: Node, space: tuple[int, ...]) -> bool:
    return bool({int(axis) for axis in node.data[1:]} & {*space})
