"""Training: the loop, its points, when it stops, and what watches over it."""

from pinn.training.failures import DivergedError, NotEnoughMemoryError
from pinn.training.guard import Guard, GuardEvent
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.training.stopping import Stopping
from pinn.training.time_marching import train_windows

__all__ = ["DivergedError", "Guard", "GuardEvent", "NotEnoughMemoryError", "Step", "Stopping", "train", "train_windows"]
