"""Torch's contract, under every optimizer: what asks for no gradient stays, what is shared is one."""

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

from pinn.networks import FourierNetwork, Unknown, Windows, WithUnknowns, trained_parameters
from pinn.objective import Objective
from pinn.operators import Auto, Rows, Strategy
from pinn.optimizers import Adam, LevenbergMarquardt, Optimizer
from pinn.pdes import Heat, Inverse, Poisson, TimeWindowed
from pinn.runs.checkpoint import load_checkpoint, save_checkpoint
from pinn.samplers import Sobol
from pinn.training import ensemble, loop, time_marching
from pinn.training.step import Step
from tests.contracts.test_optimizers import EACH

# Scales would be further buffers of the networks.
train = partial(loop.train, scale=False)
train_ensemble = partial(ensemble.train_ensemble, scale=False)
train_windows = partial(time_marching.train_windows, scale=False)
POINTS = Sobol(40, 12, every=3)
STEPS = 4
F64 = torch.float64


class Net(nn.Module):
    """tanh layers of one width, on which a test does what users do."""

    def __init__(self, seed: int = 0, *, twice: bool = False, width: int = 8) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.first, self.inner, self.other, self.last = (
                nn.Linear(a, b) for a, b in ((2, width), (width, width), (width, width), (width, 1))
            )
        if twice:
            self.other = self.inner
        self.double()

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.inner(torch.tanh(self.first(x))))
        return self.last(torch.tanh(self.other(h)))[..., 0]


def frozen(seed: int = 0) -> Net:
    network = Net(seed)
    for value in (network.first.bias, network.inner.weight, network.other.bias):
        value.requires_grad_(False)
    return network


def held(network: nn.Module) -> dict[str, Tensor]:
    """A copy of what training may not touch."""
    fixed = {name: value for name, value in network.named_parameters() if not value.requires_grad}
    return {name: value.clone() for name, value in {**fixed, **dict(network.named_buffers())}.items()}


def assert_held(network: nn.Module, before: dict[str, Tensor]) -> None:
    now = held(network)
    assert now.keys() == before.keys()
    for name, value in before.items():
        assert torch.equal(now[name], value), name


def assert_trained(optimizer: Optimizer, network: nn.Module) -> Step:
    """Fifteen steps at the same points lower the loss, and end with the parameters in the network."""
    first = {name: value.detach().clone() for name, value in trained_parameters(network).items()}
    *_, step = train(Poisson(), network, optimizer, Sobol(40, 12), steps=15)
    assert step.objective.evaluate(step.params).loss < 0.9 * step.objective.evaluate(first).loss
    torch.testing.assert_close(dict(trained_parameters(network)), dict(step.params), rtol=0, atol=0)
    return step


@EACH
def test_what_asks_for_no_gradient_stays_as_it_is(optimizer: Optimizer) -> None:
    network = frozen()
    before = held(network)
    assert len(before) == 3
    step = assert_trained(optimizer, network)
    assert_held(network, before)
    assert set(step.params) == set(trained_parameters(network))
    assert sum(value.numel() for value in step.params.values()) == sum(v.numel() for v in network.parameters()) - 80


@EACH
def test_one_frozen_layer_is_a_constant_of_the_problem(optimizer: Optimizer) -> None:
    """The run is that of a network in which the frozen tensors are buffers."""

    class Fixed(Net):
        def __init__(self) -> None:
            super().__init__()
            for layer, name in ((self.first, "bias"), (self.inner, "weight"), (self.other, "bias")):
                value = getattr(layer, name).detach()
                delattr(layer, name)
                layer.register_buffer(name, value)

    runs = [train(Poisson(hard=False), module, optimizer, POINTS, steps=STEPS) for module in (frozen(), Fixed())]
    for one, other in zip(*runs, strict=True):
        torch.testing.assert_close(dict(one.params), dict(other.params), rtol=1e-9, atol=1e-12)


@EACH
def test_buffers_stay_as_they_are(optimizer: Optimizer) -> None:
    network = FourierNetwork(2, width=8, features=4, generator=torch.Generator().manual_seed(0)).double()
    before = held(network)
    assert before
    list(train(Poisson(), network, optimizer, POINTS, steps=STEPS))
    assert_held(network, before)


@EACH
def test_a_shared_layer_is_trained_as_one(optimizer: Optimizer) -> None:
    """The run is that of a network that writes the layer once and applies it twice."""

    class Once(Net):
        def __init__(self) -> None:
            super().__init__()
            del self.other

        def forward(self, x: Tensor) -> Tensor:
            h = torch.tanh(self.inner(torch.tanh(self.first(x))))
            return self.last(torch.tanh(self.inner(h)))[..., 0]

    shared = Net(twice=True)
    pairs = zip(
        train(Poisson(), shared, optimizer, POINTS, steps=STEPS),
        train(Poisson(), Once(), optimizer, POINTS, steps=STEPS),
        strict=True,
    )
    for one, other in pairs:
        torch.testing.assert_close(dict(one.params), dict(other.params), rtol=1e-9, atol=1e-12)
        assert one.loss == pytest.approx(other.loss, rel=1e-9)
    assert shared.inner is shared.other


