"""The units of what a network gives: sizes that it is multiplied by, kept in the network itself."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pinn.networks.corrected import Corrected
from pinn.networks.layers import Bounds
from pinn.networks.network import Network
from pinn.networks.output_scale import OFFSET, SIZE, register_scale
from pinn.networks.unknowns import WithUnknowns
from pinn.networks.windows import Windows


def scale_output(network: nn.Module, size: Sequence[float], offset: Sequence[float]) -> None:
    """From now on the network gives offset + size·N, where N is what it has given so far.

    There is one entry for each component, one for a scalar field. Both are buffers of the network, and are saved and
    loaded with it. Unknown coefficients beside a network are left alone; in windows of time all networks are scaled.
    """
    for part in _parts(network):
        like = next(part.parameters())
        for name, values in ((SIZE, size), (OFFSET, offset)):
            value = torch.tensor([*values], dtype=like.dtype, device=like.device)
            register_scale(part, name, value[0] if len(value) == 1 else value)


def is_scaled(network: nn.Module) -> bool:
    """Whether the outputs of a network have been scaled."""
    return all(hasattr(part, SIZE) for part in _parts(network))


def restore_scales(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network the scaled outputs of a state that is about to be loaded into it."""
    for key, value in weights.items():
        prefix, _, name = key.rpartition(".")
        if name in (SIZE, OFFSET):
            register_scale(network.get_submodule(prefix), name, value.detach().clone())


def fit_inputs(network: nn.Module, bounds: Bounds) -> None:
    """Give the networks of this library that have no bounds those of the domain; others are left as they are."""
    for part in network.modules():
        if isinstance(part, Network):
            part.rescale.fit(bounds)


def _parts(network: nn.Module) -> list[nn.Module]:
    if isinstance(network, Windows):
        return [part for one in network.networks for part in _parts(one)]
    if isinstance(network, Corrected):
        return _parts(network.network)
    return [network.network] if isinstance(network, WithUnknowns) else [network]
