"""The box [a₁, b₁] × … × [a_d, b_d]: interval, rectangle, cuboid."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.wedges import Wedge, wedges_of
from pinn.typing import Field, Points


@dataclass(frozen=True)
class Box(Domain):
    """The box between two corners, in any dimension.

    Raises ValueError unless lower < upper in every coordinate.

    >>> box = Box(lower=(0, 0), upper=(2, 1))
    >>> box.measure, box.boundary_measure
    (2.0, 6.0)
    >>> box.distance(torch.tensor([1.0, 0.5], dtype=torch.float64)).item()
    1.0
    """

    lower: Sequence[float] = (0.0, 0.0)
    upper: Sequence[float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        lower, upper = tuple(map(float, self.lower)), tuple(map(float, self.upper))
        if len(lower) != len(upper) or not lower:
            raise ValueError(
                f"Box needs lower and upper of one length d >= 1, got {len(lower)} and {len(upper)} coordinates."
            )
        if not all(math.isfinite(a) and math.isfinite(b) and a < b for a, b in zip(lower, upper, strict=True)):
            raise ValueError(f"Box needs finite lower < upper in every coordinate, got {lower=} and {upper=}.")
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    @property
    def dim(self) -> int:
        return len(self.lower)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(self.lower), tuple(self.upper)

    @property
    def measure(self) -> float:
        return math.prod(self._sides)

    @property
    def boundary_measure(self) -> float:
        return 2 * sum(self._face_areas)

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        if self.dim != 2:
            return ()
        (a, c), (b, d) = self.bounds
        return wedges_of(((a, c), (b, c), (b, d), (a, d)))

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        lower, upper = self._corners(u)
        return lower + (upper - lower) * u

    @property
    def boundary_sample_dim(self) -> int:
        return self.dim

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        lower, upper = self._corners(u)
        # The first number chooses one of 2d faces by area; what is left of it is not used again.
        areas = u.new_tensor([area for area in self._face_areas for _ in range(2)])
        face = torch.bucketize(u[:, 0] * areas.sum(), areas.cumsum(0), right=True).clamp(max=2 * self.dim - 1)
        axis, side = face // 2, face % 2
        on_axis = torch.nn.functional.one_hot(axis, self.dim).bool()
        # The face's own coordinates take the remaining d − 1 numbers in order.
        slot = torch.arange(self.dim, device=u.device)[None, :]
        within = u.gather(1, torch.where(slot < axis[:, None], slot + 1, slot))
        wall = torch.where(side[:, None] == 0, lower, upper)
        x = torch.where(on_axis, wall, lower + (upper - lower) * within)
        return x, on_axis * (2 * side - 1)[:, None].to(u.dtype)

    def contains(self, x: Tensor) -> Tensor:
        lower, upper = self._corners(x)
        slack = 4 * torch.finfo(x.dtype).eps * (upper - lower)
        return ((x >= lower - slack) & (x <= upper + slack)).all(-1)

    def distance(self, x: Tensor) -> Tensor:
        """φ = Π 4(x_i − a_i)(b_i − x_i)/(b_i − a_i)², which is 1 at the centre."""
        lower, upper = self._corners(x)
        # Not Tensor.prod, whose second derivative costs more than that of the network.
        return math.prod((4 * (x - lower) * (upper - x) / (upper - lower) ** 2).unbind(-1))  # type: ignore[return-value]

    def level_set(self, x: Tensor) -> Tensor:
        """The R-conjunction of the parabolas across all coordinates: positive inside alone."""
        lower, upper = self._corners(x)
        level, *others = (4 * (x - lower) * (upper - x) / (upper - lower) ** 2).unbind(-1)
        for other in others:
            level = level + other - torch.sqrt(level**2 + other**2)
        return level

    def extend(self, g: Field) -> Field:
        """Transfinite interpolation (Gordon & Hall 1973): the Boolean sum of linear interpolation between faces.

        It takes g at 3^d − 1 projections of x to faces and corners. Raises ValueError above five dimensions.
        """
        if not self.extendable:
            raise ValueError(
                f"Hard conditions with data that do not vanish need 3^d − 1 evaluations on a Box, too many for "
                f"d={self.dim} (at most 5). Use soft conditions: hard=False (pde.hard=false)."
            )
        extension = self._between_faces(g, 0)
        for axis in range(1, self.dim):
            extension = _boolean_sum(extension, g, self, axis)
        return extension

    @property
    def extendable(self) -> bool:
        return self.dim <= 5

    @property
    def smooth(self) -> bool:
        return True

    @property
    def tags(self) -> tuple[str, ...]:
        """The faces in the order of the coordinates, the lower before the upper."""
        names = ("left", "right"), ("bottom", "top")
        if self.dim <= 2:
            return tuple(name for pair in names[: self.dim] for name in pair)
        if self.dim == 3:
            return (*names[0], "front", "back", *names[1])
        return tuple(f"{side}_{axis}" for axis in range(self.dim) for side in ("lower", "upper"))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        axis, side = divmod(self.tags.index(tag), 2)
        return normal[:, axis] * (2 * side - 1) > 0.5  # not 1: the box may be a turned one

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """The linear distance from a face, and the data held along its normal, falling linearly to the opposite face.

        So data on several faces, one after the other, leave each other in peace.
        """
        axis, side = divmod(self.tags.index(tag), 2)
        near, far = (self.upper[axis], self.lower[axis]) if side else (self.lower[axis], self.upper[axis])

        def extend(g: Field) -> Field:
            def held(x: Tensor) -> Tensor:
                along = torch.eye(self.dim, dtype=x.dtype, device=x.device)[axis]
                return g(x * (1 - along) + near * along) * (1 - distance(x))

            return held

        def distance(x: Tensor) -> Tensor:
            return (x[..., axis] - near) / (far - near)

        return distance, extend

    def _between_faces(self, f: Field, axis: int) -> Field:
        """Linear interpolation of f between the two faces across `axis`."""
        a, b = self.lower[axis], self.upper[axis]

        def interpolated(x: Tensor) -> Tensor:
            along = torch.eye(self.dim, dtype=x.dtype, device=x.device)[axis]
            near, far = x * (1 - along) + a * along, x * (1 - along) + b * along
            weight = (x[..., axis] - a) / (b - a)
            return (1 - weight) * f(near) + weight * f(far)

        return interpolated

    @property
    def _sides(self) -> list[float]:
        return [b - a for a, b in zip(self.lower, self.upper, strict=True)]

    @property
    def _face_areas(self) -> list[float]:
        """Area of one face across each axis; 1 (a point) in one dimension."""
        return [math.prod(self._sides[:i] + self._sides[i + 1 :]) for i in range(self.dim)]

    def _corners(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return like.new_tensor(self.lower), like.new_tensor(self.upper)


def _boolean_sum(extension: Field, g: Field, box: Box, axis: int) -> Field:
    """E + P(g − E): right on the faces across `axis`, and still right wherever E was."""
    correction = box._between_faces(lambda x: g(x) - extension(x), axis)
    return lambda x: extension(x) + correction(x)
