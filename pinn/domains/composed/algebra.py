"""Which classes the operators of domains build: `a | b`, `a.rotated(…)` and their like."""

from pinn.domains.composed.boolean import Difference, Intersection, Union
from pinn.domains.composed.tagged import Tagged
from pinn.domains.composed.transformed import Transformed
from pinn.domains.domain import Algebra, Domain

# Here and not in `Domain`, which all of these import. Whoever imports a part of `pinn.domains` runs the package's
# `__init__`, and with it this line, so that no domain exists without its algebra.
Domain.algebra = Algebra(Union, Intersection, Difference, Transformed, Tagged)
