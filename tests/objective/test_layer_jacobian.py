"""The Jacobian by layers and the kernel without a Jacobian, against one gradient at each point."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.domains import Box
from pinn.networks import ACTIVATIONS, MLP, field
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.objective.jacobian import layers_if_any, pointwise_rows
from pinn.objective.layer_jacobian import NotLayeredError, kernel, kernel_is_cheaper, layers, rows
from pinn.operators import Auto, Jet, Rows, Strategy, laplacian, partials
from pinn.pdes import PDE, Heat, Poisson, Potential
from pinn.samplers import Sobol
from pinn.typing import Params

F64 = torch.float64
PDES = [
    Poisson(),
    Poisson(hard=False),
    Poisson(exact=lambda x: torch.exp(x[0]) * x[1]),
    Poisson(Box((0.0,) * 5, (1.0,) * 5)),
    Heat(),
    Heat(hard=False),
    Potential(),
]


def make(pde: PDE, strategy: Strategy, compiled: Compiled | None = None) -> tuple[Objective, Params]:
    generator = torch.Generator().manual_seed(0)
    network = MLP(pde.domain.dim, width=7, depth=2, bounds=pde.domain.bounds, generator=generator).to(F64)
    samples = Sobol(30, 10).sample(pde.soft_conditions(), generator, next(network.parameters()))
    return Objective(pde, network, samples, strategy, compiled=compiled), dict(network.named_parameters())


@pytest.mark.parametrize("strategy", [Jet(), Auto()], ids=["Jet", "Auto"])
@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_by_layers_equals_a_gradient_at_each_point(pde: PDE, strategy: Strategy) -> None:
    layered, params = make(pde, strategy)
    pointwise, _ = make(pde, Rows())
    residuals, data = layered._residuals, layered._blocks.parts[0]
    assert all(layers_if_any(residuals.forward(c), params, data[c.name]) for c in layered.conditions)
    (r, J), (expected_r, expected_J) = layered.linearize(params), pointwise.linearize(params)
    torch.testing.assert_close(r, expected_r, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(J, expected_J, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(r, layered.residual(params), rtol=1e-12, atol=1e-13)
    assert not J.requires_grad


@pytest.mark.parametrize("pde", PDES, ids=lambda pde: type(pde).__name__)
def test_kernel_equals_the_product(pde: PDE) -> None:
    objective, params = make(pde, Jet())
    r, K = objective.kernel(params)
    J = objective.jacobian(params)
    torch.testing.assert_close(r, objective.residual(params), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(K, J @ J.T, rtol=1e-10, atol=1e-10)


def compare(network: nn.Module, residual, d: int = 3) -> None:
    """Layers, rows and kernel of a residual against `pointwise_rows`."""
    network = network.to(F64)
    params = {name: value.detach() for name, value in network.named_parameters()}
    X = torch.rand(9, d, dtype=F64, generator=torch.Generator().manual_seed(1))
    r, found = layers(residual, params, (X,))
    expected_r, expected = pointwise_rows(residual, params, (X,))
    torch.testing.assert_close(r, expected_r, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(rows(found, params), expected, rtol=1e-10, atol=1e-11)
    J = expected.flatten(0, 1)
    torch.testing.assert_close(kernel(found), J @ J.T, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str) -> None:
    network = MLP(3, width=5, depth=3, activation=activation, generator=torch.Generator().manual_seed(0))
    compare(network, lambda p, x: laplacian(field(network, p), x, Jet()).reshape(1))


def test_a_layer_that_is_passed_several_times() -> None:
    """Values and derivatives asked for apart are passes of their own through the same weights."""
    network = MLP(3, width=5, depth=2, generator=torch.Generator().manual_seed(0))

    def residual(p: Params, x: Tensor) -> Tensor:
        u = field(network, p)
        (u_t,) = partials(u, x, [(0,)], Jet())
        return torch.stack([laplacian(u, x, Jet()) + u(x) ** 3, u_t * u(x)])

    compare(network, residual)


def test_third_and_fourth_order() -> None:
    network = MLP(1, width=5, depth=2, generator=torch.Generator().manual_seed(0))

    def residual(p: Params, x: Tensor) -> Tensor:
        u, u_x, u_xxx, u_xxxx = partials(field(network, p), x, [(), (0,), (0,) * 3, (0,) * 4], Jet())
        return (u * u_x + u_xxx + u_xxxx).reshape(1)

    compare(network, residual, d=1)


def test_a_layer_without_bias_and_a_parameter_unseen() -> None:
    class Partial(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.unused, self.last = nn.Linear(3, 4, bias=False), nn.Linear(2, 2), nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(torch.tanh(self.first(x)))

    network = Partial()
    compare(network, lambda p, x: laplacian(field(network, p), x, Jet()).reshape(1))


class Frequency(nn.Module):
    """sin(ωx) with a learned ω, which is no weight of a Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.omega = nn.Parameter(torch.tensor(2.0, dtype=F64))
        self.last = nn.Linear(2, 1).to(F64)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.sin(self.omega * x))


