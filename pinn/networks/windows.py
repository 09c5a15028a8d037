"""One network for each window of time."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Windows(nn.Module):
    """The network of the window in which the time, coordinate 0, lies: the k-th from `starts[k]` on.

    All networks are called at every point and one value is chosen, so that transforms of torch.func go through. Raises
    ValueError unless there is one start for each network.
    """

    def __init__(self, networks: Sequence[nn.Module], starts: Sequence[float]) -> None:
        super().__init__()
        if len(networks) != len(starts) or not networks:
            raise ValueError(f"Windows needs one start for each network, got {len(networks)} and {len(starts)}.")
        self.networks = nn.ModuleList(networks)
        self.starts = tuple(starts)

    def forward(self, x: Tensor) -> Tensor:
        result = self.networks[0](x)
        for start, network in zip(self.starts[1:], self.networks[1:], strict=True):
            value = network(x)
            later = x[..., 0] >= start
            result = torch.where(later if value.ndim < x.ndim else later[..., None], value, result)
        return result
