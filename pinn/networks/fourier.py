"""A network on random Fourier features."""

import torch
from torch import Tensor

from pinn.networks.layers import Bounds, FourierEmbedding, check_scale, perceptron, propagate
from pinn.networks.network import Network


class FourierNetwork(Network):
    """A perceptron that sees (cos 2πBx̂, sin 2πBx̂) in place of x̂ (Tancik et al. 2020, arXiv:2006.10739).

    B has `features` rows, normal of deviation `scale`, and is not trained. Shapes, weights and errors as for `MLP`;
    ValueError too for a scale that is not positive.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        width: int = 32,
        depth: int = 2,
        features: int = 16,
        scale: float = 1.0,
        activation: str = "tanh",
        factorized: bool = False,
        bounds: Bounds | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(inputs, outputs, bounds, activation=activation, width=width, depth=depth, features=features)
        check_scale("FourierNetwork", "scale", scale)
        self.embedding = FourierEmbedding(inputs, features, scale, generator)
        self.layers = perceptron([2 * features, *[width] * depth, outputs or 1], generator, factorized=factorized)

    def values(self, x: Tensor) -> Tensor:
        return propagate(self.layers, self.activation, self.embedding(x))
