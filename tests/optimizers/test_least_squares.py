"""The last layer by least squares, and what it needs of the objective."""

from itertools import pairwise

import pytest
import torch

from pinn.networks import MLP, FrozenFeatures, ModifiedMLP, RandomSines, Siren
from pinn.objective import Objective
from pinn.optimizers import SOAP, LeastSquares, Muon
from pinn.optional import MissingPackageError
from pinn.pdes import Burgers, Eikonal, Helmholtz, NavierStokes, NeoHookean, Poisson
from pinn.samplers import Sobol
from pinn.training.loop import train

LIKE = torch.zeros((), dtype=torch.float64)


def problem(network: torch.nn.Module, pde: Poisson | Burgers) -> tuple[Objective, dict[str, torch.Tensor]]:
    samples = Sobol(200, 50).sample(pde.soft_conditions(), torch.Generator().manual_seed(0), LIKE)
    objective = Objective(pde, network.double(), samples)
    return objective, {name: value.detach() for name, value in network.named_parameters()}


@pytest.mark.parametrize(
    "network", [MLP(2, width=20, depth=2), ModifiedMLP(2, width=20)], ids=lambda n: type(n).__name__
)
def test_a_linear_equation_takes_one_step(network: torch.nn.Module) -> None:
    """After one step the gradient by the last layer vanishes, and the second step finds nothing to gain."""
    objective, params = problem(network, Poisson(hard=False))
    iteration = LeastSquares().start(params, 2)
    before = iteration.step(objective).loss
    evaluation, gradient = objective.gradient(iteration.params)
    assert evaluation.loss < before
    *hidden, weight, bias = params
    scale = objective.gradient(params)[1][weight].norm()
    assert gradient[weight].norm() < 1e-9 * scale
    assert gradient[bias].norm() < 1e-9 * scale
    assert all(torch.equal(iteration.params[name], params[name]) for name in hidden)
    iteration.step(objective)
    assert objective.evaluate(iteration.params).loss == pytest.approx(float(evaluation.loss), rel=1e-6)


def test_a_nonlinear_equation_takes_steps_of_gauss_newton() -> None:
    network = Siren(2, width=60, depth=1, frequency=2.0, generator=torch.Generator().manual_seed(0))
    objective, params = problem(network, Burgers(viscosity=0.2))
    iteration = LeastSquares().start(params, 10)
    losses = [float(iteration.step(objective).loss) for _ in range(8)]
    assert all(b <= a for a, b in pairwise(losses))
    assert losses[-1] < 1e-2 * losses[0]


@pytest.mark.parametrize(("pde", "bound"), [(Poisson(), 1e-12), (Helmholtz(), 1e-8)], ids=["Poisson", "Helmholtz"])
def test_random_features_solve_linear_equations_at_once(pde: Poisson | Helmholtz, bound: float) -> None:
    network = Siren(
        2, width=800, depth=1, frequency=10.0, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)
    ).double()
    *_, step = train(pde, network, LeastSquares(), Sobol(2000, 10), steps=2)
    assert step.rel_l2 < bound


@pytest.mark.parametrize(
    ("pde", "frequency", "points", "bound"),
    [
        (NavierStokes(reynolds=10.0), 8.0, 700, 1e-4),
        (Eikonal(), 5.0, 700, 1e-6),
        (NeoHookean(), 4.0, 700, 1e-5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_newton_on_frozen_features_solves_nonlinear_equations_and_systems(pde, frequency, points, bound) -> None:
    network = FrozenFeatures(
        2, pde.components, features=[RandomSines(200, frequency)], bounds=pde.domain.bounds,
        generator=torch.Generator().manual_seed(0),
    ).double()  # fmt: skip
    *_, step = train(pde, network, LeastSquares(), Sobol(points, 100, every=0), steps=8)
    assert step.rel_l2 < bound


def test_too_few_points_for_frozen_features_are_refused() -> None:
    network = FrozenFeatures(2, width=100, bounds=((0.0, 0.0), (1.0, 1.0))).double()
    with pytest.raises(ValueError, match=r"frozen features need 2 equations each at least, and there are 90"):
        list(train(Poisson(), network, LeastSquares(), Sobol(90, 10, every=0), steps=1))


def test_an_objective_with_fixed_parameters_is_the_same_function() -> None:
    objective, params = problem(MLP(2, width=5, depth=2), Poisson(hard=False))
    *hidden, weight, bias = params
    part = objective.fixing({name: params[name] for name in hidden})
    last = {name: params[name] for name in (weight, bias)}
    torch.testing.assert_close(part.evaluate(last).loss, objective.evaluate(params).loss, rtol=0, atol=0)
    J = objective.jacobian(params)[:, -6:]
    torch.testing.assert_close(part.jacobian(last), J, rtol=1e-12, atol=1e-14)
    moved = {name: value + 1 for name, value in params.items()}
    part = objective.fixing({name: moved[name] for name in hidden})
    expected = objective.evaluate({**moved, **last}).loss
    torch.testing.assert_close(part.evaluate(last).loss, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LeastSquares(rcond=-1.0),
        lambda: LeastSquares(steps=0),
        lambda: SOAP(lr=0.0),
        lambda: SOAP(beta1=1.0),
        lambda: SOAP(refresh=0),
        lambda: SOAP(final_lr=1.0),
        lambda: Muon(lr=-1.0),
        lambda: Muon(adam_lr=0.0),
        lambda: Muon(momentum=1.0),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()


def test_soap_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pytorch_optimizer", None)
    with pytest.raises(MissingPackageError, match=r"^optimizer=soap needs .* pip install .pinn-solver\[soap\]"):
        SOAP().start({"w": torch.zeros(2, 2)}, 5)


def test_muon_moves_inner_matrices_by_itself_and_leaves_the_rest_to_adam() -> None:
    objective, params = problem(MLP(2, width=8, depth=3), Poisson())
    iteration = Muon(lr=1e-2, adam_lr=1e-9).start(params, 5)
    iteration.step(objective)
    moved = {name for name in params if (iteration.params[name] - params[name]).abs().max() > 1e-6}
    assert moved == {"layers.1.weight", "layers.2.weight"}
