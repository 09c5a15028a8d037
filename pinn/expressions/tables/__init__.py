"""Tables of values as functions: piecewise polynomials on grids, splines through scattered points."""

from pinn.expressions.tables.grid import KINDS, GridTable
from pinn.expressions.tables.scattered import ScatteredTable

Table = GridTable | ScatteredTable
"""A function of some coordinates that is known at points; `axes` are these coordinates."""

__all__ = ["KINDS", "GridTable", "ScatteredTable", "Table"]
