"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

from pinn.objective.compilation import Compiled
from pinn.objective.local import LocalResidual
from pinn.objective.loss import LossTerms, Sample
from pinn.objective.objective import Objective
from pinn.objective.output_tables import OutputTables

__all__ = ["Compiled", "LocalResidual", "LossTerms", "Objective", "OutputTables", "Sample"]
