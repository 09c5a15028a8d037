"""Networks, and how a network becomes a field."""

from pinn.networks.contract import refuse_unfit
from pinn.networks.corrected import Corrected
from pinn.networks.features import CornerSines, GatedSines, Harmonics, HolePowers, RandomSines, WedgePowers
from pinn.networks.field import field
from pinn.networks.fourier import FourierNetwork
from pinn.networks.frozen import FrozenFeatures
from pinn.networks.gated import ModifiedMLP, PirateNet
from pinn.networks.layers import ACTIVATIONS
from pinn.networks.mlp import MLP
from pinn.networks.parameters import state_at, trained_parameters
from pinn.networks.random_features import RandomFeatures
from pinn.networks.scaling import fit_inputs, is_scaled, restore_scales, scale_output
from pinn.networks.siren import Siren
from pinn.networks.slab_features import SlabFeatures
from pinn.networks.unknowns import Unknown, WithUnknowns
from pinn.networks.windows import Windows

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "CornerSines",
    "Corrected",
    "FourierNetwork",
    "FrozenFeatures",
    "GatedSines",
    "Harmonics",
    "HolePowers",
    "ModifiedMLP",
    "PirateNet",
    "RandomFeatures",
    "RandomSines",
    "Siren",
    "SlabFeatures",
    "Unknown",
    "WedgePowers",
    "Windows",
    "WithUnknowns",
    "field",
    "fit_inputs",
    "is_scaled",
    "refuse_unfit",
    "restore_scales",
    "scale_output",
    "state_at",
    "trained_parameters",
]
