"""Quantities: what a figure shows at the nodes of its sections, and on which scale."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from pinn.plotting.labels import mathtext
from pinn.plotting.sections import Grid, Section, place
from pinn.plotting.style import Scale, diverging, sequential
from pinn.typing import Points


@dataclass(frozen=True)
class Quantity:
    """A function of many points, with the name of its file, its title and its symbol, where {} stands for an index.

    A `signed` quantity, such as an error, is shown on a scale of its own that is centred on zero; all others share one,
    but for those that have their `own_scale`, such as a deviation.
    Components that have `names` are called by them in place of u. `units` are those of the user, by name.
    """

    name: str
    title: str
    symbol: str
    at: Callable[[Points], Tensor]
    signed: bool = False
    own_scale: bool = False
    names: Sequence[str] = ()
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def component(self, index: int, components: int) -> str:
        """The symbol of a component: its name, or as in u_2; of a scalar without index."""
        if len(self.names) == components:
            name = mathtext(self.names[index])
            return re.sub(r"u(\^\{\\!\*\})?\{\}", lambda found: name + (found[1] or ""), self.symbol)
        return self.symbol.replace("{}", "" if components == 1 else f"_{{{index + 1}}}")

    def unit(self, index: int, components: int) -> str:
        """The unit of a component, empty if it is not known."""
        return self.units.get(self.names[index], "") if len(self.names) == components else ""

    def label(self, index: int, components: int, scale: Scale) -> str:
        """What stands at an axis or colour bar of a component on that scale."""
        return scale.label(self.component(index, components), self.unit(index, components))


@dataclass(frozen=True)
class Samples:
    """The values of some quantities on the grids of some sections, all of one kind."""

    quantities: Sequence[Quantity]
    grids: Sequence[Grid]

    @cached_property
    def values(self) -> dict[str, list[np.ndarray]]:
        """By the quantity's name, one array (n, m) or (n, n, m) for each grid."""
        return {q.name: [grid.evaluate(q.at) for grid in self.grids] for q in self.quantities}

    @property
    def labels(self) -> list[str]:
        """Where each section lies: what tells it from the others, so nothing for a single one."""
        return [place(section.domain, section.held.items() - self._common, section.units) for section in self._sections]

    def title(self, over_domain: str = "") -> str:
        """Where all sections lie, and below it a number over the whole domain, said to be so if they show less."""
        where = place(self._sections[0].domain, self._common, self._sections[0].units)
        overall = "overall " if over_domain and self._sections[0].held else ""
        return "\n".join(filter(None, (where, overall + over_domain)))

    @property
    def components(self) -> int:
        """The number of components m."""
        return self.values[self.quantities[0].name][0].shape[-1]

    def component(self, quantity: Quantity, index: int) -> list[np.ndarray]:
        """The values of one component on each grid."""
        return [array[..., index] for array in self.values[quantity.name]]

    def scale(self, quantity: Quantity, index: int) -> Scale:
        """The scale of a component, the same for every grid and every figure."""
        alone = quantity.signed or quantity.own_scale
        shown = [quantity] if alone else [q for q in self.quantities if not (q.signed or q.own_scale)]
        values = np.concatenate([array.ravel() for q in shown for array in self.component(q, index)])
        return diverging(values) if quantity.signed else sequential(values)

    @property
    def _sections(self) -> list[Section]:
        return [grid.section for grid in self.grids]

    @property
    def _common(self) -> set[tuple[int, float]]:
        return set.intersection(*(set(section.held.items()) for section in self._sections))


def sample(quantities: Sequence[Quantity], shown: Sequence[Section], points: int | None, like: Tensor) -> Samples:
    """The quantities on regular grids over the sections. Raises ValueError for fewer than 2 points."""
    points = points if points is not None else {1: 1001, 2: 201}[len(shown[0].free)]
    if points < 2:
        raise ValueError(f"A figure needs at least 2 points along each axis, got {points}.")
    return Samples(quantities, [Grid(section, points, like) for section in shown])
