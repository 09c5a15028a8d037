"""The multilayer perceptron."""

import torch
from torch import Tensor

from pinn.networks.layers import Bounds, perceptron, propagate
from pinn.networks.network import Network


class MLP(Network):
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
        super().__init__(inputs, outputs, bounds, activation=activation, width=width, depth=depth)
        self.layers = perceptron([inputs, *[width] * depth, outputs or 1], generator, factorized=factorized)

    def values(self, x: Tensor) -> Tensor:
        return propagate(self.layers, self.activation, x)
