"""Levenberg–Marquardt on systems r(θ) = 0 whose solution is known."""

from collections.abc import Callable
from itertools import pairwise
from typing import ClassVar, cast

import pytest
import torch
from torch import Tensor
from torch.func import jacrev

from pinn.objective import LossTerms, Objective
from pinn.optimizers import LevenbergMarquardt
from pinn.parallel import Ranks
from pinn.typing import Params


class System:
    """A residual r(θ), in place of an objective: all that an optimizer may see of one."""

    ranks, version = Ranks(), 0
    samples: ClassVar[dict[str, tuple[Tensor, ...]]] = {}

    def __init__(self, r: Callable[[Tensor], Tensor]) -> None:
        self.r = r

    def residual(self, params: Params) -> Tensor:
        return self.r(params["theta"])

    def evaluate(self, params: Params) -> LossTerms:
        loss = self.residual(params).square().sum()
        return LossTerms(loss, {"system": loss})

    def residual_blocks(self, params: Params) -> list[Tensor]:
        return [self.residual(params)]

    def linearize_blocks(self, params: Params) -> tuple[list[Tensor], list[Tensor]]:
        return [self.residual(params)], [cast(Tensor, jacrev(self.r)(params["theta"]))]


def iterates(recipe: LevenbergMarquardt, r: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> list[Tensor]:
    """θ before and after each step, until the method stalls."""
    objective, iteration = cast(Objective, System(r)), recipe.start({"theta": start}, steps)
    thetas = [start]
    for _ in range(steps):
        iteration.step(objective)
        thetas.append(iteration.params["theta"])
        if iteration.stalled:
            break
    return thetas


def tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def rosenbrock(theta: Tensor) -> Tensor:
    return torch.stack([10 * (theta[1] - theta[0] ** 2), 1 - theta[0]])


def chain(theta: Tensor) -> Tensor:
    """Four equations in three unknowns, all satisfied by θ = (1, 2, 3)."""
    a, b, c = theta.unbind()
    return torch.stack([a * b - 2, b * c - 6, torch.sin(a - 1) + c - 3, torch.exp(b - 2) - a])


PLAIN = LevenbergMarquardt(acceleration=0)
BOTH = pytest.mark.parametrize("recipe", [PLAIN, LevenbergMarquardt()], ids=["plain", "geodesic"])


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)], ids=["primal", "dual"])
def test_linear_least_squares_in_one_step(shape: tuple[int, int]) -> None:
    """As λ → 0 a step is that of Gauss–Newton: it ends at the least-squares solution, whatever the start."""
    A, b = random(*shape), torch.ones(shape[0], dtype=torch.float64)
    start = torch.zeros(shape[1], dtype=torch.float64)
    theta = iterates(LevenbergMarquardt(damping=1e-14), lambda theta: A @ theta - b, start, steps=1)[-1]
    best = A @ torch.linalg.pinv(A) @ b
    torch.testing.assert_close(A @ theta, best, rtol=1e-10, atol=1e-10)


@BOTH
def test_quadratic_convergence_to_a_zero_residual(recipe: LevenbergMarquardt) -> None:
    """‖e_{k+1}‖ ≤ C‖e_k‖² down to rounding: the number of correct digits doubles."""
    thetas = iterates(recipe, chain, tensor(1.2, 1.9, 3.2), steps=12)
    errors = [float((theta - tensor(1, 2, 3)).norm()) for theta in thetas]
    near = [(a, b) for a, b in pairwise(errors) if 1e-13 < a < 1e-1]
    assert len(near) >= 2
    for a, b in near:
        assert b <= 10 * a**2 + 1e-13


@BOTH
def test_invariant_to_the_scale_of_each_parameter(recipe: LevenbergMarquardt) -> None:
    scale = tensor(1e-3, 1.0, 3e4)
    plain = iterates(recipe, chain, tensor(3, 1, -1), steps=6)
    scaled = iterates(recipe, lambda theta: chain(theta / scale), tensor(3, 1, -1) * scale, steps=6)
    for a, b in zip(plain, scaled, strict=True):
        torch.testing.assert_close(a, b / scale, rtol=1e-8, atol=1e-10)


