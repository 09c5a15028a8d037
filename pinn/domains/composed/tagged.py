"""Names for parts of a boundary that a user chooses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Tagged(Domain):
    """A domain with further names for parts of its boundary, `parts`, each by a predicate: x of shape (…, d) to bool.

    Raises ValueError for a name that the domain has already.

    >>> Tagged(Box(), {"outlet": lambda x: (x[..., 0] == 1) & (x[..., 1] > 0.5)}).tags
    ('left', 'right', 'bottom', 'top', 'outlet')
    """

    base: Domain = field(default_factory=lambda: Box())
    parts: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if taken := [name for name in self.parts if name in self.base.tags]:
            raise ValueError(f"The names {taken} are those of parts of {self.base} already.")

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
        return self.parts[tag](x) if tag in self.parts else self.base.boundary_mask(tag, x, normal)

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        return None if tag in self.parts else self.base.hard_part(tag)

    def embed(self, x: Tensor) -> Tensor:
        return self.base.embed(x)

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        return self.base.chart

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.base.embedded_bounds
