"""The optimizer of those who name none."""

from torch import nn

from pinn.networks import trained_parameters
from pinn.optimizers.adam import Adam
from pinn.optimizers.lbfgs import LBFGS
from pinn.optimizers.levenberg_marquardt import LevenbergMarquardt
from pinn.optimizers.optimizer import Optimizer
from pinn.optimizers.schedule import Schedule


def usual_optimizer(network: nn.Module) -> Optimizer:
    """Some steps of Adam, then Levenberg–Marquardt while its matrices of P × P are small, L-BFGS otherwise.

    At P = 4000 a step of Levenberg–Marquardt takes seconds on one core.
    """
    parameters = sum(parameter.numel() for parameter in trained_parameters(network).values())
    if parameters <= 4000:
        return Schedule((Adam(steps=30), LevenbergMarquardt()))
    return Schedule((Adam(steps=500), LBFGS()))
