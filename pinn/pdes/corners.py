"""The corners in which a solution may be singular, and the holes that it may be singular in the middle of."""

import math

import torch

from pinn.domains import Domain, Initial, TimeDomain
from pinn.domains.wedges import Hole, Wedge
from pinn.pdes.pde import PDE

_ALONG = 2000


def free_corners(pde: PDE) -> tuple[Wedge, ...]:
    """The corners of a plane space, (x, y, direction, ω), if no value is built into the field on its boundary.

    Values that are built in multiply the network by a distance, and what is singular in a corner is another function.
    Corners are left out, as those of a hole, if the ray in the middle of their outside comes to the domain again: the
    angle from their edge has its jump there.
    """
    space = _space(pde)
    return tuple(wedge for wedge in space.wedges if _clear(space, wedge)) if space.wedges and _all_soft(pde) else ()


def free_holes(pde: PDE) -> tuple[Hole, ...]:
    """The holes of a plane space, (x, y, R), if no value is built into the field on its boundary."""
    holes = _space(pde).holes
    return holes if holes and _all_soft(pde) else ()


def _space(pde: PDE) -> Domain:
    return pde.domain.space if isinstance(pde.domain, TimeDomain) else pde.domain


def _all_soft(pde: PDE) -> bool:
    """Whether no value on the boundary of space is built in."""
    soft = {condition.name for condition in pde.soft_conditions()}
    return all(c.name in soft or isinstance(c.region, Initial) for c in pde.conditions())


def _clear(space: Domain, wedge: Wedge) -> bool:
    """Whether no point of the space lies opposite to the inside of a corner."""
    x, y, direction, angle = wedge
    lower, upper = space.bounds
    away = direction + angle / 2 + math.pi
    far = math.dist(lower, upper) * (torch.arange(_ALONG, dtype=torch.float64) + 1) / _ALONG
    ray = torch.stack([x + far * math.cos(away), y + far * math.sin(away)], 1)
    return not bool(space.contains(ray).any())