@EACH
def test_a_weight_that_is_shared_across_layers_is_one_parameter(optimizer: Optimizer) -> None:
    """One weight under two biases: the gradient has both parts, and the field after training has one weight."""
    network = Net()
    network.other.weight = network.inner.weight
    *_, step = train(Poisson(), network, optimizer, POINTS, steps=STEPS)
    assert network.other.weight is network.inner.weight
    assert "other.weight" not in step.params
    assert torch.equal(network.other.weight, step.params["inner.weight"])
    x = torch.tensor([0.3, 0.6], dtype=torch.float64)
    ansatz = step.objective.pde.ansatz()
    assert float(step.field(x)) == pytest.approx(float(ansatz(lambda y: network(y[None])[0])(x)), rel=1e-12)


def normed() -> Net:
    network = Net()
    parametrizations.weight_norm(network.inner)
    return network


@pytest.mark.parametrize("strategy", [Auto(), Rows()], ids=["Auto", "Rows"])
def test_weight_norm_has_the_derivatives_of_its_formula(strategy: Strategy) -> None:
    class ByHand(Net):
        def __init__(self) -> None:
            super().__init__()
            weight = self.inner.weight.detach()
            self.g, self.v = nn.Parameter(weight.norm(dim=1, keepdim=True)), nn.Parameter(weight)
            del self.inner.weight

        def forward(self, x: Tensor) -> Tensor:
            W = self.g * self.v / self.v.norm(dim=1, keepdim=True)
            h = torch.tanh(nn.functional.linear(torch.tanh(self.first(x)), W, self.inner.bias))
            return self.last(torch.tanh(self.other(h)))[..., 0]

    pde, inner = Poisson(hard=False), "inner.parametrizations.weight.original"
    names = ["first.weight", "inner.bias", "last.weight"]
    samples = POINTS.sample(pde.soft_conditions(), torch.Generator().manual_seed(0), torch.zeros((), dtype=F64))
    found = []
    for module, others in ((normed(), [f"{inner}0", f"{inner}1"]), (ByHand(), ["g", "v"])):
        params = {name: value.detach() for name, value in module.named_parameters()}
        params = {name: params[name] for name in (*names, *others)}
        found.append(Objective(pde, module, samples, strategy).linearize(params))
    torch.testing.assert_close(found[0], found[1], rtol=1e-9, atol=1e-12)


@EACH
def test_a_parametrized_weight_is_trained_through_its_parametrization(optimizer: Optimizer) -> None:
    network = normed()
    assert_trained(optimizer, network)
    assert parametrize.is_parametrized(network.inner, "weight")


@EACH
def test_spectral_norm_is_refused_while_it_iterates_and_constant_otherwise(optimizer: Optimizer) -> None:
    network = Net()
    parametrizations.spectral_norm(network.inner)
    before = copy.deepcopy(network.state_dict())
    with pytest.raises(ValueError, match=r"changes 'inner.parametrizations.weight.0._[uv]'"):
        next(train(Poisson(), network, optimizer, POINTS, steps=STEPS))
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    network.eval()
    vectors = held(network)
    assert len(vectors) == 2
    assert_trained(optimizer, network)
    assert_held(network, vectors)


class _Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + 1e-3 * torch.rand_like(x)


class _OwnNoise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(0)

    def forward(self, x: Tensor) -> Tensor:
        return x + 1e-6 * torch.rand(x.shape[-1], generator=self.generator, dtype=x.dtype)


class _Counting(nn.Module):
    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x


