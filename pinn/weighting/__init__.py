"""How the terms of the loss are weighed against each other, and points against points, as training goes on."""

from pinn.weighting.balance import Balance, Fixed, Weighting
from pinn.weighting.by_point import RBA, SelfAdaptive
from pinn.weighting.by_term import NTK, GradNorm, ReLoBRaLo

__all__ = ["NTK", "RBA", "Balance", "Fixed", "GradNorm", "ReLoBRaLo", "SelfAdaptive", "Weighting"]
