"""Sines on subdomains, gated by a partition of unity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space, numbers


@dataclass(frozen=True)
class GatedSines(Family):
    """g_j(x) sin(w·y_j + b): `width` random sines on each subdomain j, in its own coordinates y_j from −1 to 1.

    The subdomains are boxes, `subdomains` of them along each coordinate. The gate of an interval is the difference of
    ½ erf((x − e)/d) at its ends e, with d = `gate` times the width of the narrower neighbour, so that all gates sum
    up to 1; the box has the product. `frequency` bounds w, in each coordinate. Where features should be narrower they
    are refined by other edges. Raises ValueError for counts below 1, a periodic coordinate with less than three
    subdomains, and unless 0 < gate < 0.5.
    """

    width: int = 36
    subdomains: int | Sequence[int] = 4
    frequency: float | Sequence[float] = 6.0
    gate: float = 0.12

    def __post_init__(self) -> None:
        if self.width < 1 or not 0 < self.gate < 0.5:
            raise ValueError(f"GatedSines needs width >= 1 and 0 < gate < 0.5, got {self.width} and {self.gate}.")

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        d = len(space.axes)
        counts = [self.subdomains] * d if isinstance(self.subdomains, int) else list(self.subdomains)
        if len(counts) != d or any(n < (3 if p else 1) for n, p in zip(counts, space.periodic, strict=True)):
            raise ValueError(
                f"GatedSines needs subdomains >= 1 along each of {d} coordinates, 3 along a periodic one, got {counts}."
            )
        largest = torch.tensor(numbers(self.frequency, d, "frequency"), dtype=torch.float64)
        direction = torch.randn(self.width, d, generator=generator, dtype=torch.float64)
        direction = direction / direction.norm(dim=1, keepdim=True)
        draw = torch.rand(self.width, 2, generator=generator, dtype=torch.float64)
        weight = largest * direction * draw[:, :1].sqrt()
        edges = [torch.linspace(-1, 1, n + 1, dtype=torch.float64) for n in counts]
        return _Gated(space, weight, 2 * math.pi * draw[:, 1], edges, self.gate)


class _Gated(FeatureMap):
    weight: Tensor
    bias: Tensor

    def __init__(self, space: Space, weight: Tensor, bias: Tensor, edges: Sequence[Tensor], gate: float) -> None:
        super().__init__()
        self.space, self.gate = space, gate
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        for axis, one in enumerate(edges):
            self.register_buffer(f"edges{axis}", one)
        self.width = len(bias) * math.prod(len(one) - 1 for one in edges)

    @property
    def edges(self) -> tuple[Tensor, ...]:
        return tuple(self.get_buffer(f"edges{axis}") for axis in range(len(self.space.axes)))

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        gates = angles = None
        for axis, e in enumerate(self.edges if edges is None else edges):
            gate, y = self._interval(self.space.scaled(x, axis), e, self.space.periodic[axis])
            angle = y[..., None] * self.weight[:, axis]
            if gates is None or angles is None:
                gates, angles = gate, angle + self.bias
            else:
                both = gates[..., :, None] * gate[..., None, :]
                gates = both.reshape(*both.shape[:-2], -1)
                sums = angles[..., :, None, :] + angle[..., None, :, :]
                angles = sums.reshape(*sums.shape[:-3], -1, sums.shape[-1])
        assert gates is not None
        assert angles is not None
        product = gates[..., None] * torch.sin(angles)
        return product.reshape(*product.shape[:-2], -1)

    def _interval(self, s: Tensor, e: Tensor, periodic: bool) -> tuple[Tensor, Tensor]:
        """Gates and coordinates of all intervals: (…) to (…, n) both."""
        width, center = e[1:] - e[:-1], (e[1:] + e[:-1]) / 2
        offset = s[..., None] - center
        if periodic:
            offset = torch.where(offset > 1, offset - 2, offset)
            offset = torch.where(offset < -1, offset + 2, offset)
        beside = self.gate * torch.minimum(width, width.roll(1))  # of an interval and the one before
        left = torch.erf((offset + width / 2) / beside)
        right = torch.erf((offset - width / 2) / beside.roll(-1))
        if not periodic:  # the outermost gates stay open
            index = torch.arange(len(width), device=width.device)
            left = torch.where(index == 0, 1.0, left)
            right = torch.where(index == len(width) - 1, -1.0, right)
        return (left - right) / 2, offset * (2 / width)


def refined(edges: Tensor, unresolved: Tensor, ratio: float = 2.5, *, periodic: bool = False) -> Tensor:
    """Edges with the `unresolved` intervals halved, and those that are more than `ratio` wider than a neighbour."""
    split = unresolved.cpu().tolist()
    width = (edges[1:] - edges[:-1]).cpu().tolist()
    n = len(width)
    for i in range(n):
        beside = [(i + step) % n for step in (-1, 1) if periodic or 0 <= i + step < n]
        split[i] = split[i] or any(width[i] > ratio * width[j] * (0.5 if split[j] else 1.0) for j in beside)
    new = [float(edges[0])]
    for one, (a, b) in zip(split, pairwise(edges.cpu().tolist()), strict=True):
        new += [(a + b) / 2, b] if one else [b]
    return edges.new_tensor(new)
