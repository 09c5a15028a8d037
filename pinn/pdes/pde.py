"""What a PDE must state: a domain, its equation and conditions, and the solution if one is known."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

from pinn.domains import Domain, Surface
from pinn.networks import Unknown
from pinn.pdes.ansatz import Ansatz, enforce_beside, vanishes
from pinn.pdes.compatibility import violations
from pinn.pdes.condition import Condition
from pinn.pdes.softening import softened
from pinn.typing import Field


class PDE(ABC):
    """A differential equation with its conditions. A subclass is a frozen dataclass with these fields:

    `domain`, where the equation holds, with time, if any, as coordinate 0; `exact`, the solution or None;
    `hard`, whether prescribed values are built into the field (True) or penalised (False). Those that the domain cannot
    build in, around a corner that points inward say, are penalised all the same, and so are those with kinks or jumps
    and those that violate another condition (`softened`).
    `known` is a part of the solution that is known, such as what is singular in it: the network finds the rest.
    `components` is the number of components m of u, None for a scalar field of shape (). Errors are those of the
    components `scored`, None for all. `unknowns` are coefficients to be found, by name: the last components of u.
    """

    domain: Domain
    exact: Field | None = None
    hard: bool = True
    components: ClassVar[int | None] = None
    scored: ClassVar[tuple[int, ...] | None] = None
    unknowns: ClassVar[Mapping[str, Unknown]] = {}
    known: Field | None = None
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    """Components that are a vector together, in the order of the space axes, by what it is: velocity, displacement."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the components of u, None if they have none of their own."""
        return None

    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that u must satisfy. The first is the differential equation, named "interior"."""

    def solution(self, u: Field) -> Field:
        """What is compared and plotted, of the trained field and of `exact` alike: u itself, unless it has pieces."""
        return u

    def soft_conditions(self) -> tuple[Condition, ...]:
        """The conditions that training has to reach: all but those built into the field."""
        return tuple(condition for condition in self.conditions() if not self._built_in(condition))

    def ansatz(self) -> Ansatz:
        """How the network becomes the field that is trained: on embedded points, with the hard conditions built in."""
        built_in = enforce_beside(self.known, [c for c in self.conditions() if self._built_in(c)], self.components)
        embed = self.domain.embed
        return lambda network: built_in(lambda x: network(embed(x)))

    def _built_in(self, condition: Condition) -> bool:
        return self._can_be_built_in(condition) and condition.name not in self.softened

    @property
    def softened(self) -> Mapping[str, str]:
        """The conditions that are penalised though they were to be built in, by name, and why.

        Their values have a kink or jump, contradict others that are built in (`pinn.pdes.softening`), or violate a flux
        at the first instant (`pinn.pdes.compatibility`).
        """
        return self._softened

    @cached_property
    def _softened(self) -> Mapping[str, str]:
        equation, *others = self.conditions()
        hard = [condition for condition in others if self._can_be_built_in(condition)]
        if not hard:
            return {}
        found = softened(equation, self.domain, hard, self.components)
        rest = [condition for condition in others if condition.name not in found]
        return {**found, **violations(rest)}

    def _can_be_built_in(self, condition: Condition) -> bool:
        region, g = condition.region, condition.prescribed
        if not self.hard or g is None or not isinstance(region, Surface) or not region.smooth:
            return False
        return region.extendable or vanishes(region, g)


def require_positive(pde: PDE, *names: str) -> None:
    """Raise ValueError unless these numbers of a PDE are finite and > 0. An unknown is not looked at."""
    for name in names:
        value: Any = getattr(pde, name)
        if isinstance(value, (int, float)) and not 0 < value < math.inf:
            raise ValueError(f"{type(pde).__name__} needs a finite {name} > 0, got {name}={value}.")


def require_dimension(pde: PDE, dim: int, what: str) -> None:
    """Raise ValueError unless the domain of a PDE, `what`, has so many dimensions."""
    if pde.domain.dim != dim:
        raise ValueError(f"{type(pde).__name__} lives on {what}: d={dim}, got a domain with d={pde.domain.dim}.")
