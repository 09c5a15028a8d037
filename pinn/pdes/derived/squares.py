"""A problem of least squares from one whose solution minimises an energy: the same equation, by its residual."""

import dataclasses
from dataclasses import dataclass

from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Rewritten
from pinn.pdes.pde import PDE


@dataclass(frozen=True)
class Squares(Rewritten):
    """`pde`, whose conditions are all asked for by the mean square of their residuals."""

    def rewritten(self, condition: Condition) -> Condition:
        return dataclasses.replace(condition, energy=None)


def of_squares(pde: PDE) -> PDE:
    """The problem itself if it is one of least squares, else that of its residuals."""
    return pde if all(condition.energy is None for condition in pde.conditions()) else Squares(pde)
