"""A network and what is added to it afterwards: random functions with a linear layer that begins at zero."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pinn.networks.features import Space, WedgePowers
from pinn.networks.layers import Bounds
from pinn.networks.random_features import RandomFeatures


class Corrected(nn.Module):
    """`network` plus random features of the point and of what the network gives there: the same field at first.

    `numbers` says which of the components are unknown numbers: such a one is corrected by a number, and is not a
    coordinate of the features. With `corners` of a plane domain (`WedgePowers`) what is singular there joins the
    features. x of shape (…, d) gives what the network gives; if x has more entries than the bounds,
    the others are for the network alone.
    """

    numbers: Tensor

    def __init__(
        self,
        network: nn.Module,
        bounds: Bounds,
        components: int | None,
        width: int,
        numbers: Sequence[bool] = (),
        corners: Sequence[Sequence[float]] = (),
    ) -> None:
        super().__init__()
        m = components or 1
        numbers = [*numbers] or [False] * m
        self.network, self.inputs = network, len(bounds[0])
        powers = WedgePowers(corners).draw(Space(*bounds), None) if corners else None
        self.features = RandomFeatures(bounds, components, width, m - sum(numbers), powers)
        self.register_buffer("numbers", torch.tensor([float(one) for one in numbers], dtype=torch.float64))
        self.shift = nn.Parameter(torch.zeros(int(sum(numbers)), dtype=torch.float64)) if any(numbers) else None

    def solved(self) -> dict[str, Tensor]:
        """The parameters in which the field is affine: the last layer of the features, and the numbers."""
        names = ("shift", "features.layer.")
        return {name: value for name, value in self.named_parameters() if name.startswith(names)}

    def coordinates(self, value: Tensor) -> Tensor:
        """What the features take of the values of the network, shape (…, m) or (…): (…, values)."""
        if self.features.outputs is None:
            return value.unsqueeze(-1)
        return value if self.shift is None else value[..., self.numbers == 0]

    def forward(self, x: Tensor) -> Tensor:
        value = self.network(x)
        more = self.features(x[..., : self.inputs], self.coordinates(value))
        if self.shift is None:
            return value + more
        columns = self.numbers.nonzero()[:, 0]
        shift = torch.zeros_like(self.numbers).index_put((columns,), self.shift)
        return value + more * (1 - self.numbers) + shift
