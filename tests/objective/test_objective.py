"""The stacked residual against its definition, and its derivatives against each other."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import MLP, field
from pinn.objective import Objective
from pinn.operators import Auto, Jet, Rows, Strategy, laplacian
from pinn.pdes import Heat, Poisson
from pinn.samplers import Sobol
from pinn.typing import Params

LIKE = torch.zeros((), dtype=torch.float64)


def make(pde: Poisson | Heat, points: int = 40) -> tuple[Objective, Params]:
    generator = torch.Generator().manual_seed(0)
    network = MLP(pde.domain.dim, width=6, depth=2, bounds=pde.domain.bounds, generator=generator).double()
    samples = Sobol(points, 10).sample(pde.soft_conditions(), generator, LIKE)
    params = {name: value.detach() for name, value in network.named_parameters()}
    return Objective(pde, network, samples), params


def test_the_loss_is_the_weighted_mean_square() -> None:
    pde = Poisson(hard=False, penalty=7.0)
    objective, params = make(pde)
    u = field(objective.network, params)
    (x,), (y, _) = objective.samples["interior"], objective.samples["boundary"]
    interior = (vmap(lambda x: -laplacian(u, x) - pde.source(x))(x)).square().mean()
    boundary = 7.0 * (vmap(u)(y) - vmap(pde.exact)(y)).square().mean()
    evaluation = objective.evaluate(params)
    torch.testing.assert_close(evaluation.terms, {"interior": interior, "boundary": boundary})
    torch.testing.assert_close(evaluation.loss, interior + boundary)
    torch.testing.assert_close(objective.residual(params).square().sum(), interior + boundary)


def test_hard_conditions_leave_the_stack() -> None:
    assert set(make(Heat())[0].samples) == {"interior"}
    assert set(make(Heat(hard=False))[0].samples) == {"interior", "initial", "boundary"}


def test_the_gradient_is_that_of_the_loss() -> None:
    objective, params = make(Heat(hard=False))
    _, gradient = objective.gradient(params)
    expected = torch.func.grad(lambda p: objective.evaluate(p).loss)(params)
    torch.testing.assert_close(gradient, expected, rtol=1e-11, atol=1e-12)


def flat(params: Params) -> Tensor:
    return torch.cat([value.reshape(-1) for value in params.values()])


def test_jacobian_products() -> None:
    """J·v, Jᵀw and J agree, and ∂L/∂θ = 2Jᵀr."""
    objective, params = make(Heat(hard=False), points=15)
    generator = torch.Generator().manual_seed(1)
    v = {name: torch.randn(value.shape, generator=generator, dtype=value.dtype) for name, value in params.items()}
    r = objective.residual(params)
    w = torch.randn(r.shape, generator=generator, dtype=r.dtype)
    J = objective.jacobian(params)
    assert J.shape == (len(r), sum(value.numel() for value in params.values()))
    torch.testing.assert_close(J @ flat(v), objective.jvp(params, v))
    torch.testing.assert_close(J.T @ w, flat(objective.vjp(params, w)))
    torch.testing.assert_close(2 * J.T @ r, flat(objective.gradient(params)[1]))


def test_jacobian_against_finite_differences() -> None:
    objective, params = make(Poisson(), points=10)
    name, h = "layers.1.bias", 1e-6
    shift = torch.zeros_like(params[name])
    shift[2] = h
    forward = objective.residual({**params, name: params[name] + shift})
    backward = objective.residual({**params, name: params[name] - shift})
    direction = {key: torch.zeros_like(value) for key, value in params.items()} | {name: shift / h}
    torch.testing.assert_close(objective.jvp(params, direction), (forward - backward) / (2 * h), rtol=1e-5, atol=1e-6)


class Unused(nn.Module):
    """A network with a bias that does nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, dtype=torch.float64))
        self.bias = nn.Parameter(torch.ones(3, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1] * self.weight[0] + x[:, 1:] ** 2 * self.weight[1]


def test_an_unused_parameter_has_gradient_zero() -> None:
    network, pde = Unused(), Poisson(hard=False)
    samples = Sobol(20, 10).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    _, gradient = Objective(pde, network, samples).gradient(dict(network.named_parameters()))
    assert torch.equal(gradient["bias"], torch.zeros(3, dtype=torch.float64))
    assert gradient["weight"].abs().min() > 0


def test_batch_norm_in_training_mode_is_refused() -> None:
    network = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)).double()
    pde = Poisson()
    samples = Sobol(20, 10).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    params = dict(network.named_parameters())
    with pytest.raises(ValueError, match="training mode"):
        Objective(pde, network, samples).residual(params)
    network.eval()
    assert Objective(pde, network, samples, Rows()).residual(params).shape == (20,)


def test_the_source_is_computed_once_for_each_draw() -> None:
    calls = []

    class Counting(Poisson):
        def source(self, x: Tensor) -> Tensor:
            calls.append(x)
            return super().source(x)

    objective, params = make(Counting())
    for _ in range(3):
        objective.evaluate(params)
    assert len(calls) == 1
    objective.at(objective.samples).evaluate(params)
    assert len(calls) == 2


def test_a_change_of_points_is_another_version() -> None:
    objective, _ = make(Heat(hard=False))
    assert objective.points_version == 0
    moved = objective.at(objective.samples)
    assert moved.points_version == 1
    assert moved.at(objective.samples).points_version == 2
    weights = {"initial": torch.tensor(2.0, dtype=torch.float64)}
    for same in (moved.weighted(weights), moved.only("initial"), moved.using(Rows()), moved.eager()):
        assert same.points_version == 1
    assert objective.points_version == 0


@pytest.mark.parametrize("strategy", [Jet(), Auto()], ids=["Jet", "Auto"])
def test_no_evaluation_changes_a_later_one(strategy: Strategy) -> None:
    """The first is bit for bit the second, by every method and also where the strategy came later."""
    first, params = make(Heat(hard=False))
    for objective in (
        Objective(first.pde, first.network, first.samples, strategy),
        Objective(first.pde, first.network, first.samples, Rows()).using(strategy),
        Objective(first.pde, first.network, {"initial": first.samples["initial"]}, strategy).at(first.samples),
    ):
        for function in (Objective.residual, Objective.jacobian):
            once = function(objective, params)
            assert torch.equal(once, function(objective, params))
        (_, once), (_, again) = objective.gradient(params), objective.gradient(params)
        assert all(torch.equal(once[name], again[name]) for name in params)
        assert set(objective._requests) == {"interior", "initial", "boundary"}


def test_a_field_is_propagated_once_from_the_first_evaluation_on() -> None:
    calls = []

    class Counted(MLP):
        def forward(self, x: Tensor) -> Tensor:
            calls.append(x)
            return super().forward(x)

    pde = Heat()
    network = Counted(2, width=4, depth=1, generator=torch.Generator().manual_seed(0)).double()
    samples = Sobol(20, 10).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    objective = Objective(pde, network, samples)
    calls.clear()
    objective.residual({name: value.detach() for name, value in network.named_parameters()})
    assert len(calls) == 1, "u_t and Δu came from one propagation"
