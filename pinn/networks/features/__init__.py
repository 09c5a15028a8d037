"""Families of fixed functions, of which a network learns a linear combination."""

from pinn.networks.features.corners import CornerSines
from pinn.networks.features.family import Family, FeatureMap, Joined, Space
from pinn.networks.features.gated import GatedSines
from pinn.networks.features.harmonics import Harmonics
from pinn.networks.features.holes import HolePowers
from pinn.networks.features.sines import RandomSines
from pinn.networks.features.wedges import WedgePowers

__all__ = [
    "CornerSines",
    "Family",
    "FeatureMap",
    "GatedSines",
    "Harmonics",
    "HolePowers",
    "Joined",
    "RandomSines",
    "Space",
    "WedgePowers",
]
