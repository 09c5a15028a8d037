"""Equations with their conditions and solutions."""

from pinn.pdes.ansatz import Ansatz, enforce
from pinn.pdes.condition import Condition, Residual, dirichlet, interior, point_value
from pinn.pdes.heat import Heat
from pinn.pdes.pde import PDE
from pinn.pdes.plane_sines import KnownLaplacian, PlaneSines
from pinn.pdes.poisson import Poisson
from pinn.pdes.potential import Potential
from pinn.pdes.solutions import DecayingSine, SineProduct

__all__ = [
    "PDE",
    "Ansatz",
    "Condition",
    "DecayingSine",
    "Heat",
    "KnownLaplacian",
    "PlaneSines",
    "Poisson",
    "Potential",
    "Residual",
    "SineProduct",
    "dirichlet",
    "enforce",
    "interior",
    "point_value",
]
