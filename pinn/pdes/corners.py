"""The corners in which a solution may be singular."""

import math

import torch

from pinn.domains import Domain, Initial, TimeDomain
from pinn.domains.wedges import Wedge
from pinn.pdes.pde import PDE

_ALONG = 2000


def free_corners(pde: PDE) -> tuple[Wedge, ...]:
    """The corners of a plane space, (x, y, direction, ω), if no value is built into the field on its boundary.

    Values that are built in multiply the network by a distance, and what is singular in a corner is another function.
    Corners are left out, as those of a hole, if the ray in the middle of their outside comes to the domain again: the
    angle from their edge has its jump there.
    """
    soft = {condition.name for condition in pde.soft_conditions()}
    if any(c.name not in soft and not isinstance(c.region, Initial) for c in pde.conditions()):
        return ()
    space = pde.domain.space if isinstance(pde.domain, TimeDomain) else pde.domain
    return tuple(wedge for wedge in space.wedges if _clear(space, wedge))


def _clear(space: Domain, wedge: Wedge) -> bool:
    """Whether no point of the space lies opposite to the inside of a corner."""
    x, y, direction, angle = wedge
    lower, upper = space.bounds
    away = direction + angle / 2 + math.pi
    far = math.dist(lower, upper) * (torch.arange(_ALONG, dtype=torch.float64) + 1) / _ALONG
    ray = torch.stack([x + far * math.cos(away), y + far * math.sin(away)], 1)
    return not bool(space.contains(ray).any())
