"""A domain in the plane drawn out to a solid."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.ball import Disk
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Extrusion(Domain):
    """The points (x, z) with x in a domain and lower ≤ z ≤ upper: a cylinder over a disk.

    Raises ValueError unless lower < upper.

    >>> round(Extrusion(Disk(), (0.0, 3.0)).measure / math.pi, 6)
    3.0
    """

    base: Domain = field(default_factory=lambda: Disk())
    height: Sequence[float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        if len(self.height) != 2 or not -math.inf < self.height[0] < self.height[1] < math.inf:
            raise ValueError(f"Extrusion needs a height of two numbers lower < upper, got {self.height}.")

    @property
    def dim(self) -> int:
        return self.base.dim + 1

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = self.base.bounds
        return (*lower, self.height[0]), (*upper, self.height[1])

    @property
    def measure(self) -> float:
        return self.base.measure * self._length

    @property
    def boundary_measure(self) -> float:
        return self.base.boundary_measure * self._length + 2 * self.base.measure

    @property
    def interior_sample_dim(self) -> int:
        return self.base.interior_sample_dim + 1

    def interior(self, u: Tensor) -> Points:
        return torch.cat([self.base.interior(u[:, :-1]), self._heights(u[:, -1:])], 1)

    @property
    def boundary_sample_dim(self) -> int:
        return 2 + max(self.base.interior_sample_dim, self.base.boundary_sample_dim)

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        side = (u[:, 0] < self.base.boundary_measure * self._length / self.boundary_measure)[:, None]
        y, normal = self.base.boundary(u[:, 2 : 2 + self.base.boundary_sample_dim])
        wall = torch.cat([y, self._heights(u[:, 1:2])], 1), torch.cat([normal, torch.zeros_like(y[:, :1])], 1)
        top = u[:, 1:2] < 0.5
        inside = self.base.interior(u[:, 2 : 2 + self.base.interior_sample_dim])
        level = torch.where(
            top, u.new_tensor(self.height[1]), u.new_tensor(self.height[0])
        )  # floats would make float32
        up = torch.where(top, 1.0, -1.0).to(u)
        cap = torch.cat([inside, level], 1), torch.cat([torch.zeros_like(inside), up], 1)
        return torch.where(side, wall[0], cap[0]), torch.where(side, wall[1], cap[1])

    def contains(self, x: Tensor) -> Tensor:
        slack = 8 * torch.finfo(x.dtype).eps * (abs(self.height[0]) + abs(self.height[1]))
        z = x[..., -1]
        return self.base.contains(x[..., :-1]) & (z >= self.height[0] - slack) & (z <= self.height[1] + slack)

    def distance(self, x: Tensor) -> Tensor:
        """The distance function of the base times 4(z − a)(b − z)/(b − a)²."""
        return self.base.distance(x[..., :-1]) * self._parabola(x)

    def level_set(self, x: Tensor) -> Tensor:
        a, b = self.base.level_set(x[..., :-1]), self._parabola(x)
        return a + b - torch.sqrt(a**2 + b**2)

    def extend(self, g: Field) -> Field:
        """The extension of the base at each height, and what it lacks on floor and ceiling, linear in z."""
        around = self._at_each_height(self.base.extend)(g)
        caps = self._cap(*self.height), self._cap(*reversed(self.height))
        floor, ceiling = (extend(lambda x: g(x) - around(x)) for _, extend in caps)
        return lambda x: around(x) + floor(x) + ceiling(x)

    @property
    def extendable(self) -> bool:
        return self.base.extendable

    @property
    def smooth(self) -> bool:
        return self.base.smooth

    @property
    def tags(self) -> tuple[str, ...]:
        return ("floor", "ceiling", "side", *(f"side.{tag}" for tag in self.base.tags))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        if tag in ("floor", "ceiling"):
            return normal[:, -1] * (1 if tag == "ceiling" else -1) > 0.5
        side = normal[:, -1].abs() < 0.5
        return (
            side
            if tag == "side"
            else side & self.base.boundary_mask(tag.removeprefix("side."), x[:, :-1], normal[:, :-1])
        )

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """Of floor and ceiling the linear distance and data that fall linearly; of the side those of the base."""
        if tag in ("floor", "ceiling"):
            return self._cap(*(self.height if tag == "floor" else reversed(self.height)))
        if tag == "side":
            part = (self.base.distance, self.base.extend) if self.base.extendable else None
        else:
            part = self.base.hard_part(tag.removeprefix("side."))
        return None if part is None else (lambda x: part[0](x[..., :-1]), self._at_each_height(part[1]))

    def _cap(self, near: float, far: float) -> tuple[Field, Callable[[Field], Field]]:
        def distance(x: Tensor) -> Tensor:
            return (x[..., -1] - near) / (far - near)

        def extend(g: Field) -> Field:
            return lambda x: (1 - distance(x)) * g(torch.cat([x[..., :-1], torch.full_like(x[..., -1:], near)], -1))

        return distance, extend

    def _at_each_height(self, extend: Callable[[Field], Field]) -> Callable[[Field], Field]:
        def extended(g: Field) -> Field:
            def extension(x: Tensor) -> Tensor:
                z = x[..., -1:]
                return extend(lambda y: g(torch.cat([y, z], -1)))(x[..., :-1])

            return extension

        return extended

    @property
    def _length(self) -> float:
        return self.height[1] - self.height[0]

    def _heights(self, u: Tensor) -> Tensor:
        return self.height[0] + self._length * u

    def _parabola(self, x: Tensor) -> Tensor:
        return 4 * (x[..., -1] - self.height[0]) * (self.height[1] - x[..., -1]) / self._length**2
