"""What a family of features is, and the space that it is drawn for."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Chart = Sequence[Sequence[int]]
"""For each coordinate the columns of a network's input that hold it: (k,), or (cos, sin) if it is periodic."""


@dataclass(frozen=True)
class Space:
    """The box between `lower` and `upper` that holds the inputs of a network, and the coordinates in it.

    `chart` has for each coordinate its column, or the columns of cos and sin of a periodic one; None for one column
    each. Raises ValueError for a chart that does not name every column once.
    """

    lower: Sequence[float]
    upper: Sequence[float]
    chart: Chart | None = None

    def __post_init__(self) -> None:
        columns = [column for axis in self.axes for column in axis]
        if sorted(columns) != list(range(len(self.lower))):
            raise ValueError(f"A chart names each of {len(self.lower)} inputs once, got {self.axes}.")

    @property
    def axes(self) -> tuple[tuple[int, ...], ...]:
        """The columns of each coordinate."""
        if self.chart is None:
            return tuple((k,) for k in range(len(self.lower)))
        return tuple(tuple(axis) for axis in self.chart)

    @property
    def periodic(self) -> tuple[bool, ...]:
        """Which coordinates are periodic."""
        return tuple(len(axis) == 2 for axis in self.axes)

    def plane_size(self, name: str) -> float:
        """The longer side, for a family that only a plane without period has; ValueError with its name elsewhere."""
        if len(self.axes) != 2 or any(self.periodic):
            raise ValueError(f"{name} is for a plane domain without period.")
        return max(high - low for low, high in zip(self.lower, self.upper, strict=True))

    def scaled(self, x: Tensor, axis: int) -> Tensor:
        """A coordinate as a number from −1 to 1: (…, e) to (…)."""
        columns = self.axes[axis]
        if len(columns) == 1:
            low, high = self.lower[columns[0]], self.upper[columns[0]]
            return (x[..., columns[0]] - (low + high) / 2) * (2 / (high - low))
        c, s = x[..., columns[0]], x[..., columns[1]]
        # The angle from a fixed one nearby, by atan, which propagates; from −1 to 1 as the coordinate itself does.
        near = torch.atan2(s.detach(), c.detach())
        cos, sin = torch.cos(near), torch.sin(near)
        angle = near + torch.atan((s * cos - c * sin) / (c * cos + s * sin))
        return torch.where(near < 0, angle + 2 * math.pi, angle) / math.pi - 1


class FeatureMap(nn.Module, ABC):
    """Fixed functions φ_1, …, φ_K of an input: x of shape (…, e) gives (…, K). `edges` are those of subdomains."""

    width: int
    """K, the number of functions."""

    @abstractmethod
    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        """All functions at the inputs; with other `edges` between subdomains than at first."""

    @property
    def edges(self) -> tuple[Tensor, ...]:
        """The edges of the subdomains along each coordinate, scaled to [−1, 1]; empty without subdomains."""
        return ()

    def width_with(self, edges: Sequence[Tensor]) -> int:
        """How many functions there are with other edges."""
        if isinstance(self, Joined):
            return sum(one.width_with(edges) if one.edges else one.width for one in self.parts)
        ratio = math.prod(len(new) - 1 for new in edges) / math.prod(len(own) - 1 for own in self.edges)
        return round(self.width * ratio)


class Family(ABC):
    """A frozen dataclass with the numbers of a family of functions."""

    @abstractmethod
    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        """Functions of this family on a space, random ones from the generator."""


class Joined(FeatureMap):
    """The functions of several maps, one after the other."""

    def __init__(self, maps: Sequence[FeatureMap]) -> None:
        super().__init__()
        self.maps = nn.ModuleList(maps)
        self.width = sum(one.width for one in maps)

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        return torch.cat([one(x, edges if one.edges else None) for one in self.maps], -1)

    @property
    def edges(self) -> tuple[Tensor, ...]:
        return next((one.edges for one in self.parts if one.edges), ())

    @property
    def parts(self) -> list[FeatureMap]:
        """The maps."""
        return [one for one in self.maps if isinstance(one, FeatureMap)]


def numbers(values: float | Sequence[float], axes: int, name: str) -> list[float]:
    """One positive number for each coordinate. Raises ValueError for others."""
    given = [values] * axes if isinstance(values, (int, float)) else list(values)
    if len(given) != axes or not all(0 < value < math.inf for value in given):
        raise ValueError(f"{name} is one finite number > 0, or one for each of {axes} coordinates, got {values}.")
    return [float(value) for value in given]


def with_monomials(functions: Tensor, x: Tensor, y: Tensor, powers: int) -> Tensor:
    """Functions (…, n, k) about n places times xⁱyʲ of the coordinates there (…, n), i + j below `powers`: (…, K)."""
    parts = [functions * (x**i * y**j)[..., None] for i in range(powers) for j in range(powers - i)]
    return torch.cat(parts, -1).flatten(-2)
