"""Optimizers against problems whose answer is known, and what their constructors refuse."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pinn.domains import Box, Interior
from pinn.objective import Objective
from pinn.operators import Strategy
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import PDE, Condition
from pinn.typing import Field, Params


class Quadratic(PDE):
    """Fit a linear model to data: u(x) = θ·(x₁, x₂) at given points, a linear least-squares problem."""

    domain = Box()
    exact = None
    hard = False

    def __init__(self, slopes: tuple[float, float]) -> None:
        self.slopes = slopes

    def conditions(self) -> tuple[Condition, ...]:
        def residual(u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
            return u(x) - x @ x.new_tensor(self.slopes)

        return (Condition("interior", Interior(self.domain), residual),)


def least_squares(scale: float = 1.0) -> tuple[Objective, Params]:
    """Points spread `scale` times further along the second axis, so that the condition number is scale²."""
    network = nn.Linear(2, 1, bias=False).double()
    x = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 0.5
    x = x * torch.tensor([1.0, scale], dtype=torch.float64)
    params = {"weight": torch.zeros(1, 2, dtype=torch.float64)}
    return Objective(Quadratic((2.0, -3.0)), network, {"interior": (x,)}), params


SOLUTION = torch.tensor([[2.0, -3.0]], dtype=torch.float64)


def test_lbfgs_solves_two_unknowns_in_few_steps() -> None:
    """With exact line searches a quadratic in two unknowns takes two steps; strong Wolfe takes a few more."""
    objective, params = least_squares(scale=30.0)
    iteration = LBFGS().start(params, 12)
    for _ in range(12):
        iteration.step(objective)
    torch.testing.assert_close(iteration.params["weight"], SOLUTION, rtol=1e-9, atol=0)


def test_lbfgs_keeps_its_curvature_at_a_tiny_loss() -> None:
    """An absolute bound on yᵀs would drop all pairs of a loss that is scaled down by 1e-14."""

    def weights(scale: float) -> Tensor:
        objective, params = least_squares(scale=10.0)
        x = objective.samples["interior"][0]
        small = Objective(Quadratic((2 * scale, -3 * scale)), objective.network, {"interior": (x,)})
        iteration = LBFGS().start(params, 6)
        for _ in range(6):
            iteration.step(small)
        return iteration.params["weight"] / scale

    torch.testing.assert_close(weights(1e-7), SOLUTION, rtol=1e-4, atol=0)


def test_lbfgs_never_accepts_a_higher_loss() -> None:
    objective, params = least_squares(scale=100.0)
    iteration = LBFGS().start(params, 20)
    history = [float(iteration.step(objective).loss) for _ in range(20)]
    assert all(b <= a for a, b in pairwise(history))


def test_lbfgs_stalls_at_the_minimum() -> None:
    objective, params = least_squares()
    iteration = LBFGS().start(params, 200)
    for _ in range(200):
        iteration.step(objective)
        if iteration.stalled:
            break
    assert iteration.stalled


def test_lbfgs_remembers_what_its_pairs_say() -> None:
    """Hy = s for the newest pair, and Hg = γg for a g that is orthogonal to all of them, with γ = sᵀy/yᵀy."""
    generator = torch.Generator().manual_seed(0)
    s, y, g = torch.randn(3, 9, dtype=torch.float64, generator=generator)
    iteration: Any = LBFGS(history=2).start({"theta": g}, 1)
    iteration._H.load_state_dict({"s": [s, 2 * y + s], "y": [s, s + y]})
    torch.testing.assert_close(iteration._H.times(s + y), 2 * y + s)
    Q = torch.linalg.qr(torch.stack([s, y, g], 1)).Q
    gamma = (2 * y + s) @ (s + y) / (s + y).square().sum()
    torch.testing.assert_close(iteration._H.times(Q[:, 2]), gamma * Q[:, 2])


def test_lbfgs_goes_on_from_a_checkpoint_of_version_0_1() -> None:
    """Which holds the state of torch.optim.LBFGS, and the unit in which that was shown the loss."""
    objective, params = least_squares(scale=10.0)
    theta, unit = {"weight": params["weight"].clone().requires_grad_()}, 1e6
    method = torch.optim.LBFGS(theta.values(), max_iter=4, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        loss_terms, gradient = objective.gradient(theta)
        theta["weight"].grad = gradient["weight"] * unit
        return loss_terms.loss * unit

    method.step(closure)
    state = {"params": theta, "stalled": False, "unit": unit, "method": method.state_dict()}
    iteration: Any = LBFGS().start(params, 20)
    iteration.load_state_dict(state, objective)
    pairs, J = iteration._H.state_dict(), objective.jacobian(params)
    assert len(pairs["s"]) >= 2
    for s, y in zip(pairs["s"], pairs["y"], strict=True):
        torch.testing.assert_close(y, 2 * J.T @ J @ s, rtol=1e-8, atol=1e-12)
    for _ in range(20):
        iteration.step(objective)
    torch.testing.assert_close(iteration.params["weight"], SOLUTION, rtol=1e-9, atol=0)


def test_lbfgs_does_not_evaluate_twice_at_one_point(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[float, ...]] = []
    gradient = Objective.gradient

    def counting(self: Objective, params: Params) -> object:
        seen.append(tuple(params["weight"].flatten().tolist()))
        return gradient(self, params)

    monkeypatch.setattr(Objective, "gradient", counting)
    objective, params = least_squares(scale=10.0)
    iteration = LBFGS().start(params, 6)
    for _ in range(6):
        iteration.step(objective)
    assert len(seen) == len(set(seen))


def test_adam_first_step_has_the_size_of_the_learning_rate() -> None:
    """Kingma & Ba 2015: the first step is lr·sign(g) but for ε."""
    objective, params = least_squares()
    iteration = Adam(lr=0.01, final_lr=0.01).start(params, 10)
    iteration.step(objective)
    torch.testing.assert_close(iteration.params["weight"].abs(), torch.full((1, 2), 0.01).double(), rtol=1e-5, atol=0)


def test_adam_rate_falls_along_half_a_cosine_and_stays() -> None:
    objective, params = least_squares()
    iteration = Adam(lr=0.01, final_lr=0.001, beta1=0.0, beta2=0.0).start(params, 4)
    sizes = []
    for _ in range(6):
        before = iteration.params["weight"].clone()
        iteration.step(objective)
        sizes.append(float((iteration.params["weight"] - before).abs().max()))
    cosine = [0.001 + 0.009 * (1 + math.cos(math.pi * k / 4)) / 2 for k in range(5)]
    assert sizes == pytest.approx([*cosine, 0.001], rel=1e-4)


def test_schedule_runs_its_stages_in_turn() -> None:
    objective, params = least_squares()
    schedule = Schedule({"first": Adam(steps=3), "then": LBFGS(steps=2)})
    assert schedule.steps == 5
    iteration = schedule.start(params, 5)
    names = []
    for _ in range(5):
        iteration.step(objective)
        names.append(iteration.name)
    assert names == ["adam"] * 3 + ["lbfgs"] * 2


def test_schedule_begins_where_the_last_stage_ended() -> None:
    objective, params = least_squares()
    iteration = Schedule((Adam(steps=1), Adam(steps=1))).start(params, 2)
    iteration.step(objective)
    after_first = iteration.params["weight"].clone()
    assert torch.equal(objective.evaluate({"weight": after_first}).loss, iteration.step(objective).loss)


def test_a_longer_run_prolongs_the_last_stage() -> None:
    objective, params = least_squares()
    iteration = Schedule((Adam(steps=2), Adam(lr=1e-3, steps=1))).start(params, 6)
    for _ in range(6):
        iteration.step(objective)
    assert iteration.stalled is False


def test_a_stalled_stage_gives_way() -> None:
    objective, params = least_squares()
    iteration = Schedule((LBFGS(steps=1000), Adam(steps=5))).start(params, 1005)
    for _ in range(300):
        iteration.step(objective)
        if iteration.name == "adam":
            break
    assert iteration.name == "adam"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Adam(lr=0), "lr > 0, got lr=0"),
        (lambda: Adam(lr=-1e-3), "lr > 0, got lr=-0.001"),
        (lambda: Adam(lr=1e-3, final_lr=1e-2), "final_lr <= lr, got final_lr=0.01"),
        (lambda: Adam(beta1=1.0), "0 <= beta < 1, got beta1=1.0"),
        (lambda: Adam(steps=0), "steps >= 1, got steps=0"),
        (lambda: LBFGS(steps=-1), "steps >= 1, got steps=-1"),
        (lambda: LBFGS(history=0), "history >= 1, got history=0"),
        (lambda: Schedule(()), "at least one stage"),
    ],
)
def test_refuses(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)
