"""Domains and the regions where conditions hold."""

from pinn.domains.ball import Ball, CenteredBall, Disk
from pinn.domains.box import Box
from pinn.domains.domain import Domain
from pinn.domains.instants import SinglePoint
from pinn.domains.nodes import Measurements, OppositeFaces, Quadrature
from pinn.domains.parameters import ParameterDomain, at_all_parameters
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
    "Measurements",
    "OppositeFaces",
    "ParameterDomain",
    "PeriodicBox",
    "PointSet",
    "Quadrature",
    "Region",
    "SinglePoint",
    "Surface",
    "TimeDomain",
    "at_all_parameters",
]
