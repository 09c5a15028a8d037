"""Domain × box of parameters: what a parametric problem is solved on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.typing import Field, Points


@dataclass(frozen=True)
class ParameterDomain(Domain):
    """The points (x, μ) with x in a domain and parameters μ between `lower` and `upper`, as last coordinates.

    `names` are those of the parameters in plots.

    Its boundary is the lateral one, ∂Ω × [lower, upper]. Raises ValueError unless lower < upper.

    >>> ParameterDomain(Box(), (1.0,), (3.0,)).measure
    2.0
    """

    base: Domain = Box()
    lower: Sequence[float] = (0.0,)
    upper: Sequence[float] = (1.0,)
    names: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", self._box.lower)
        object.__setattr__(self, "upper", self._box.upper)

    @property
    def dim(self) -> int:
        return self.base.dim + len(self.lower)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self._with(self.base.bounds)

    @property
    def measure(self) -> float:
        return self.base.measure * self._box.measure

    @property
    def boundary_measure(self) -> float:
        return self.base.boundary_measure * self._box.measure

    @property
    def interior_sample_dim(self) -> int:
        return self.base.interior_sample_dim + len(self.lower)

    def interior(self, u: Tensor) -> Points:
        k = self.base.interior_sample_dim
        return torch.cat([self.base.interior(u[:, :k]), self.parameters(u[:, k:])], 1)

    @property
    def boundary_sample_dim(self) -> int:
        return self.base.boundary_sample_dim + len(self.lower)

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        k = self.base.boundary_sample_dim
        x, normal = self.base.boundary(u[:, :k])
        parameters = self.parameters(u[:, k:])
        return torch.cat([x, parameters], 1), torch.cat([normal, torch.zeros_like(parameters)], 1)

    def contains(self, x: Tensor) -> Tensor:
        point, parameters = self.split(x)
        return self.base.contains(point) & self._box.contains(parameters)

    def distance(self, x: Tensor) -> Tensor:
        """The distance function of the domain, whatever the parameters."""
        return self.base.distance(self.split(x)[0])

    def extend(self, g: Field) -> Field:
        """The extension of the domain at all parameters."""
        return self.at_each(self.base.extend, g)

    @property
    def extendable(self) -> bool:
        return self.base.extendable

    @property
    def smooth(self) -> bool:
        return self.base.smooth

    def level_set(self, x: Tensor) -> Tensor:
        return self.base.level_set(self.split(x)[0])

    @property
    def tags(self) -> tuple[str, ...]:
        """Those of the domain."""
        return self.base.tags

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        return self.base.boundary_mask(tag, self.split(x)[0], self.split(normal)[0])

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """That of the domain at all parameters."""
        part = self.base.hard_part(tag)
        if part is None:
            return None
        distance, extend = part
        return lambda x: distance(self.split(x)[0]), lambda g: self.at_each(extend, g)

    def embed(self, x: Tensor) -> Tensor:
        point, parameters = self.split(x)
        return torch.cat([self.base.embed(point), parameters], -1)

    @property
    def chart(self) -> tuple[tuple[int, ...], ...]:
        """That of the domain, then a column for each parameter."""
        columns = len(self.base.embedded_bounds[0])
        return (*self.base.chart, *((columns + k,) for k in range(self.dim - self.base.dim)))

    @property
    def embedded_bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self._with(self.base.embedded_bounds)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The point and the parameters of (x, μ)."""
        return x[..., : self.base.dim], x[..., self.base.dim :]

    def parameters(self, u: Tensor) -> Tensor:
        """Parameters from uniform numbers."""
        return self._box.interior(u)

    def at_each(self, extend: Callable[[Field], Field], g: Field) -> Field:
        """The extension of g by `extend`, which is one of the domain, at each of the parameters."""

        def extension(x: Tensor) -> Tensor:
            point, parameters = self.split(x)
            return extend(lambda y: g(torch.cat([y, parameters.expand(*y.shape[:-1], -1)], -1)))(point)

        return extension

    @property
    def _box(self) -> Box:
        return Box(self.lower, self.upper)

    def _with(self, bounds: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (*bounds[0], *self.lower), (*bounds[1], *self.upper)
