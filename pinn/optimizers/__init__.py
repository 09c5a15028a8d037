"""Optimizers: they see an objective and its parameters, nothing else."""

from pinn.optimizers.adam import Adam
from pinn.optimizers.lbfgs import LBFGS
from pinn.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinn.optimizers.optimizer import Iteration, Optimizer
from pinn.optimizers.schedule import Schedule

__all__ = ["LBFGS", "Adam", "Iteration", "LevenbergMarquardt", "Optimizer", "Schedule"]
