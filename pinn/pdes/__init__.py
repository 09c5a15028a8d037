"""Equations with their conditions and solutions."""

from pinn.pdes.advection import Advection
from pinn.pdes.advection_diffusion import AdvectionDiffusion, DecayingWave
from pinn.pdes.allen_cahn import AllenCahn
from pinn.pdes.anisotropic_poisson import AnisotropicPoisson
from pinn.pdes.ansatz import Ansatz, enforce
from pinn.pdes.burgers import Burgers
from pinn.pdes.burgers_2d import Burgers2D, ObliqueFront
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
from pinn.pdes.corner import CornerSingularity
from pinn.pdes.couplings import integral, interface, measured, periodic
from pinn.pdes.darcy import Darcy, WavyConductivity
from pinn.pdes.eikonal import ArrivalTime, Eikonal
from pinn.pdes.elasticity import LinearElasticity, NeoHookean, SmoothDisplacement
from pinn.pdes.expression import Expression
from pinn.pdes.fisher_kpp import FisherFront, FisherKPP
from pinn.pdes.flows import Beltrami, Kovasznay, TaylorGreen
from pinn.pdes.fokker_planck import FokkerPlanck, NormalDensity
from pinn.pdes.gray_scott import GrayScott
from pinn.pdes.heat import Heat
from pinn.pdes.helmholtz import Helmholtz
from pinn.pdes.inverse import Inverse
from pinn.pdes.kdv import KdV
from pinn.pdes.kdv_solitons import KdVSolitons, TwoSolitons
from pinn.pdes.klein_gordon import Breather, KleinGordon, SineGordon
from pinn.pdes.kuramoto_sivashinsky import KuramotoSivashinsky
from pinn.pdes.laplace import Laplace
from pinn.pdes.marched import Marched, Window
from pinn.pdes.maxwell import Maxwell
from pinn.pdes.navier_stokes import LidDrivenCavity, NavierStokes
from pinn.pdes.ode import Lorenz, LotkaVolterra, Pendulum
from pinn.pdes.parametric import Parametric
from pinn.pdes.pde import PDE, require_dimension, require_positive
from pinn.pdes.plane_sines import KnownLaplacian, PlaneSines
from pinn.pdes.plate import BiharmonicPlate, EulerBernoulli, StandingBending
from pinn.pdes.poisson import Poisson
from pinn.pdes.potential import Potential
from pinn.pdes.quantum import HarmonicOscillator, OscillatorState
from pinn.pdes.reaction_diffusion import BistableFront, ReactionDiffusion
from pinn.pdes.schroedinger import NonlinearSchroedinger
from pinn.pdes.solutions import (
    CosineSum,
    DecayingSine,
    MultiScaleSines,
    SineProduct,
    SineWaves,
    StandingWaves,
    TravellingSine,
)
from pinn.pdes.stokes import Stokes
from pinn.pdes.two_materials import RoundInclusion, TwoMaterials
from pinn.pdes.unsteady_navier_stokes import UnsteadyNavierStokes
from pinn.pdes.wave import Wave

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
    "Marched",
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
    "SineGordon",
    "SineProduct",
    "SineWaves",
    "SmoothDisplacement",
    "StandingBending",
    "StandingWaves",
    "Stokes",
    "TaylorGreen",
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
