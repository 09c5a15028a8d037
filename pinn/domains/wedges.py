"""Corners and holes of plane domains: the wedges that edges make, and the circles that holes are about."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from pinn.domains.domain import Domain

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


def hole_of(part: "Domain", contains: Callable[[Tensor], Tensor]) -> tuple[Hole, ...]:
    """The hole (x, y, R) that a plane part leaves if it is cut out: none unless the domain is all around it."""
    if part.dim != 2:
        return ()
    (a, c), (b, d) = part.bounds
    x, y, radius = (a + b) / 2, (c + d) / 2, min(b - a, d - c) / 2
    turned = 2 * math.pi * torch.arange(_RING, dtype=torch.float64) / _RING
    far = _AROUND * math.hypot(b - a, d - c) / 2 if not _round(part) else _AROUND * radius
    ring = torch.stack([x + far * torch.cos(turned), y + far * torch.sin(turned)], 1)
    middle = torch.tensor([[x, y]], dtype=torch.float64)
    return ((x, y, radius),) if bool(contains(ring).all()) and not bool(contains(middle).any()) else ()


def _round(part: "Domain") -> bool:
    """Whether all of a part lies within the circle in its bounding box."""
    (a, c), (b, d) = part.bounds
    corner = torch.tensor([[a + 0.1 * (b - a), c + 0.1 * (d - c)]], dtype=torch.float64)
    return abs((b - a) - (d - c)) < 1e-9 * (b - a) and not bool(part.contains(corner).any())
