"""The multilayer perceptron."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from pinn.networks.layers import ACTIVATIONS, Bounds, Rescaling, check, dense, shaped


class MLP(nn.Module):
    """`depth` hidden layers of `width` neurons, x ↦ W_{L+1} σ(W_L … σ(W_1 x̂ + b_1) …) + b_{L+1}.

    `inputs` is the number of coordinates d, `outputs` the number of components, None for a scalar field; x of shape
    (…, d) gives (…) or (…, outputs). With `bounds`, x̂ = 2(x − lower)/(upper − lower) − 1 maps the box to [−1, 1]^d.
    Weights are Glorot normal (Glorot & Bengio 2010), biases zero, from `generator`; `factorized` ones are diag(eˢ)V
    (Wang et al. 2022). Raises ValueError for counts below 1 and an unknown activation.

    >>> MLP(inputs=2, width=8, depth=2)(torch.zeros(5, 2)).shape
    torch.Size([5])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        width: int = 32,
        depth: int = 3,
        activation: str = "tanh",
        factorized: bool = False,
        bounds: Bounds | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        check("MLP", activation, inputs=inputs, outputs=outputs, width=width, depth=depth)
        self.rescale = Rescaling(inputs, bounds)
        sizes = [inputs, *[width] * depth, outputs or 1]
        self.layers = nn.ModuleList(dense(a, b, generator, factorized=factorized) for a, b in pairwise(sizes))
        self.activation, self.outputs = activation, outputs

    def forward(self, x: Tensor) -> Tensor:
        sigma = ACTIVATIONS[self.activation]
        h = self.rescale(x)
        for layer in self.layers[:-1]:
            h = sigma(layer(h))
        return shaped(self.layers[-1](h), self.outputs)
