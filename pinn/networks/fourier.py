"""A network on random Fourier features."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from pinn.networks.layers import ACTIVATIONS, Bounds, FourierEmbedding, Rescaling, check, check_scale, dense, shaped


class FourierNetwork(nn.Module):
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
        super().__init__()
        check("FourierNetwork", activation, inputs=inputs, outputs=outputs, width=width, depth=depth, features=features)
        check_scale("FourierNetwork", "scale", scale)
        self.rescale = Rescaling(inputs, bounds)
        self.embedding = FourierEmbedding(inputs, features, scale, generator)
        sizes = [2 * features, *[width] * depth, outputs or 1]
        self.layers = nn.ModuleList(dense(a, b, generator, factorized=factorized) for a, b in pairwise(sizes))
        self.activation, self.outputs = activation, outputs

    def forward(self, x: Tensor) -> Tensor:
        sigma = ACTIVATIONS[self.activation]
        h = self.embedding(self.rescale(x))
        for layer in self.layers[:-1]:
            h = sigma(layer(h))
        return shaped(self.layers[-1](h), self.outputs)
