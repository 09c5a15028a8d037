"""Reference solutions that the project computes itself, each with its own error beside it.

A public file of numbers may be wrong by more than the network that is compared with it; these come with the generator
and with `error`, the relative L2 difference to the same computation at another resolution.
"""

from pinn.references.cavity import CavityFlow
from pinn.references.cole_hopf import ColeHopf
from pinn.references.evolutions import AllenCahnEvolution, KdVEvolution, KuramotoSivashinskyEvolution
from pinn.references.lid_corner import LidCorners
from pinn.references.runge_kutta import RungeKutta
from pinn.references.spectral import Evolution, SpectralReference

__all__ = [
    "AllenCahnEvolution",
    "CavityFlow",
    "ColeHopf",
    "Evolution",
    "KdVEvolution",
    "KuramotoSivashinskyEvolution",
    "LidCorners",
    "RungeKutta",
    "SpectralReference",
]
