"""Domains and the regions where conditions hold."""

from pinn.domains.ball import Ball, CenteredBall, Disk
from pinn.domains.box import Box
from pinn.domains.combined import Difference, Intersection, Union
from pinn.domains.domain import MOST_POINTS, Domain
from pinn.domains.ellipse import Annulus, Ellipse
from pinn.domains.extrusion import Extrusion
from pinn.domains.instants import SinglePoint
from pinn.domains.mesh import Mesh
from pinn.domains.nodes import Measurements, OppositeFaces, Quadrature
from pinn.domains.parameters import ParameterDomain, at_all_parameters
from pinn.domains.periodic_box import PeriodicBox
from pinn.domains.point_cloud import PointCloud
from pinn.domains.polygon import LShape, Polygon, Triangle
from pinn.domains.regions import Boundary, Initial, InitialMotion, Interior, PointSet, Region, Surface
from pinn.domains.simplex import Simplex
from pinn.domains.tagged import Tagged
from pinn.domains.time_domain import TimeDomain
from pinn.domains.transformed import Transformed

__all__ = [
    "MOST_POINTS",
    "Annulus",
    "Ball",
    "Boundary",
    "Box",
    "CenteredBall",
    "Difference",
    "Disk",
    "Domain",
    "Ellipse",
    "Extrusion",
    "Initial",
    "InitialMotion",
    "Interior",
    "Intersection",
    "LShape",
    "Measurements",
    "Mesh",
    "OppositeFaces",
    "ParameterDomain",
    "PeriodicBox",
    "PointCloud",
    "PointSet",
    "Polygon",
    "Quadrature",
    "Region",
    "Simplex",
    "SinglePoint",
    "Surface",
    "Tagged",
    "TimeDomain",
    "Transformed",
    "Triangle",
    "Union",
    "at_all_parameters",
]
