"""The trigonometric polynomials of a period: in substance Fourier collocation."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.networks.features.family import Family, FeatureMap, Space


@dataclass(frozen=True)
class Harmonics(Family):
    """1, cos kθ, sin kθ for k up to `modes`, of a space whose coordinates are all periodic; products of several.

    `modes` is one number, or one for each coordinate. Raises ValueError for less than one mode, and for a coordinate
    that is not periodic.
    """

    modes: int | Sequence[int] = 16

    def draw(self, space: Space, generator: torch.Generator | None) -> FeatureMap:
        given = [self.modes] * len(space.axes) if isinstance(self.modes, int) else list(self.modes)
        if len(given) != len(space.axes) or min(given) < 1:
            raise ValueError(f"Harmonics needs modes >= 1, one number for each coordinate, got modes={self.modes}.")
        if not all(space.periodic):
            raise ValueError("Harmonics needs a space that is periodic in each coordinate, such as domain=periodic.")
        return _Harmonics(space, given)


class _Harmonics(FeatureMap):
    def __init__(self, space: Space, modes: Sequence[int]) -> None:
        super().__init__()
        self.space, self.modes, self.width = space, tuple(modes), 1
        for k, mode in enumerate(modes):
            self.register_buffer(f"k{k}", torch.arange(1, mode + 1, dtype=torch.float64))
            self.width *= 2 * mode + 1

    def forward(self, x: Tensor, edges: Sequence[Tensor] | None = None) -> Tensor:
        product = None
        for axis in range(len(self.modes)):
            angle = self.space.scaled(x, axis)[..., None] * (torch.pi * self.get_buffer(f"k{axis}"))
            one = torch.ones_like(angle[..., :1])
            functions = torch.cat([one, torch.cos(angle), torch.sin(angle)], -1)
            if product is None:
                product = functions
            else:
                pairs = product[..., :, None] * functions[..., None, :]
                product = pairs.reshape(*pairs.shape[:-2], -1)
        assert product is not None
        return product
