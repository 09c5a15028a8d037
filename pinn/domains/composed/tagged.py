"""Names for parts of a boundary that a user chooses."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.domains.wedges import Hole, Wedge
from pinn.expressions import Predicate
from pinn.typing import Field, Points

_POINTS, _ROUNDS = 4096, 32
"""How many points of a boundary are looked at until one belongs to a part."""


@dataclass(frozen=True)
class Tagged(Domain):
    """A domain with further names for parts of its boundary, `parts`, each by a predicate.

    That is a text about coordinates and the normal, such as "x < 1e-9" or "ny > 0.9 and x > 0.5", or a function from x
    of shape (…, d) to bool. Raises ValueError for a name that the domain has already, and for a part that no point of
    the boundary belongs to; FormulaError for a text that is no statement.

    >>> Tagged(Box(), {"inlet": "x < 1e-9 and y > 0.5"}).tags
    ('left', 'right', 'bottom', 'top', 'inlet')
    >>> Tagged(Box(), {"outlet": lambda x: (x[..., 0] == 1) & (x[..., 1] > 0.5)}).tags
    ('left', 'right', 'bottom', 'top', 'outlet')
    """

    base: Domain = field(default_factory=lambda: Box())
    parts: Mapping[str, str | Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.parts:
            if not re.fullmatch(r"[A-Za-z_]\w*", name):
                raise ValueError(f"A part of a boundary needs a name of letters and digits, got {name!r}.")
        if taken := [name for name in self.parts if name in self.base.tags]:
            raise ValueError(f"The names {taken} are those of parts of {self.base} already.")
        for name in self.parts:
            self._refuse_empty(name)

    @property
    def dim(self) -> int:
        return self.base.dim

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.base.bounds

    @property
    def measure(self) -> float:
        return self.base.measure

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        return self.base.wedges

    @property
    def holes(self) -> tuple[Hole, ...]:
        return self.base.holes

    @property
    def boundary_measure(self) -> float:
        return self.base.boundary_measure

    @property
    def interior_sample_dim(self) -> int:
        return self.base.interior_sample_dim

    def interior(self, u: Tensor) -> Points:
        return self.base.interior(u)

    @property
    def boundary_sample_dim(self) -> int:
        return self.base.boundary_sample_dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        return self.base.boundary(u)

    def contains(self, x: Tensor) -> Tensor:
        return self.base.contains(x)

    def distance(self, x: Tensor) -> Tensor:
        return self.base.distance(x)

    def level_set(self, x: Tensor) -> Tensor:
        return self.base.level_set(x)

    def extend(self, g: Field) -> Field:
        return self.base.extend(g)

    @property
    def extendable(self) -> bool:
        return self.base.extendable

    @property
    def smooth(self) -> bool:
        return self.base.smooth

    @property
    def smooth_level_set(self) -> bool:
        return self.base.smooth_level_set

    @property
    def tags(self) -> tuple[str, ...]:
        return (*self.base.tags, *self.parts)

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        if tag not in self.parts:
            return self.base.boundary_mask(tag, x, normal)
        predicate = self._predicates[tag]
        return predicate(x, normal) if isinstance(predicate, Predicate) else predicate(x)

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        return None if tag in self.parts else self.base.hard_part(tag)

    @cached_property
    def _predicates(self) -> dict[str, Predicate | Callable[[Tensor], Tensor]]:
        d = self.base.dim
        return {
            name: part if callable(part) else Predicate.of(part, d, f"domain.tags.{name}")
            for name, part in self.parts.items()
        }

    def _refuse_empty(self, name: str) -> None:
        """Raise ValueError for a part that none of many points of the boundary belongs to."""
        sobol = torch.quasirandom.SobolEngine(self.base.boundary_sample_dim, scramble=True, seed=0)
        for _ in range(_ROUNDS):
            x, normal = self.base.boundary(sobol.draw(_POINTS, dtype=torch.float64))
            hit = ~x.isnan().any(1)
            if bool(self.boundary_mask(name, x[hit], normal[hit]).any()):
                return
        raise ValueError(
            f"No point of the boundary of {self.base} belongs to the part {name!r}, of {_ROUNDS * _POINTS} that were "
            f"tried: {self.parts[name]}. A face is met to rounding, as in x < 1e-9."
        )

    def embed(self, x: Tensor) -> Tensor:
        return self.base.embed(x)

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        return self.base.chart

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.base.embedded_bounds
