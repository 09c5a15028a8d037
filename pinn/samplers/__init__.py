"""Where collocation points come from, and when new ones are drawn."""

from pinn.samplers.adaptive import RAD, RARD
from pinn.samplers.sampler import Sampler
from pinn.samplers.sequences import Sobol, Uniform

__all__ = ["RAD", "RARD", "Sampler", "Sobol", "Uniform"]
