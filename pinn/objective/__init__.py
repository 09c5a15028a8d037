"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

from pinn.objective.compilation import Compiled
from pinn.objective.loss import Evaluation, Sample
from pinn.objective.objective import Objective

__all__ = ["Compiled", "Evaluation", "Objective", "Sample"]
