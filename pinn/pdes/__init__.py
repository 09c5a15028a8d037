"""Equations with their conditions and solutions."""

from pinn.pdes.ansatz import Ansatz, enforce
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
from pinn.pdes.derived.evolving import Evolving, evolving
from pinn.pdes.derived.inverse import Inverse
from pinn.pdes.derived.parametric import Parametric
from pinn.pdes.derived.scaled import Scaled
from pinn.pdes.derived.time_windows import TimeWindowed, Window
from pinn.pdes.derived.units import scales_of, unscaled
from pinn.pdes.equations.advection import Advection
from pinn.pdes.equations.advection_diffusion import AdvectionDiffusion, DecayingWave
from pinn.pdes.equations.allen_cahn import AllenCahn
from pinn.pdes.equations.anisotropic_poisson import AnisotropicPoisson
from pinn.pdes.equations.burgers import Burgers
from pinn.pdes.equations.burgers_2d import Burgers2D, ObliqueFront
from pinn.pdes.equations.darcy import Darcy, WavyConductivity
from pinn.pdes.equations.eikonal import ArrivalTime, Eikonal
from pinn.pdes.equations.elasticity import LinearElasticity, NeoHookean, SmoothDisplacement
from pinn.pdes.equations.fisher_kpp import FisherFront, FisherKPP
from pinn.pdes.equations.fokker_planck import FokkerPlanck, NormalDensity
from pinn.pdes.equations.gray_scott import GrayScott
from pinn.pdes.equations.heat import Heat
from pinn.pdes.equations.helmholtz import Helmholtz
from pinn.pdes.equations.kdv import KdV
from pinn.pdes.equations.kdv_solitons import KdVSolitons, TwoSolitons
from pinn.pdes.equations.klein_gordon import Breather, KleinGordon, SineGordon
from pinn.pdes.equations.kuramoto_sivashinsky import KuramotoSivashinsky
from pinn.pdes.equations.laplace import Laplace
from pinn.pdes.equations.maxwell import Maxwell
from pinn.pdes.equations.navier_stokes import LidDrivenCavity, NavierStokes
from pinn.pdes.equations.ode import Lorenz, LotkaVolterra, Pendulum
from pinn.pdes.equations.plate import BiharmonicPlate, EulerBernoulli, StandingBending
from pinn.pdes.equations.poisson import Poisson
from pinn.pdes.equations.potential import Potential
from pinn.pdes.equations.quantum import HarmonicOscillator, OscillatorState
from pinn.pdes.equations.reaction_diffusion import BistableFront, ReactionDiffusion
from pinn.pdes.equations.schroedinger import NonlinearSchroedinger
from pinn.pdes.equations.stokes import Stokes
from pinn.pdes.equations.two_materials import RoundInclusion, TwoMaterials
from pinn.pdes.equations.unsteady_navier_stokes import UnsteadyNavierStokes
from pinn.pdes.equations.wave import Wave
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.pdes.solutions.closed_forms import (
    CosineSum,
    DecayingSine,
    MultiScaleSines,
    SineProduct,
    SineWaves,
    StandingWaves,
    TravellingSine,
)
from pinn.pdes.solutions.corner import CornerSingularity
from pinn.pdes.solutions.flows import Beltrami, Kovasznay, TaylorGreen
from pinn.pdes.solutions.plane_sines import KnownLaplacian, PlaneSines
from pinn.pdes.typed.expression import Expression

__all__ = [
    "PDE",
    "Advection",
    "AdvectionDiffusion",
    "AllenCahn",
    "AnisotropicPoisson",
    "Ansatz",
    "ArrivalTime",
    "Beltrami",
    "BiharmonicPlate",
    "BistableFront",
    "Breather",
    "Burgers",
    "Burgers2D",
    "Condition",
    "CornerSingularity",
    "CosineSum",
    "Darcy",
    "DecayingSine",
    "DecayingWave",
    "Eikonal",
    "EulerBernoulli",
    "Evolving",
    "Expression",
    "FisherFront",
    "FisherKPP",
    "FokkerPlanck",
    "GrayScott",
    "HarmonicOscillator",
    "Heat",
    "Helmholtz",
    "Inverse",
    "KdV",
    "KdVSolitons",
    "KleinGordon",
    "KnownLaplacian",
    "Kovasznay",
    "KuramotoSivashinsky",
    "Laplace",
    "LidDrivenCavity",
    "LinearElasticity",
    "Lorenz",
    "LotkaVolterra",
    "Maxwell",
    "MultiScaleSines",
    "NavierStokes",
    "NeoHookean",
    "NonlinearSchroedinger",
    "NormalDensity",
    "ObliqueFront",
    "OscillatorState",
    "Parametric",
    "Pendulum",
    "PlaneSines",
    "Poisson",
    "Potential",
    "ReactionDiffusion",
    "Residual",
    "RoundInclusion",
    "Scaled",
    "SineGordon",
    "SineProduct",
    "SineWaves",
    "SmoothDisplacement",
    "StandingBending",
    "StandingWaves",
    "Stokes",
    "TaylorGreen",
    "TimeWindowed",
    "TravellingSine",
    "TwoMaterials",
    "TwoSolitons",
    "UnsteadyNavierStokes",
    "Wave",
    "WavyConductivity",
    "Window",
    "cauchy",
    "dirichlet",
    "enforce",
    "evolving",
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
    "scales_of",
    "unscaled",
]
