"""A problem of least squares from one whose solution minimises an energy: the same equation, by its residual."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from pinn.networks import Unknown
from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Squares(Wrapper):
    """`pde`, whose conditions are all asked for by the mean square of their residuals."""

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
        return tuple(dataclasses.replace(condition, energy=None) for condition in self.pde.conditions())

    def soft_conditions(self) -> tuple[Condition, ...]:
        return tuple(dataclasses.replace(condition, energy=None) for condition in self.pde.soft_conditions())


def of_squares(pde: PDE) -> PDE:
    """The problem itself if it is one of least squares, else that of its residuals."""
    return pde if all(condition.energy is None for condition in pde.conditions()) else Squares(pde)
