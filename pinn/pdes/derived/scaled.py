"""A problem in scaled variables: the network gives numbers of order one, and every row of the residual is of order one.

The equations themselves stay in the user's units. A change of the unit of a coordinate, of a component or of an
equation changes the scales by the same factor and nothing else; by a power of two it changes not a single bit of the
scaled run.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from pinn.operators import Strategy
from pinn.pdes.ansatz import Ansatz
from pinn.pdes.condition import Condition, Residual
from pinn.pdes.derived.wrapper import Wrapper
from pinn.typing import Field


@dataclass(frozen=True)
class Scaled(Wrapper):
    """`pde` with u = A[offset + size·N], where N is the network and A the ansatz of `pde`, and residuals r/rows.

    `size` and `offset` have one entry for each component of u (one for a scalar field), in the units of the component
    over those of the distance function that multiplies it. `rows` has, by the name of a condition, one number for each
    row of its residual, in the units of the row. Raises ValueError for a size or row that is not positive and finite,
    and for other numbers of entries than there are components.
    """

    size: Sequence[float] = (1.0,)
    offset: Sequence[float] = (0.0,)
    rows: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        m = self.pde.components or 1
        if not len(self.size) == len(self.offset) == m:
            raise ValueError(
                f"pde.scale needs one size and one offset for each of {m} components, got {[*self.size]} and "
                f"{[*self.offset]}."
            )
        for number in (*self.size, *(one for row in self.rows.values() for one in row)):
            if not 0 < number < math.inf:
                raise ValueError(f"A scale is a finite number > 0, got {number}.")

    @property
    def unknowns(self):
        return self.pde.unknowns

    def solution(self, u: Field) -> Field:
        return self.pde.solution(u)

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self._scaled(condition) for condition in self.pde.conditions())

    def soft_conditions(self) -> tuple[Condition, ...]:
        return tuple(self._scaled(condition) for condition in self.pde.soft_conditions())

    def ansatz(self) -> Ansatz:
        built_in, size, offset = self.pde.ansatz(), tuple(self.size), tuple(self.offset)
        if self.pde.components is None:
            return lambda network: built_in(lambda x: _affine(network(x), size[0], offset[0]))

        def scaled(network: Field, x: Tensor) -> Tensor:
            value = network(x)
            return _affine(value, _tensor(size, value), _tensor(offset, value) if any(offset) else 0.0)

        return lambda network: built_in(partial(scaled, network))

    def _scaled(self, condition: Condition) -> Condition:
        rows = self.rows.get(condition.name)
        if rows is None:
            return condition
        energy = condition.energy and _divided(condition.energy, tuple(rows[:1]))
        return dataclasses.replace(condition, residual=_divided(condition.residual, tuple(rows)), energy=energy)


def _affine(value: Tensor, size: float | Tensor, offset: float | Tensor) -> Tensor:
    scaled = size * value
    return scaled + offset if isinstance(offset, Tensor) or offset else scaled


def _tensor(numbers: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(numbers, dtype=like.dtype, device=like.device)


def _divided(residual: Residual, rows: tuple[float, ...]) -> Residual:
    """The residual with each row divided by its size."""
    factors = [1 / row for row in rows]
    if len(set(factors)) == 1:
        return partial(_multiplied, residual, factors[0])
    return partial(_multiplied_by_row, residual, factors)


def _multiplied(residual: Residual, factor: float, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    return factor * residual(u, *sample, strategy=strategy)


def _multiplied_by_row(
    residual: Residual, factors: Sequence[float], u: Field, *sample: Tensor, strategy: Strategy
) -> Tensor:
    r = residual(u, *sample, strategy=strategy)
    return r * _tensor(factors, r).reshape(r.shape)
