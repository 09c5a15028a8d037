"""A network as a field: a function of one point."""

from torch import Tensor, nn
from torch.func import functional_call

from pinn.operators import call_batched, refuse_batch_norm
from pinn.typing import Field, Params


def field(network: nn.Module, params: Params | None = None, components: int | None = None) -> Field:
    """The field x ↦ network(x), shape () for `components=None` or (components,).

    The network is called on `x[None]`, so one written for batches (`x[:, :1]`) works. `params` replace the network's
    own. Raises ValueError for BatchNorm in training mode, which couples points, and for an output of another shape.

    >>> import torch
    >>> u = field(nn.Linear(2, 1))
    >>> u(torch.zeros(2)).shape
    torch.Size([])
    """
    refuse_batch_norm(network)
    theta: dict[str, Tensor] = dict[str, Tensor](network.named_parameters() if params is None else params)

    def u(x: Tensor) -> Tensor:
        value = call_batched(lambda batch: functional_call(network, theta, (batch,)), x, theta)
        shape = () if components is None else (components,)
        if components is None and value.shape == (1,):
            value = value[0]
        if value.shape != shape:
            raise ValueError(
                f"The network gives shape {tuple(value.shape)} at a point; the field sought has shape {shape}."
            )
        return value

    return u
