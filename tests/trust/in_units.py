"""A problem in other units: what training must not see."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.operators import Strategy
from pinn.pdes import PDE, Condition
from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Residual
from pinn.pdes.derived.wrapper import Wrapper
from pinn.typing import Field


@dataclass(frozen=True)
class InUnits(Wrapper):
    """`pde` for u' = unit·u, one unit for each component, with its residuals times `factor`; unknowns keep theirs.

    An energy is a residual times u.
    """

    unit: Sequence[float] = (1.0,)
    factor: float = 1.0

    @property
    def unknowns(self):
        return self.pde.unknowns

    @property
    def exact(self) -> Field | None:
        exact = self.pde.exact
        return None if exact is None else lambda x: self._out(exact(x))

    def solution(self, u: Field) -> Field:
        return u

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self._changed(condition) for condition in self.pde.conditions())

    def soft_conditions(self) -> tuple[Condition, ...]:
        return tuple(self._changed(condition) for condition in self.pde.soft_conditions())

    def ansatz(self) -> Ansatz:
        inner = self.pde.ansatz()

        def ansatz(network: Field) -> Field:
            u = inner(lambda x: self._into(network(x)))
            return lambda x: self._out(u(x))

        return ansatz

    def _changed(self, condition: Condition) -> Condition:
        def within(residual: Residual, factor: float) -> Residual:
            def changed(u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
                return factor * residual(lambda x: self._into(u(x)), *sample, strategy=strategy)

            return changed

        energy = condition.energy and within(condition.energy, self.factor * self.unit[0])
        residual = within(condition.residual, self.factor)
        return dataclasses.replace(condition, residual=residual, energy=energy, prescribed=None)

    def _units(self, value: Tensor) -> Tensor:
        numbers = [*self.unit, *[1.0] * (value.numel() - len(self.unit))]
        return torch.tensor(numbers, dtype=value.dtype).reshape(value.shape)

    def _out(self, value: Tensor) -> Tensor:
        return value * self._units(value)

    def _into(self, value: Tensor) -> Tensor:
        return value / self._units(value)


def in_units(pde: PDE, unit: float, factor: float) -> InUnits:
    """All components in one other unit, and every second one in four times that unless they share an energy."""
    count = (pde.components or 1) - len(pde.unknowns)
    other = 4 if all(condition.energy is None for condition in pde.soft_conditions()) else 1
    return InUnits(pde, [unit * other ** (k % 2) for k in range(count)], factor)
