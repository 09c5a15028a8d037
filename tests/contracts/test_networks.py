"""What every network promises: shapes, seeds, one field whatever the strategy, a Jacobian that misses no parameter."""

import inspect
from functools import partial

import pytest
import torch
from torch import nn
from torch.func import vmap

import pinn.networks
from pinn.networks import (
    MLP,
    Corrected,
    FourierNetwork,
    ModifiedMLP,
    PirateNet,
    RandomFeatures,
    Siren,
    SlabFeatures,
    Windows,
    WithUnknowns,
    field,
)
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Eye, Jet, Rows, Strategy, grad, laplacian
from pinn.pdes import Poisson
from pinn.samplers import Sobol

F64 = torch.float64
_MADE_BY_OTHERS = (Corrected, RandomFeatures, SlabFeatures, Windows, WithUnknowns)
"""Networks that take more than sizes, with tests of their own."""
SHIPPED = [
    cls
    for _, cls in inspect.getmembers(pinn.networks, inspect.isclass)
    if issubclass(cls, nn.Module) and cls not in _MADE_BY_OTHERS
]
MAKERS = [
    *SHIPPED,
    partial(MLP, factorized=True),
    partial(Siren, learn_frequency=True),
    partial(Siren, depth=1, frequency=3.0),
    partial(FourierNetwork, features=3, scale=0.3, factorized=True),
    partial(ModifiedMLP, factorized=True, activation="sin"),
    partial(PirateNet, blocks=1, factorized=True),
]
EACH = pytest.mark.parametrize("make", MAKERS, ids=lambda make: str(make).split("networks.")[-1])
X = torch.rand(6, 2, dtype=F64, generator=torch.Generator().manual_seed(1))


def network(make, outputs: int | None = None, seed: int = 0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    module = make(2, outputs, width=6, bounds=((0.0, 0.0), (1.0, 1.0)), generator=generator).to(F64)
    with torch.no_grad():  # off the zeros where biases and blocks begin
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator, dtype=F64))
    return module


@EACH
def test_shapes(make) -> None:
    assert network(make)(X).shape == (6,)
    assert network(make, 3)(X).shape == (6, 3)
    assert network(make, 1)(X).shape == (6, 1)
    assert network(make)(X[0]).shape == ()


@EACH
def test_the_generator_makes_all_that_is_random(make) -> None:
    values = [network(make, seed=seed)(X) for seed in (3, 3, 4)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])


@EACH
def test_inputs_are_scaled_to_the_unit_cube(make) -> None:
    """A network on another box is the same function of the position in the box."""
    one, two = (
        make(2, width=6, bounds=bounds, generator=torch.Generator().manual_seed(0)).to(F64)
        for bounds in (((-1.0, -1.0), (1.0, 1.0)), ((0.0, 5.0), (4.0, 7.0)))
    )
    inside = 2 * X - 1
    torch.testing.assert_close(one(inside), two(torch.stack([2 * (inside[:, 0] + 1), inside[:, 1] + 6], 1)))


@EACH
@pytest.mark.parametrize("strategy", [Jet(), Eye()], ids=["Jet", "Eye"])
def test_strategies_agree_in_value_and_parameter_gradient(make, strategy: Strategy) -> None:
    module = network(make)
    u = field(module)
    found = []
    for each in (strategy, Rows()):
        values = vmap(lambda x: laplacian(u, x, each) + grad(u, x, each).sum() * u(x))(X)  # noqa: B023
        found.append((values, torch.autograd.grad(values.square().sum(), list(module.parameters()))))
    torch.testing.assert_close(found[0], found[1], rtol=1e-11, atol=1e-11)


@EACH
def test_the_jacobian_misses_no_parameter(make) -> None:
    """Parameters that are no weights of a Linear, a frequency or a gate, have their columns too."""
    pde, module = Poisson(), network(make)
    params = {name: value.detach() for name, value in module.named_parameters()}
    samples = Sobol(8, 3).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), X)
    by_jet, by_rows = (Objective(pde, module, samples, strategy).linearize(params) for strategy in (Jet(), Rows()))
    torch.testing.assert_close(by_jet, by_rows, rtol=1e-9, atol=1e-9)
    assert (by_jet[1].abs().amax(0) > 0).float().mean() > 0.9


@EACH
@pytest.mark.slow
def test_compiled_equals_eager(make) -> None:
    def traced(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> torch.fx.GraphModule:
        return graph

    pde, module, compiled = Poisson(), network(make), Compiled(traced)
    params = {name: value.detach() for name, value in module.named_parameters()}
    samples = Sobol(8, 3).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), X)
    eager = Objective(pde, module, samples, Jet()).gradient(params)[1]
    for _ in range(2):
        torch.testing.assert_close(
            Objective(pde, module, samples, Jet(), compiled=compiled).gradient(params)[1], eager, rtol=1e-11, atol=1e-11
        )
    assert not compiled.failed


@pytest.mark.parametrize("cls", SHIPPED)
@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"inputs": 0}, {"outputs": 0}, {"bounds": ((0.0,), (1.0,))}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_wrong_arguments_are_refused(cls: type[nn.Module], wrong: dict) -> None:
    with pytest.raises(ValueError, match="needs"):
        cls(**{"inputs": 2, **wrong})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Siren(2, frequency=0.0),
        lambda: FourierNetwork(2, scale=-1.0),
        lambda: FourierNetwork(2, features=0),
        lambda: PirateNet(2, width=5),
        lambda: PirateNet(2, blocks=0),
        lambda: ModifiedMLP(2, depth=0),
    ],
)
def test_wrong_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()


def test_siren_begins_with_the_frequencies_it_is_told() -> None:
    """A larger ω oscillates more: the root mean square slope of the first layer is ω/√3, linear in ω."""
    slopes = []
    for frequency in (2.0, 20.0):
        first = Siren(1, width=400, frequency=frequency, generator=torch.Generator().manual_seed(0)).layers[0]
        assert isinstance(first, nn.Linear)
        slopes.append(first.weight.square().mean().sqrt().item())
    assert slopes[0] == pytest.approx(2 / 3**0.5, rel=0.05)
    assert slopes[1] == pytest.approx(10 * slopes[0], rel=1e-5)


def test_siren_has_its_frequency_in_each_coordinate() -> None:
    for frequency, expected in ((6.0, [6.0, 6.0, 6.0]), ((1.0, 2.0, 30.0), [1.0, 2.0, 30.0])):
        first = Siren(3, width=2000, frequency=frequency, generator=torch.Generator().manual_seed(0)).layers[0]
        assert isinstance(first, nn.Linear)
        largest = first.weight.abs().amax(0)
        torch.testing.assert_close(largest, torch.tensor(expected), rtol=5e-3, atol=0)
    with pytest.raises(ValueError, match="one for each of 3"):
        Siren(3, frequency=(1.0, 2.0))


def test_a_factorized_network_begins_as_the_plain_one() -> None:
    plain, factorized = (
        MLP(2, width=6, depth=1, factorized=flag, generator=torch.Generator().manual_seed(0)) for flag in (False, True)
    )
    first, other = plain.layers[0], factorized.layers[0]
    torch.testing.assert_close(torch.exp(other.s)[:, None] * other.V, first.weight)  # pyright: ignore
