"""Where a function has a jump or a kink, by its values alone, along lines through a domain."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain, Interior
from pinn.typing import Field, Points

LINES, PIECES = 12, 256
"""Lines along each axis, and the pieces into which each is cut."""
AXES = 8
"""Coordinates along which lines go, of a domain that has more."""
TOLERANCE = 1e-3
"""The smallest jump in parts of the range of the function, and the smallest kink in parts of its largest slope."""
_RIM = 1e-3
_CANDIDATES, _LEVELS, _FACTOR = 24, 7, 4
_HALF = 3
"""The order in the spacing is that over so many refinements, and has to be the same over as many before."""
_WEIGHTS = (1.0, -4.0, 6.0, -4.0, 1.0)


@dataclass(frozen=True)
class Roughness:
    """A jump (`order` 0) or a kink (1) along `axis` near the point `at`; `size` in parts of the range or the slope."""

    order: int
    axis: int
    at: tuple[float, ...]
    size: float

    def __str__(self) -> str:
        what = "jumps" if self.order == 0 else "has a kink"
        return f"{what} near ({', '.join(f'{c + 0.0:.4g}' for c in self.at)})"


def axis_lines(domain: Domain, axis: int, *, count: int = LINES, pieces: int = PIECES) -> tuple[Tensor, Tensor]:
    """Points on lines along an axis, (count, pieces + 1, d), and which of them are in the domain, (count, pieces + 1).

    The lines go through points at random, the same ones each time, and end just before the bounds of the domain.
    """
    generator = torch.Generator().manual_seed(axis)
    (x,) = Interior(domain).sample(count, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))
    low, high = (bound[axis] for bound in domain.bounds)
    lines = x[:, None, :].repeat(1, pieces + 1, 1)
    # Each line has nodes of its own: data that vary along one axis alone are seen at all of them.
    shares = torch.arange(pieces + 1) + (torch.arange(count)[:, None] + 0.381966) / count
    lines[..., axis] = low + (high - low) * (_RIM + (1 - 2 * _RIM) * shares.to(x) / (pieces + 1))
    return lines, domain.contains(lines.reshape(-1, domain.dim)).reshape(lines.shape[:-1])


def probed_axes(domain: Domain) -> list[int]:
    """The axes along which a domain is looked through: all, or the first and others evenly."""
    d = domain.dim
    return sorted({round(k * (d - 1) / max(min(d, AXES) - 1, 1)) for k in range(min(d, AXES))})


def roughness(f: Field, domain: Domain, axis: int) -> Roughness | None:
    """The worst jump or kink of a function along an axis, None if there is none.

    Fourth differences of a function of class C⁴ shrink like h⁴ with the spacing h, those at a kink like h, those at a
    jump not at all. So where they are largest the lines are refined, down to h/L = 6e-8 of the length L: a front that
    is steep but smooth, down to a width of about 1e-6 L, is not taken for a jump.
    """
    lines, inside = axis_lines(domain, axis, **({"count": 1, "pieces": 2048} if domain.dim == 1 else {}))
    values, scale, rounding = _scaled(_at(f, lines), inside)
    if not bool((scale > 0).any()):
        return None
    h = float((lines[0, 1] - lines[0, 0]).norm())
    whole = inside.unfold(1, 5, 1).all(-1)
    differences = torch.where(whole, _fourth(values), 0.0)
    pair = inside[:, 1:] & inside[:, :-1]
    slope = float(torch.where(pair, (values[:, 1:] - values[:, :-1]).abs().amax(-1), 0.0).max()) / h
    best = _candidates(values, whole, differences)
    start = lines[:, :-4].reshape(-1, domain.dim)[best]
    along = lines.new_zeros(domain.dim)
    along[axis] = 1.0
    history = [differences.flatten()[best]]
    for _ in range(_LEVELS):
        h /= _FACTOR
        nodes = start[:, None] + h * torch.arange(4 * _FACTOR + 1, dtype=start.dtype)[:, None] * along
        found = _fourth(_at(f, nodes) * scale)
        largest, k = found.max(1)
        start = nodes[torch.arange(len(nodes)), k]
        history.append(largest)
    orders = [_order(history[-1 - _HALF - k * _HALF], history[-1 - k * _HALF], rounding) for k in range(2)]
    centers = start + 2 * h * along
    found = [
        _judged(tuple(float(order[k]) for order in orders), float(history[-1][k]), h, slope, axis, centers[k])
        for k in range(len(best))
    ]
    return max((one for one in found if one), key=lambda one: (-one.order, one.size), default=None)


def _candidates(values: Tensor, whole: Tensor, differences: Tensor) -> Tensor:
    """Windows of nodes to refine: the largest differences, first those that have not shrunk like h⁴ from spacing 2h."""
    wide = torch.zeros_like(differences)
    wide[:, 2:-2] = _fourth(values, 2) * whole[:, 2:-2]
    rough = (wide > 0) & (wide < 6 * differences)
    peaks = torch.nn.functional.max_pool1d(differences[None], 5, 1, 2)[0] == differences
    ranked = torch.where(peaks, differences, 0.0).flatten()
    first = torch.where(rough.flatten(), ranked, 0.0).argsort(descending=True)[:_CANDIDATES]
    return torch.cat([first, ranked.argsort(descending=True)[:_CANDIDATES]]).unique()


def _judged(
    orders: tuple[float, ...], difference: float, h: float, slope: float, axis: int, at: Points
) -> Roughness | None:
    """What fourth differences of some orders in h mean: a jump of size 1 has 3 at most, a kink of size 1 has 2 h."""
    point = tuple(float(c) for c in at)
    if max(orders) < 0.2 and difference / 3 > TOLERANCE:
        return Roughness(0, axis, point, difference / 3)
    # The root of a distance, whose slope has no bound, has the order 1/2; a window that moves makes it uneven.
    if all(0.2 <= order < 1.5 for order in orders) and difference / (2 * h) > TOLERANCE * slope:
        return Roughness(1, axis, point, difference / (2 * h * slope))
    return None


def _order(before: Tensor, after: Tensor, rounding: float) -> Tensor:
    ratio = before.clamp_min(rounding) / after.clamp_min(rounding)
    return ratio.log() / (_HALF * math.log(_FACTOR))


def _at(f: Field, points: Points) -> Tensor:
    """Values (…, m) of f at points (…, d)."""
    with torch.no_grad():
        values = torch.cat([vmap(f)(part) for part in points.reshape(-1, points.shape[-1]).split(4096)])
    return values.reshape(*points.shape[:-1], -1).to(torch.float64)


def _scaled(values: Tensor, inside: Tensor) -> tuple[Tensor, Tensor, float]:
    """The values in parts of the range of each component, the factors, and the rounding of fourth differences."""
    seen = values[inside & values.isfinite().all(-1)]
    if not len(seen):
        return values, values.new_zeros(values.shape[-1]), 0.0
    spread, size = seen.amax(0) - seen.amin(0), seen.abs().amax(0)
    scale = torch.where(spread > 1e-9 * size, 1 / spread, 0.0)
    return values * scale, scale, 64 * torch.finfo(values.dtype).eps * float((size * scale).max())


def _fourth(values: Tensor, stride: int = 1) -> Tensor:
    """|v₀ − 4v₁ + 6v₂ − 4v₃ + v₄| of each five neighbours, the largest of all components; 0 for what is not finite."""
    n = values.shape[1] - 4 * stride
    total = sum(w * values[:, k * stride : k * stride + n] for k, w in enumerate(_WEIGHTS))
    assert isinstance(total, Tensor)
    return torch.nan_to_num(total.abs().amax(-1), nan=0.0, posinf=0.0)