class _Running(nn.Module):
    """Running statistics that are no BatchNorm, kept by assignment."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(2, dtype=F64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return x - self.mean


class _Remembering(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        return x * self.seen


class _Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - 1e-6 * x.mean(0, keepdim=True)


class _Position(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(len(x), dtype=x.dtype)[:, None]


class _InPlace(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(2)


class _Rounded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float().double()


class _Single(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float()


class _Clipped(nn.Linear):
    def forward(self, input: Tensor) -> Tensor:
        self.weight.data.clamp_(-0.1, 0.1)
        return super().forward(input)


def _with(module: nn.Module, *, behind: bool = False) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(Net(), module) if behind else nn.Sequential(module, Net())


def _mixed() -> nn.Module:
    network = Net()
    network.inner.float()
    return network


def _mixed_and_frozen() -> nn.Module:
    network = _mixed()
    network.inner.requires_grad_(False)
    return network


def _all_frozen() -> nn.Module:
    return Net().requires_grad_(False)


REFUSED: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "dropout": (_with(nn.Dropout(0.01)), "Dropout '0' is in training mode"),
    "alpha dropout": (_with(nn.AlphaDropout(0.5)), "AlphaDropout '0' is in training mode"),
    "noise": (_with(_Noise()), "is random"),
    "noise of its own generator": (_with(_OwnNoise()), "is random or remembers"),
    "a state of its own": (_with(_Remembering()), "remembers earlier calls"),
    "a buffer that counts": (_with(_Counting()), "changes '0.calls'"),
    "running statistics": (_with(_Running()), "changes '0.mean'"),
    "BatchNorm": (_with(nn.BatchNorm1d(2).double()), "BatchNorm1d '0' is in training mode"),
    "clipped weights": (_with(_Clipped(2, 2).double()), "changes '0.weight'"),
    "mean over points": (_with(_Mean()), "couples the points"),
    "place in the batch": (_with(_Position()), "couples the points"),
    "input changed in place": (_with(_InPlace()), "changes its input in place"),
    "mixed dtypes": (_mixed, r"several dtypes, torch.float64 \('first.weight'\) and torch.float32 \('inner.weight'\)"),
    "a frozen part of another dtype": (_mixed_and_frozen, "several dtypes"),
    "another dtype behind": (lambda: nn.Sequential(nn.Linear(2, 1).double(), _Single()), "gives torch.float32"),
    "all frozen": (_all_frozen, "no parameter to train"),
}


@EACH
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_field_is_refused_by_name(optimizer: Optimizer, name: str) -> None:
    make, message = REFUSED[name]
    network = make()
    before, noise = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    with pytest.raises(ValueError, match=message):
        next(train(Poisson(), network, optimizer, POINTS, steps=STEPS))
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), noise)
    with pytest.raises(ValueError, match=message):
        next(train_ensemble(Poisson(), [network], LevenbergMarquardt(), POINTS))


@pytest.mark.parametrize("behind", [nn.Dropout(0.5), nn.BatchNorm1d(2), nn.LayerNorm(2), _Running(), _Rounded()])
def test_what_is_a_field_is_not_refused(behind: nn.Module) -> None:
    """The same layers in evaluation mode, and a coarse but honest function."""
    network = nn.Sequential(behind, Net()).double().eval()
    steps = list(train(Poisson(), network, Adam(), POINTS, steps=2))
    assert len(steps) == 2


@pytest.mark.parametrize("optimizer", [Adam(), LevenbergMarquardt()], ids=lambda optimizer: type(optimizer).__name__)
def test_frozen_parameters_of_an_ensemble_are_those_of_each(optimizer: Optimizer) -> None:
    pde, seeds = Poisson(hard=False), (0, 1, 2)
    networks = [frozen(seed) for seed in seeds]
    before = [held(network) for network in networks]
    *_, together = train_ensemble(pde, networks, optimizer, POINTS, seeds=seeds, steps=STEPS)
    for network, fixed in zip(networks, before, strict=True):
        assert_held(network, fixed)
    assert not torch.equal(networks[0].inner.weight, networks[1].inner.weight)
    for k, seed in enumerate(seeds):
        *_, alone = train(pde, frozen(seed), optimizer, POINTS, seed=seed, steps=STEPS)
        torch.testing.assert_close(together.params_of(k), dict(alone.params), rtol=1e-7, atol=1e-10)
    networks[1].inner.weight.requires_grad_(True)
    with pytest.raises(ValueError, match="the same parameters with requires_grad"):
        next(train_ensemble(pde, networks, optimizer, POINTS, seeds=seeds))


def test_windows_of_time_keep_their_frozen_parameters() -> None:
    pde = TimeWindowed(Heat(), 2)
    network = Windows([frozen(0), frozen(1)], pde.starts)
    before = [held(part) for part in network.networks]
    *_, step = train_windows(pde, network, Adam(), POINTS, steps=3)
    for part, fixed in zip(network.networks, before, strict=True):
        assert_held(part, fixed)
    assert set(step.params) == set(trained_parameters(network))


def test_an_unknown_can_be_held_at_its_value() -> None:
    pde = Inverse(Heat(), {"diffusivity": Unknown(0.5, 0.0)})
    network = WithUnknowns(Net(), pde.unknowns, 2).double()
    network.free.requires_grad_(False)
    *_, step = train(pde, network, LevenbergMarquardt(), POINTS, steps=3)
    assert step.figures["unknown_diffusivity"] == pytest.approx(0.5, rel=1e-6)


def test_a_checkpoint_has_shared_and_frozen_parameters_as_they_are_then(tmp_path: Path) -> None:
    network = Net(twice=True)
    network.first.requires_grad_(False)
    run = train(Poisson(), network, Adam(), POINTS, steps=9)
    _, _, step = next(run), next(run), next(run)
    save_checkpoint(tmp_path / "checkpoint.pt", step, {})
    weights = load_checkpoint(tmp_path / "checkpoint.pt").weights
    other = Net(seed=5, twice=True)
    other.load_state_dict(weights)
    run.close()
    torch.testing.assert_close(other.state_dict(), network.state_dict(), rtol=0, atol=0)
