"""Domains and the regions where conditions hold."""

import pinn.domains.composed.algebra  # noqa: F401  (gives `Domain` its operators)
from pinn.domains.composed.boolean import Difference, Intersection, Union
from pinn.domains.composed.extrusion import Extrusion
from pinn.domains.composed.parameter_domain import ParameterDomain
from pinn.domains.composed.tagged import Tagged
from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.composed.transformed import Transformed
from pinn.domains.domain import MOST_POINTS, Domain
from pinn.domains.regions.all_parameters import at_all_parameters
from pinn.domains.regions.base import Interior, PointSet, Region, Surface
from pinn.domains.regions.boundary import Boundary
from pinn.domains.regions.initial import Initial, InitialCauchy
from pinn.domains.regions.point_regions import Measurements, OppositeFaces, PointsInTime
from pinn.domains.regions.quadrature import BoundaryQuadrature, Quadrature
from pinn.domains.shapes.ball import Ball, CenteredBall, Disk
from pinn.domains.shapes.box import Box
from pinn.domains.shapes.cell_mesh import CellMesh
from pinn.domains.shapes.ellipse import Annulus, Ellipse
from pinn.domains.shapes.implicit import Implicit
from pinn.domains.shapes.mesh import Mesh
from pinn.domains.shapes.periodic_box import PeriodicBox
from pinn.domains.shapes.point_cloud import PointCloud
from pinn.domains.shapes.polygon import LShape, Polygon, Triangle
from pinn.domains.shapes.simplex import Simplex
from pinn.domains.shapes.single_point import SinglePoint

__all__ = [
    "MOST_POINTS",
    "Annulus",
    "Ball",
    "Boundary",
    "BoundaryQuadrature",
    "Box",
    "CellMesh",
    "CenteredBall",
    "Difference",
    "Disk",
    "Domain",
    "Ellipse",
    "Extrusion",
    "Implicit",
    "Initial",
    "InitialCauchy",
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
    "PointsInTime",
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
