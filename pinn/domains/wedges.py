"""Corners and holes of plane domains: the wedges that edges make, and the circles that holes are about."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Wedge = tuple[float, float, float, float]
"""(x, y, direction, ω): inside is between the angles direction and direction + ω."""
Hole = tuple[float, float, float]
"""(x, y, R): a point in the middle of a hole, and the radius of the circle about it."""

_STRAIGHT = 1e-9
_AROUND = 1.05
_RING = 64
_DIRECTIONS = 16


def wedges_of(corners: Sequence[Sequence[float]]) -> tuple[Wedge, ...]:
    """The wedges of a polygon whose corners are in the mathematically positive order; none where an edge goes on."""
    found: list[Wedge] = []
    for k, (x, y) in enumerate(corners):
        before, after = corners[k - 1], corners[(k + 1) % len(corners)]
        direction = math.atan2(after[1] - y, after[0] - x)
        angle = (math.atan2(before[1] - y, before[0] - x) - direction) % (2 * math.pi)
        if abs(angle - math.pi) > _STRAIGHT:
            found.append((x, y, direction, angle))
    return tuple(found)


def wedge_within(wedge: Wedge, contains: Callable[[Tensor], Tensor], radius: float) -> Wedge | None:
    """What a wedge of a part is in a combined domain: itself, what is outside it, or None.

    Points around the corner tell, `radius` away: they are all inside where the wedge is, or all outside there.
    """
    x, y, direction, angle = wedge
    outside = (x, y, direction + angle, 2 * math.pi - angle)
    shares = (torch.arange(_DIRECTIONS, dtype=torch.float64) + 0.5) / _DIRECTIONS

    def within(one: Wedge) -> Tensor:
        turned = one[2] + one[3] * shares
        around = torch.stack([one[0] + radius * torch.cos(turned), one[1] + radius * torch.sin(turned)], 1)
        return contains(around)

    own, other = within(wedge), within(outside)
    if bool(own.all()) and not bool(other.any()):
        return wedge
    return outside if bool(other.all()) and not bool(own.any()) else None


def hole_of(bounds: Sequence[Sequence[float]], contains: Callable[[Tensor], Tensor]) -> tuple[Hole, ...]:
    """The hole (x, y, R) that a plane part with these bounds leaves if it is cut out; none at the edge of the domain.

    The domain has to be all around it, on a circle about its bounds, or in them if the part is round.
    """
    (a, c), (b, d) = bounds
    x, y, radius = (a + b) / 2, (c + d) / 2, min(b - a, d - c) / 2
    turned = 2 * math.pi * torch.arange(_RING, dtype=torch.float64) / _RING
    circle = torch.stack([torch.cos(turned), torch.sin(turned)], 1)
    middle = torch.tensor([[x, y]], dtype=torch.float64)
    rings = (middle + _AROUND * far * circle for far in (radius, math.hypot(b - a, d - c) / 2))
    return ((x, y, radius),) if not bool(contains(middle).any()) and any(bool(contains(r).all()) for r in rings) else ()
