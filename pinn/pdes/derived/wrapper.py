"""A problem made of another: what it says as that one does."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from pinn.domains import Domain
from pinn.networks import Unknown
from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Condition
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Wrapper(PDE):
    """A problem that has domain, solution and components from `pde`; a subclass says what it changes.

    What is left to a subclass are `conditions`, and those of these properties that its change concerns. `unknowns` are
    not handed on: whoever adds components to a field says what they are.
    """

    pde: PDE

    @property
    def domain(self) -> Domain:
        return self.pde.domain

    @property
    def exact(self) -> Field | None:
        return self.pde.exact

    @property
    def hard(self) -> bool:
        return self.pde.hard

    @property
    def components(self) -> int | None:
        return self.pde.components

    @property
    def names(self) -> tuple[str, ...] | None:
        return self.pde.names

    @property
    def vectors(self) -> Mapping[str, tuple[int, ...]]:
        return self.pde.vectors

    @property
    def scored(self) -> tuple[int, ...] | None:
        return self.pde.scored


@dataclass(frozen=True)
class Rewritten(Wrapper):
    """A problem with the field and unknowns of `pde`; `rewritten` says what each of its conditions becomes."""

    @property
    def unknowns(self) -> Mapping[str, Unknown]:
        return self.pde.unknowns

    @property
    def softened(self) -> Mapping[str, str]:
        return self.pde.softened

    def solution(self, u: Field) -> Field:
        return self.pde.solution(u)

    def ansatz(self) -> Ansatz:
        return self.pde.ansatz()

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(map(self.rewritten, self.pde.conditions()))

    def soft_conditions(self) -> tuple[Condition, ...]:
        return tuple(map(self.rewritten, self.pde.soft_conditions()))

    @abstractmethod
    def rewritten(self, condition: Condition) -> Condition:
        """What a condition of `pde` becomes."""
