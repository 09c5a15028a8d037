"""How the terms of the loss are weighed against each other, and points against points, as training goes on."""

from pinn.weighting.balance import Fixed, Weighting, WeightState
from pinn.weighting.by_point import RBA, SelfAdaptive
from pinn.weighting.by_term import NTK, GradNorm, ReLoBRaLo

__all__ = ["NTK", "RBA", "Fixed", "GradNorm", "ReLoBRaLo", "SelfAdaptive", "WeightState", "Weighting"]
