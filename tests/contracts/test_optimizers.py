"""What every optimizer promises: it lowers the loss, repeats itself, and leaves its input alone."""

import inspect
from itertools import pairwise

import pytest
import torch

import pinn.optimizers
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.optimizers import LBFGS, Adam, Iteration, Optimizer, Schedule, method_titles
from pinn.optimizers.parameters import flatten
from pinn.pdes import Poisson
from pinn.samplers import Sobol
from pinn.typing import Params

STARTED_BARE = [
    cls()
    for _, cls in inspect.getmembers(pinn.optimizers, inspect.isclass)
    if issubclass(cls, Optimizer) and cls not in (Optimizer, Schedule) and cls.general
]


OPTIMIZERS: list[Optimizer] = [*STARTED_BARE, Schedule((Adam(steps=5), LBFGS(steps=5)))]
EACH = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: type(optimizer).__name__)
LIKE = torch.zeros((), dtype=torch.float64)


def problem(seed: int = 0) -> tuple[Objective, Params]:
    pde, generator = Poisson(), torch.Generator().manual_seed(seed)
    network = MLP(2, width=8, depth=2, bounds=pde.domain.bounds, generator=generator).double()
    objective = Objective(pde, network, Sobol(100, 20).sample(pde.soft_conditions(), generator, LIKE))
    return objective, {name: value.detach() for name, value in network.named_parameters()}


def losses(optimizer: Optimizer, steps: int = 15) -> list[float]:
    objective, params = problem()
    iteration = optimizer.start(params, steps)
    return [float(iteration.step(objective).loss) for _ in range(steps)]


@EACH
def test_lowers_the_loss(optimizer: Optimizer) -> None:
    history = losses(optimizer)
    assert history[-1] < 0.9 * history[0]


@pytest.mark.parametrize("optimizer", [o for o in OPTIMIZERS if o.descends], ids=lambda o: type(o).__name__)
def test_a_method_that_descends_never_accepts_a_higher_loss(optimizer: Optimizer) -> None:
    """A method that searches or damps sees the loss before it takes the step."""
    history = losses(optimizer, steps=40)
    assert all(b <= a for a, b in pairwise(history))


@EACH
def test_same_start_same_run(optimizer: Optimizer) -> None:
    assert losses(optimizer) == losses(optimizer)


@EACH
def test_reports_the_loss_where_the_step_started(optimizer: Optimizer) -> None:
    objective, params = problem()
    iteration = optimizer.start(params, 10)
    for _ in range(10):
        before = objective.evaluate(iteration.params).loss
        torch.testing.assert_close(iteration.step(objective).loss, before, rtol=1e-12, atol=0)


@EACH
def test_the_given_parameters_are_left_alone(optimizer: Optimizer) -> None:
    objective, params = problem()
    before = {name: value.clone() for name, value in params.items()}
    optimizer.start(params, 3).step(objective)
    for name, value in params.items():
        assert torch.equal(value, before[name])


@EACH
def test_new_points_in_mid_course(optimizer: Optimizer) -> None:
    """An objective at other points is a new problem: memory of the old one must not spoil it."""
    objective, params = problem()
    iteration = optimizer.start(params, 20)
    for k in range(20):
        other = problem(seed=1 + k // 5)[0]
        evaluation = iteration.step(objective.at(other.samples) if k % 5 == 0 else objective)
        assert evaluation.loss.isfinite()
    assert objective.evaluate(iteration.params).loss < objective.evaluate(params).loss


@EACH
def test_has_a_usual_number_of_steps(optimizer: Optimizer) -> None:
    assert optimizer.steps >= 1


@pytest.mark.parametrize("optimizer", STARTED_BARE, ids=lambda optimizer: type(optimizer).__name__)
def test_has_a_name_of_its_own_and_a_title(optimizer: Optimizer) -> None:
    names = [other.name for other in STARTED_BARE]
    assert names.count(optimizer.name) == 1
    assert optimizer.start(problem()[1], 1).name == optimizer.name
    assert method_titles()[optimizer.name] == optimizer.title != ""


@EACH
@pytest.mark.parametrize("times", [1, 3])
def test_steps_are_shorter_once_they_are_reduced(optimizer: Optimizer, times: int) -> None:
    """Whatever bounds a method has of its own: from the same state it moves less, and even less the next time."""
    lengths = []
    for reductions in (0, times, 2 * times):
        objective, params = problem()
        iteration = optimizer.start(params, 100)
        for _ in range(3):
            iteration.step(objective)
        if iteration.accepts_new_points:  # one step may have solved the problem at the old ones
            objective = objective.at(problem(seed=1)[0].samples)
        before = flatten(iteration.params)
        for _ in range(reductions):
            iteration.reduce_step()
        for _ in range(2):  # a method may spend its first step on what it has forgotten
            iteration.step(objective)
        lengths.append(float((flatten(iteration.params) - before).norm()))
    assert lengths[0] > lengths[1] > lengths[2] > 0


def test_a_new_optimizer_is_listed_by_being_imported() -> None:
    class Own(Optimizer):
        name, title, steps = "own", "Own method", 1

        def start(self, params: Params, steps: int) -> Iteration:
            raise NotImplementedError

    assert method_titles()["own"] == Own.title