class Tied(nn.Module):
    """One weight as itself and transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2).to(F64)

    def forward(self, x: Tensor) -> Tensor:
        return (torch.tanh(self.linear(x)) @ self.linear.weight)[..., :1]


class Transposed(nn.Module):
    """One weight as itself, and by its attribute T."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.last = nn.Linear(2, 2).to(F64), nn.Linear(2, 1).to(F64)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(torch.tanh(self.linear(x)) @ self.linear.weight.T))


class InAList(nn.Module):
    """Parameters that no operation takes as its argument: they stand in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Parameter(torch.tensor(v, dtype=F64)) for v in (2.0, 3.0))
        self.last = nn.Linear(2, 1).to(F64)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.sin(torch.stack([self.a, self.b]) * x))


class MadeBias(nn.Module):
    """A bias that is made of a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.last = nn.Linear(2, 2).to(F64), nn.Linear(2, 1).to(F64)
        self.c = nn.Parameter(torch.tensor(0.7, dtype=F64))

    def forward(self, x: Tensor) -> Tensor:
        bias = self.c * self.linear.bias
        return self.last(torch.tanh(nn.functional.linear(x, self.linear.weight, bias)))


@pytest.mark.parametrize(
    "network", [Frequency(), Tied(), Transposed(), InAList(), MadeBias()], ids=lambda n: type(n).__name__
)
def test_parameters_outside_of_linears_are_not_missed(network: nn.Module) -> None:
    params = dict(network.named_parameters())
    X = torch.rand(5, 2, dtype=F64)
    with pytest.raises(NotLayeredError):
        layers(lambda p, x: laplacian(field(network, p), x, Jet()).reshape(1), params, (X,))
    pde = Poisson()
    samples = Sobol(20, 5).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), X)
    by_jet, by_rows = (Objective(pde, network, samples, strategy).jacobian(params) for strategy in (Jet(), Rows()))
    torch.testing.assert_close(by_jet, by_rows, rtol=1e-10, atol=1e-11)
    assert (by_jet.abs().amax(0) > 0).sum() > 1


def test_rank_reduction_mixes_streams_and_is_left_to_the_general_way() -> None:
    pde = Poisson(Box((0.0,) * 12, (1.0,) * 12), hard=False)
    network = MLP(12, width=4, depth=1, generator=torch.Generator().manual_seed(0)).to(F64)
    params = dict(network.named_parameters())
    samples = Sobol(10, 5).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), network.rescale.center)
    samples = {name: tuple(part.to(F64) for part in sample) for name, sample in samples.items()}
    by_jet, by_rows = (Objective(pde, network, samples, strategy).jacobian(params) for strategy in (Jet(), Rows()))
    torch.testing.assert_close(by_jet, by_rows, rtol=1e-9, atol=1e-10)


def test_the_kernel_is_formed_from_streams_where_that_is_cheaper() -> None:
    def found(width: int):
        network = MLP(2, width=width, depth=3, generator=torch.Generator().manual_seed(0)).to(F64)
        params = {name: value.detach() for name, value in network.named_parameters()}
        residual = lambda p, x: laplacian(field(network, p), x, Jet()).reshape(1)  # noqa: E731
        _, passes = layers(residual, params, (torch.rand(4, 2, dtype=F64),))
        return kernel_is_cheaper(passes, 1000, sum(value.numel() for value in params.values()))

    assert not found(width=20)
    assert found(width=200)


def test_compiled_equals_eager() -> None:
    def traced(graph: torch.fx.GraphModule, inputs: list[Tensor]) -> torch.fx.GraphModule:
        return graph

    eager, params = make(PDES[1], Jet())
    compiled, _ = make(PDES[1], Jet(), Compiled(traced))
    for _ in range(2):
        r, J = compiled.linearize(params)
        torch.testing.assert_close(r, eager.linearize(params)[0], rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(J, eager.linearize(params)[1], rtol=1e-11, atol=1e-12)
    assert compiled.compiled is not None
    assert not compiled.compiled.failed


def test_operators_of_one_residual_share_a_propagation() -> None:
    """The heat equation asks for u_t and Δu of one field at one point: its network is passed once."""
    passes = 0

    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = MLP(2, width=4, depth=1).to(F64)

        def forward(self, x: Tensor) -> Tensor:
            nonlocal passes
            passes += 1
            return self.inner(x)

    network, pde = Counting(), Heat()
    samples = Sobol(10, 5).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), torch.zeros(1, dtype=F64))
    params = dict(network.named_parameters())
    for strategy in (Jet(), Auto()):
        objective = Objective(pde, network, samples, strategy)
        objective.residual(params)  # learns what is asked
        passes = 0
        objective.residual(params)
        assert passes == 1
        expected = Objective(pde, network, samples, Rows()).residual(params)
        torch.testing.assert_close(objective.residual(params), expected, rtol=1e-11, atol=1e-12)
    assert vmap(objective.field(params))(samples["interior"][0]).shape == (10,)
