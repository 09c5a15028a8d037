"""A problem made of another: what it says as that one does."""

from dataclasses import dataclass

from pinn.domains import Domain
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
    def scored(self) -> tuple[int, ...] | None:
        return self.pde.scored
