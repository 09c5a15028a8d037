"""Equations with their conditions and solutions."""

from pinn.pdes.advection import Advection
from pinn.pdes.allen_cahn import AllenCahn
from pinn.pdes.ansatz import Ansatz, enforce
from pinn.pdes.burgers import Burgers
from pinn.pdes.condition import (
    Condition,
    Residual,
    cauchy,
    dirichlet,
    interior,
    manufactured,
    neumann,
    point_value,
    robin,
)
from pinn.pdes.couplings import integral, interface, measured, periodic
from pinn.pdes.flows import Beltrami, Kovasznay, TaylorGreen
from pinn.pdes.heat import Heat
from pinn.pdes.helmholtz import Helmholtz
from pinn.pdes.inverse import Inverse
from pinn.pdes.kdv import KdV
from pinn.pdes.kuramoto_sivashinsky import KuramotoSivashinsky
from pinn.pdes.marched import Marched, Window
from pinn.pdes.navier_stokes import LidDrivenCavity, NavierStokes
from pinn.pdes.parametric import Parametric
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.pdes.plane_sines import KnownLaplacian, PlaneSines
from pinn.pdes.poisson import Poisson
from pinn.pdes.potential import Potential
from pinn.pdes.solutions import (
    CosineSum,
    DecayingSine,
    MultiScaleSines,
    SineProduct,
    SineWaves,
    StandingWaves,
    TravellingSine,
)
from pinn.pdes.wave import Wave

__all__ = [
    "PDE",
    "Advection",
    "AllenCahn",
    "Ansatz",
    "Beltrami",
    "Burgers",
    "Condition",
    "CosineSum",
    "DecayingSine",
    "Heat",
    "Helmholtz",
    "Inverse",
    "KdV",
    "KnownLaplacian",
    "Kovasznay",
    "KuramotoSivashinsky",
    "LidDrivenCavity",
    "Marched",
    "MultiScaleSines",
    "NavierStokes",
    "Parametric",
    "PlaneSines",
    "Poisson",
    "Potential",
    "Residual",
    "SineProduct",
    "SineWaves",
    "StandingWaves",
    "TaylorGreen",
    "TravellingSine",
    "Wave",
    "Window",
    "cauchy",
    "dirichlet",
    "enforce",
    "integral",
    "interface",
    "interior",
    "manufactured",
    "measured",
    "neumann",
    "periodic",
    "point_value",
    "require_dimension",
    "require_positive",
    "robin",
]
