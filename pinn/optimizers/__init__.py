"""Optimizers: they see an objective and its parameters, nothing else."""

from pinn.optimizers.adam import Adam
from pinn.optimizers.energy_natural_gradient import EnergyNaturalGradient
from pinn.optimizers.lbfgs import LBFGS
from pinn.optimizers.least_squares import LeastSquares
from pinn.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinn.optimizers.muon import Muon
from pinn.optimizers.optimizer import Iteration, Optimizer, method_titles
from pinn.optimizers.schedule import Schedule
from pinn.optimizers.self_scaled import SSBFGS, SSBroyden
from pinn.optimizers.sketched_gauss_newton import SketchedGaussNewton
from pinn.optimizers.slabs import Slabs
from pinn.optimizers.soap import SOAP
from pinn.optimizers.spring import Spring
from pinn.optimizers.usual import usual_optimizer

__all__ = [
    "LBFGS",
    "SOAP",
    "SSBFGS",
    "Adam",
    "EnergyNaturalGradient",
    "Iteration",
    "LeastSquares",
    "LevenbergMarquardt",
    "Muon",
    "Optimizer",
    "SSBroyden",
    "Schedule",
    "SketchedGaussNewton",
    "Slabs",
    "Spring",
    "method_titles",
    "usual_optimizer",
]
