"""The parameters of a network that are trained, and the whole of its state when they are others."""

from torch import Tensor, nn

from pinn.typing import Params


def trained_parameters(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters by name that ask for a gradient, each once; the others stay as they are.

    >>> layer = nn.Linear(2, 1)
    >>> _ = layer.bias.requires_grad_(False)
    >>> list(trained_parameters(layer))
    ['weight']
    """
    return {name: value for name, value in network.named_parameters() if value.requires_grad}


def state_at(network: nn.Module, params: Params) -> dict[str, Tensor]:
    """The `state_dict` of a network at other trained parameters: shared ones have their value under each name."""
    names = {id(value): name for name, value in network.named_parameters()}
    shared = {name: names[id(value)] for name, value in network.named_parameters(remove_duplicate=False)}
    return {
        name: params[shared[name]] if shared.get(name) in params else value
        for name, value in network.state_dict().items()
    }
