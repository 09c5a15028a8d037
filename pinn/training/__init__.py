"""Training: the loop, its points, when it stops, and what watches over it."""

from pinn.training.failures import DivergedError, NotEnoughMemoryError
from pinn.training.guard import Finding, Guard
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.stopping import Stopping
from pinn.training.time_marching import march

__all__ = ["DivergedError", "Finding", "Guard", "NotEnoughMemoryError", "Step", "Stopping", "march", "train"]
