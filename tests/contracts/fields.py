"""Networks of many kinds, at which strategies are compared."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

WIDTH = 5


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x)


def mlp(d: int, activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(d, WIDTH), activation, nn.Linear(WIDTH, WIDTH), activation, nn.Linear(WIDTH, d))


class Residual(nn.Module):
    """x ↦ W₃(h + tanh(W₂h + b₂)) + b₃ with h = W₁x + b₁."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.first, self.hidden, self.last = nn.Linear(d, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, d)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        return self.last(h + torch.tanh(self.hidden(h)))


class HardConstraint(nn.Module):
    """The distance function Π x_k(1 − x_k) times a network, plus an extension of the data."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.network = mlp(d, nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return (x * (1 - x)).prod(-1) * self.network(x) + torch.cos(x)


class ClosedForm(nn.Module):
    """a_i sin(k_i·x) exp(−|x|²/4)."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.a, self.k = nn.Parameter(torch.rand(d)), nn.Parameter(torch.randn(d, d))

    def forward(self, x: Tensor) -> Tensor:
        return self.a * torch.sin(self.k @ x) * torch.exp(-x @ x / 4)


class Elementwise(nn.Module):
    """a_i sin(k_i x_i) + x_i³, whose Jacobian is diagonal."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.a, self.k = nn.Parameter(torch.rand(d)), nn.Parameter(torch.randn(d))

    def forward(self, x: Tensor) -> Tensor:
        return self.a * torch.sin(self.k * x) + x**3


FIELDS: dict[str, Callable[[int], nn.Module]] = {
    "tanh": partial(mlp, activation=nn.Tanh()),
    "sine": partial(mlp, activation=Sine()),
    "residual": Residual,
    "hard constraint": HardConstraint,
    "closed form": ClosedForm,
}