@BOTH
def test_no_step_raises_the_loss(recipe: LevenbergMarquardt) -> None:
    thetas = iterates(recipe, rosenbrock, tensor(-1.2, 1.0), steps=60)
    losses = [float(rosenbrock(theta).square().sum()) for theta in thetas]
    assert all(b <= a for a, b in pairwise(losses))
    torch.testing.assert_close(thetas[-1], tensor(1, 1), rtol=1e-12, atol=0)


def test_geodesic_acceleration_takes_fewer_steps_along_a_curved_valley() -> None:
    count = [len(iterates(recipe, rosenbrock, tensor(-1.2, 1.0), steps=60)) for recipe in (PLAIN, LevenbergMarquardt())]
    assert count[1] < count[0]


def test_damping_grows_until_a_step_helps() -> None:
    """From θ = 30 the Gauss–Newton step for arctan θ = 0 overshoots to −1300; damping ends that within one step."""
    recipe = LevenbergMarquardt(damping=1e-12)
    iteration = recipe.start({"theta": tensor(30)}, 1)
    start = iteration.step(cast(Objective, System(torch.atan))).loss
    assert torch.atan(iteration.params["theta"]).square() < start
    assert iteration.figures["refused"] >= 3
    assert iteration.figures["damping"] > recipe.damping


def test_rescues_the_digits_that_normal_equations_lose() -> None:
    """A Hilbert matrix, cond 1e10: the residual falls to rounding, as that of QR does."""
    index = torch.arange(8, dtype=torch.float64)
    hilbert = 1 / (index[:, None] + index + 1)
    theta = iterates(PLAIN, lambda theta: hilbert @ (theta - 1), torch.zeros(8, dtype=torch.float64), steps=100)[-1]
    assert (hilbert @ (theta - 1)).norm() < 1e-15
    assert (theta - 1).norm() < 1e-4


def test_stalls_where_nothing_lowers_the_loss() -> None:
    iteration = LevenbergMarquardt().start({"theta": tensor(0.0)}, 10)
    objective = cast(Objective, System(lambda theta: 1 + theta**2))
    assert iteration.step(objective).loss == 1
    assert iteration.stalled
    solved = LevenbergMarquardt().start({"theta": tensor(1.0, 1.0)}, 10)
    assert solved.step(cast(Objective, System(rosenbrock))).loss == 0
    assert solved.stalled


def test_a_parameter_without_influence_is_left_alone() -> None:
    thetas = iterates(LevenbergMarquardt(), lambda theta: rosenbrock(theta[:2]), tensor(-1.2, 1.0, 7.0), steps=40)
    torch.testing.assert_close(thetas[-1], tensor(1, 1, 7), rtol=1e-12, atol=0)


def test_refuses_what_does_not_fit_into_memory() -> None:
    iteration = LevenbergMarquardt(max_gb=1e-6).start({"theta": torch.zeros(200, dtype=torch.float64)}, 1)
    with pytest.raises(ValueError, match=r"M=200 residuals and P=200 parameters, above max_gb=1e-06"):
        iteration.step(cast(Objective, System(lambda theta: theta - 1)))


def test_a_derivative_that_is_not_finite_is_an_error() -> None:
    iteration = LevenbergMarquardt().start({"theta": tensor(0.0)}, 1)
    with pytest.raises(FloatingPointError, match="not finite"):
        iteration.step(cast(Objective, System(lambda theta: theta.sqrt() - 1)))


def test_float32_stays_float32() -> None:
    theta = iterates(LevenbergMarquardt(), rosenbrock, torch.tensor([-1.2, 1.0]), steps=40)[-1]
    assert theta.dtype == torch.float32
    torch.testing.assert_close(theta, torch.ones(2), rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"damping": 0}, "damping > 0"),
        ({"acceleration": -1}, "acceleration >= 0"),
        ({"max_gb": 0}, "max_gb > 0"),
        ({"steps": 0}, "steps >= 1"),
    ],
)
def test_refuses(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LevenbergMarquardt(**arguments)  # type: ignore[arg-type]
