"""A problem with its characteristic scales: every row of its residual is of order one, and its network may be.

Field and equations stay in the user's units. A change of the unit of a coordinate, of a component or of an equation
changes the scales by the same factor and nothing else; by a power of two it changes not a single bit of the run.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from pinn.operators import Strategy
from pinn.pdes.condition import Condition, Residual
from pinn.pdes.derived.wrapper import Rewritten
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Scaled(Rewritten):
    """`pde` with residuals r/rows, and what its network has to give: about `offset`, by `size` around it.

    `size` and `offset` have one entry for each component of u that is not an unknown coefficient (one for a scalar
    field), in the units of the component over those of the distance function that multiplies it; training hands them
    to the network (`pinn.networks.scale_output`). Unknown coefficients have scales of their own (`Unknown`). `rows`
    has, by the name of a condition, one number for each row of its residual, in the units of the row. All terms of
    an energy are divided by the size of the first, row times component times measure. Raises ValueError for a size or
    row that is not positive and finite, and for other numbers of entries than there are components.
    """

    size: Sequence[float] = (1.0,)
    offset: Sequence[float] = (0.0,)
    rows: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        m = solved_components(self.pde)
        if not len(self.size) == len(self.offset) == m:
            raise ValueError(
                f"scale needs one size and one offset for each of {m} components, got {[*self.size]} and "
                f"{[*self.offset]}."
            )
        for number in (*self.size, *(one for row in self.rows.values() for one in row)):
            if not 0 < number < math.inf:
                raise ValueError(f"A scale is a finite number > 0, got {number}.")

    def rewritten(self, condition: Condition) -> Condition:
        """A condition with each row of its residual divided by its size; as it is if none is known."""
        rows = self.rows.get(condition.name)
        if rows is None:
            return condition
        residual = _divided(condition.residual, tuple(rows))
        energy = condition.energy and _divided(condition.energy, (self._energy,))
        return dataclasses.replace(condition, residual=residual, energy=energy)

    @cached_property
    def _energy(self) -> float:
        """The size of the energy, one for all of its terms, which are parts of one sum."""
        condition = next(one for one in self.pde.conditions() if one.energy is not None)
        rows = self.rows.get(condition.name, (1.0,))
        return condition.measure * max(row * size for row, size in zip(rows, self.size, strict=False))


def solved_components(pde: PDE) -> int:
    """The number of components of u without its unknown coefficients; 1 for a scalar field."""
    return (pde.components or 1) - len(pde.unknowns)


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
