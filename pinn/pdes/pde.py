"""What a PDE must state: a domain, its equation and conditions, and the solution where one is known."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pinn.domains import Domain, Surface
from pinn.pdes.ansatz import Ansatz, enforce
from pinn.pdes.condition import Condition
from pinn.typing import Field


class PDE(ABC):
    """A differential equation with its conditions. A subclass is a frozen dataclass with at least these fields:

    `domain`, where the equation holds, with time, if any, as coordinate 0; `exact`, the solution or None;
    `hard`, whether prescribed values are built into the field (True) or penalised (False).
    `components` is the number of components m of u, None for a scalar field of shape (). Errors are those of the
    components `scored`, None for all.
    """

    domain: Domain
    exact: Field | None
    hard: bool
    components: ClassVar[int | None] = None
    scored: ClassVar[tuple[int, ...] | None] = None

    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that u must satisfy. The first is the differential equation, named "interior"."""

    def soft_conditions(self) -> tuple[Condition, ...]:
        """The conditions that training has to reach: all but those built into the field."""
        return tuple(condition for condition in self.conditions() if not self._built_in(condition))

    def ansatz(self) -> Ansatz:
        """How the network becomes the field that is trained: on embedded points, with the hard conditions built in."""
        built_in = enforce([c for c in self.conditions() if self._built_in(c)], self.components)
        embed = self.domain.embed
        return lambda network: built_in(lambda x: network(embed(x)))

    def _built_in(self, condition: Condition) -> bool:
        return self.hard and condition.prescribed is not None and isinstance(condition.region, Surface)
