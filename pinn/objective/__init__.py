"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

from pinn.objective.compilation import Compiled
from pinn.objective.loss import LossTerms, Sample
from pinn.objective.objective import Objective

__all__ = ["Compiled", "LossTerms", "Objective", "Sample"]
