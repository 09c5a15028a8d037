"""Networks, and how a network becomes a field."""

from pinn.networks.field import field
from pinn.networks.mlp import ACTIVATIONS, MLP

__all__ = ["ACTIVATIONS", "MLP", "field"]
