"""Self-scaled quasi-Newton methods against what their updates promise."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.optimizers import SSBFGS, Optimizer, SSBroyden
from pinn.typing import Params

EACH = pytest.mark.parametrize("recipe", [SSBFGS(), SSBroyden()], ids=lambda recipe: type(recipe).__name__)


class Loss:
    """A loss L(θ), in place of an objective."""

    version = 0

    def __init__(self, f: Callable[[Tensor], Tensor]) -> None:
        self.f = f

    def gradient(self, params: Params) -> tuple[LossTerms, Params]:
        gradient, loss = torch.func.grad_and_value(self.f)(params["theta"])
        return LossTerms(loss, {"loss": loss}), {"theta": gradient}


def rosenbrock(theta: Tensor) -> Tensor:
    return (100 * (theta[1:] - theta[:-1] ** 2).square() + (1 - theta[:-1]).square()).sum()


def start(n: int) -> Tensor:
    return torch.tensor([-1.2, 1.0] * (n // 2), dtype=torch.float64)


@EACH
@pytest.mark.parametrize("n", [2, 4, 20])
def test_minimises_rosenbrock(recipe: Optimizer, n: int) -> None:
    objective, iteration = cast(Objective, Loss(rosenbrock)), recipe.start({"theta": start(n)}, 500)
    losses = [float(iteration.step(objective).loss) for _ in range(60 + 12 * n)]
    assert all(b <= a for a, b in pairwise(losses))
    gradient = torch.func.grad(rosenbrock)(iteration.params["theta"])
    assert gradient.norm() < 1e-8


@EACH
def test_the_update_keeps_the_secant_equation_and_a_positive_definite_matrix(recipe: Optimizer) -> None:
    """Hy = s, for each step on its own, and dᵀHd > 0 for all d."""
    objective = cast(Objective, Loss(rosenbrock))
    iteration: Any = recipe.start({"theta": start(6)}, 30)
    before = iteration.params["theta"]
    for _ in range(30):
        iteration.step(objective)
        after = iteration.params["theta"]
        s, y = after - before, torch.func.grad(rosenbrock)(after) - torch.func.grad(rosenbrock)(before)
        torch.testing.assert_close(iteration._H.times(y), s, rtol=1e-6, atol=1e-12)
        assert torch.linalg.eigvalsh(iteration._H.matrix)[0] > 0
        before = after


@EACH
def test_a_quadratic_in_n_unknowns(recipe: Optimizer) -> None:
    """With exact line searches it would take n = 10 steps; strong Wolfe takes a few times as many."""
    scale = torch.logspace(0, 3, 10, dtype=torch.float64)
    objective = cast(Objective, Loss(lambda theta: (scale * (theta - 1).square()).sum()))
    iteration = recipe.start({"theta": torch.zeros(10, dtype=torch.float64)}, 80)
    for _ in range(80):
        iteration.step(objective)
    torch.testing.assert_close(iteration.params["theta"], torch.ones(10, dtype=torch.float64), rtol=1e-8, atol=0)


@EACH
def test_stalls_at_the_minimum(recipe: Optimizer) -> None:
    iteration = recipe.start({"theta": torch.ones(4, dtype=torch.float64)}, 5)
    assert iteration.step(cast(Objective, Loss(rosenbrock))).loss == 0
    assert iteration.stalled


@pytest.mark.parametrize("cls", [SSBFGS, SSBroyden])
def test_refuses(cls: type) -> None:
    with pytest.raises(ValueError, match="steps >= 1"):
        cls(steps=0)
