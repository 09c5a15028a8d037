"""Physics-informed neural networks whose derivatives are exact, fast and read like the textbook."""

from pinn.runs import Run, load_run, save_run
from pinn.training import Step, train

__version__ = "0.1.0"

__all__ = ["Run", "Step", "load_run", "save_run", "train"]
