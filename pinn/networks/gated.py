"""Networks whose layers are gated by two encoders of the input."""

import torch
from torch import Tensor, nn

from pinn.networks.layers import ACTIVATIONS, Bounds, FourierEmbedding, check_scale, dense
from pinn.networks.network import Network


class ModifiedMLP(Network):
    """The modified perceptron of Wang, Teng & Perdikaris (2021, arXiv:2001.04536, eq. 44–48):

        U = σ(W_U x̂ + b_U),  V = σ(W_V x̂ + b_V),  H ← σ(W_1 x̂ + b_1),
        Z = σ(W_k H + b_k),  H ← (1 − Z) ⊙ U + Z ⊙ V  for k = 2, …, depth,

    then a linear layer. Shapes, weights and errors as for `MLP`.
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
        self.U, self.V, self.first = (dense(inputs, width, generator, factorized=factorized) for _ in range(3))
        hidden = (dense(width, width, generator, factorized=factorized) for _ in range(depth - 1))
        self.hidden = nn.ModuleList(hidden)
        self.last = dense(width, outputs or 1, generator, factorized=factorized)

    def values(self, x: Tensor) -> Tensor:
        sigma = ACTIVATIONS[self.activation]
        U, V, h = sigma(self.U(x)), sigma(self.V(x)), sigma(self.first(x))
        for layer in self.hidden:
            h = _gate(sigma(layer(h)), V, U)
        return self.last(h)


class PirateNet(Network):
    """The residual network of Wang, Li, Chen & Perdikaris (2024, arXiv:2402.00326, eq. 4.1–4.7).

    On the Fourier features Φ of x̂, `width`/2 of each kind and of deviation `scale`, with U = σ(W_U Φ + b_U) and
    V = σ(W_V Φ + b_V), each of `blocks` blocks maps h, first Φ, to

        f = σ(W_1 h + b_1),  z = f ⊙ U + (1 − f) ⊙ V,  g = σ(W_2 z + b_2),  z' = g ⊙ U + (1 − g) ⊙ V,
        h ← α σ(W_3 z' + b_3) + (1 − α) h,

    where α is trained and begins at zero: the network is linear in Φ at first and grows deeper by training. Shapes and
    weights as for `MLP`. Raises ValueError for counts below 1, an odd width, an unknown activation and scale <= 0.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int | None = None,
        *,
        width: int = 32,
        blocks: int = 2,
        scale: float = 0.5,
        activation: str = "tanh",
        factorized: bool = False,
        bounds: Bounds | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(inputs, outputs, bounds, activation=activation, width=width, blocks=blocks)
        check_scale("PirateNet", "scale", scale)
        if width % 2:
            raise ValueError(f"PirateNet needs an even width, half of it sines and half cosines, got width={width}.")
        self.embedding = FourierEmbedding(inputs, width // 2, scale, generator)
        self.U, self.V = (dense(width, width, generator, factorized=factorized) for _ in range(2))
        layers = (dense(width, width, generator, factorized=factorized) for _ in range(3 * blocks))
        self.layers = nn.ModuleList(layers)
        self.alpha = nn.Parameter(torch.zeros(blocks))
        self.last = dense(width, outputs or 1, generator, factorized=factorized)

    def values(self, x: Tensor) -> Tensor:
        sigma = ACTIVATIONS[self.activation]
        h = self.embedding(x)
        U, V = sigma(self.U(h)), sigma(self.V(h))
        for block, alpha in enumerate(self.alpha.unbind()):
            first, second, third = self.layers[3 * block : 3 * block + 3]
            z = _gate(sigma(first(h)), U, V)
            z = _gate(sigma(second(z)), U, V)
            h = alpha * sigma(third(z)) + (1 - alpha) * h
        return self.last(h)


def _gate(z: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """z ⊙ a + (1 − z) ⊙ b."""
    return b + z * (a - b)
