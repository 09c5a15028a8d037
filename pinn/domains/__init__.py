"""Domains and the regions where conditions hold."""

from pinn.domains.ball import Ball, CenteredBall, Disk
from pinn.domains.box import Box
from pinn.domains.domain import Domain
from pinn.domains.periodic_box import PeriodicBox
from pinn.domains.regions import Boundary, Initial, InitialMotion, Interior, PointSet, Region, Surface
from pinn.domains.time_domain import TimeDomain

__all__ = [
    "Ball",
    "Boundary",
    "Box",
    "CenteredBall",
    "Disk",
    "Domain",
    "Initial",
    "InitialMotion",
    "Interior",
    "PeriodicBox",
    "PointSet",
    "Region",
    "Surface",
    "TimeDomain",
]
