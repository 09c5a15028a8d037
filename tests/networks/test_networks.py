"""Networks: shapes, normalisation, seeds, refusals, and how they become fields."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import ACTIVATIONS, MLP, field
from pinn.operators import laplacian


def test_shapes() -> None:
    assert MLP(3, width=4)(torch.zeros(3)).shape == ()
    assert MLP(3, width=4)(torch.zeros(5, 3)).shape == (5,)
    assert MLP(3, 2, width=4)(torch.zeros(3)).shape == (2,)
    assert MLP(3, 1, width=4)(torch.zeros(5, 3)).shape == (5, 1)


def test_bounds_map_to_the_unit_cube() -> None:
    network = MLP(2, bounds=((0.0, -3.0), (4.0, 1.0)))
    corners = torch.tensor([[0.0, -3.0], [4.0, 1.0], [2.0, -1.0]])
    mapped = network.rescale(corners)
    torch.testing.assert_close(mapped, torch.tensor([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]]))


def test_the_generator_makes_the_weights() -> None:
    def weights(seed: int) -> Tensor:
        return next(MLP(2, generator=torch.Generator().manual_seed(seed)).parameters())

    assert torch.equal(weights(3), weights(3))
    assert not torch.equal(weights(3), weights(4))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_have_second_derivatives(activation: str) -> None:
    u = field(MLP(2, width=8, depth=2, activation=activation, generator=torch.Generator().manual_seed(0)).double())
    assert laplacian(u, torch.tensor([0.1, 0.2], dtype=torch.float64)).abs() > 1e-6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"width": 0}, "width >= 1, got width=0"),
        ({"depth": -1}, "depth >= 1, got depth=-1"),
        ({"inputs": 0}, "inputs >= 1"),
        ({"outputs": 0}, "outputs >= 1, got outputs=0"),
        ({"activation": "relu"}, "activation='relu'; choose one of tanh, sin"),
    ],
)
def test_refuses(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError) as error:
        MLP(**({"inputs": 2} | arguments))  # type: ignore[arg-type]
    assert words in str(error.value)


class Batched(nn.Module):
    """Written for batches, as most networks are."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1] ** 2 * x[:, 1:]


def test_a_network_written_for_batches_is_a_field() -> None:
    u = field(Batched())
    X = torch.rand(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert u(X[0]).shape == ()
    torch.testing.assert_close(vmap(lambda x: laplacian(u, x))(X), 2 * X[:, 1])


def test_components() -> None:
    x = torch.zeros(2)
    assert field(nn.Linear(2, 3), components=3)(x).shape == (3,)
    assert field(nn.Linear(2, 1), components=1)(x).shape == (1,)
    assert field(nn.Linear(2, 1))(x).shape == ()
    with pytest.raises(ValueError, match=r"gives shape \(3,\)"):
        field(nn.Linear(2, 3))(x)


def test_params_replace_the_weights() -> None:
    network = nn.Linear(2, 1)
    params = {"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.tensor([1.0])}
    assert field(network, params)(torch.tensor([1.0, 1.0])) == 6
