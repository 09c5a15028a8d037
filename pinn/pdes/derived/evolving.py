"""An evolution equation for a field that carries its initial value itself, as slabs of time do."""

from dataclasses import dataclass

from pinn.domains import Initial, InitialCauchy, TimeDomain
from pinn.pdes.ansatz import Ansatz, enforce_beside
from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Evolving(Wrapper):
    """`pde` with its boundary values built in as ever, and its initial value left to the field.

    What is known of how an initial value evolves (`Initial.evolved`) is added to the field. Raises ValueError for a PDE
    without time and one with unknown coefficients.
    """

    def __post_init__(self) -> None:
        if not isinstance(self.pde.domain, TimeDomain):
            raise ValueError(f"Slabs of time need a PDE whose domain has time, got {self.pde.domain}.")
        if self.pde.unknowns:
            raise ValueError("Slabs of time go forward from what is known: unknown coefficients need all time at once.")

    @property
    def domain(self) -> TimeDomain:
        assert isinstance(self.pde.domain, TimeDomain)
        return self.pde.domain

    def solution(self, u: Field) -> Field:
        return self.pde.solution(u)

    def conditions(self) -> tuple[Condition, ...]:
        return self.pde.conditions()

    def initial(self) -> tuple[Condition, ...]:
        """Those of the first instant."""
        return tuple(c for c in self.pde.conditions() if isinstance(c.region, (Initial, InitialCauchy)))

    def constraints(self) -> tuple[Condition, ...]:
        """Those at all times that are not built in: the equation first."""
        names = {condition.name for condition in self.initial()}
        return tuple(condition for condition in self.pde.soft_conditions() if condition.name not in names)

    def soft_conditions(self) -> tuple[Condition, ...]:
        return (*self.constraints(), *self.initial())

    def ansatz(self) -> Ansatz:
        soft = {condition.name for condition in self.soft_conditions()}
        hard = [condition for condition in self.pde.conditions() if condition.name not in soft]
        known = [c.region.evolved for c in self.initial() if isinstance(c.region, Initial) and c.region.evolved]
        built_in, embed = enforce_beside(known[0] if known else None, hard, self.components), self.domain.embed
        return lambda network: built_in(lambda x: network(embed(x)))


def evolving(pde: PDE) -> Evolving:
    """The problem for slabs of time, as it is if it is one already."""
    return pde if isinstance(pde, Evolving) else Evolving(pde)
