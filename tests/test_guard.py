"""The guard against fitting points, and the rules that end training."""

import math
from dataclasses import dataclass

import pytest
import torch

from pinn.collocation import Collocation
from pinn.guard import Guard
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Burgers, Poisson
from pinn.samplers import RAD, Sobol
from pinn.stopping import Stopping
from pinn.train import Step, train


@dataclass
class Seen:
    """A state of training as it is told."""

    step: int
    rel_l2: float = math.nan
    train_residual: float = 1.0
    heldout_residual: float = 9.0


def network(width: int = 24) -> MLP:
    pde = Poisson()
    return MLP(2, width=width, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)).double()


def last(steps) -> Step:
    *_, step = steps
    return step


def test_too_few_fixed_points_are_caught() -> None:
    """30 points for 700 parameters: the loss vanishes and the error stays, unless the guard asks for more."""
    few = Sobol(30, 10, every=0)
    blind = last(train(Poisson(), network(), LevenbergMarquardt(), few, steps=60))
    assert blind.train_residual < 1e-4
    assert blind.heldout_residual > 1e2 * blind.train_residual
    guarded = last(train(Poisson(), network(), LevenbergMarquardt(), few, steps=60, guard=Guard()))
    assert guarded.findings
    assert "30" in guarded.findings[0].action
    assert len(guarded.objective.samples["interior"][0]) > 60
    assert guarded.rel_l2 < 0.1 * blind.rel_l2


@pytest.mark.slow
def test_burgers_with_too_few_fixed_points_is_caught() -> None:
    """150 fixed points do not see the front: the residual there vanishes while the error stands at a third."""
    pde, few = Burgers(), Sobol(150, 10, every=0)

    def run(guard: Guard | None) -> Step:
        generator = torch.Generator().manual_seed(0)
        net = MLP(2, width=20, depth=3, bounds=pde.domain.bounds, generator=generator).double()
        return last(train(pde, net, LevenbergMarquardt(), few, steps=300, guard=guard))

    blind, guarded = run(None), run(Guard())
    assert blind.train_residual < 1e-5
    assert blind.heldout_residual > 1e4 * blind.train_residual
    assert blind.rel_l2 > 0.2
    assert "225 in place of 150" in str(guarded.findings[0])
    assert guarded.heldout_residual < 0.3 * blind.heldout_residual
    assert guarded.rel_l2 < 0.8 * blind.rel_l2


def test_a_guard_that_never_fires_changes_nothing() -> None:
    runs = [
        last(train(Poisson(), network(8), LevenbergMarquardt(), Sobol(), steps=12, guard=g)) for g in (None, Guard())
    ]
    assert not runs[1].findings
    assert runs[0].loss == runs[1].loss


def test_a_method_that_welcomes_no_points_is_left_alone() -> None:
    pde = Poisson()
    sampler = Sobol(20, 5)
    generator = torch.Generator().manual_seed(0)
    samples = sampler.sample(pde.soft_conditions(), generator, torch.zeros((), dtype=torch.float64))
    objective = Objective(pde, network(4), samples)
    points = Collocation(sampler, Guard(every=1), generator)
    finding = points.look(Seen(1), redraws=False)
    assert finding is not None
    assert "does not welcome" in str(finding)
    assert points.following(1, objective, {}, redraws=False) is objective


def test_growth_ends_and_keeps_the_sampler_valid() -> None:
    points = Collocation(RAD(100, 10, candidates=100), Guard(every=1), torch.Generator())
    for step in range(1, 10):
        points.look(Seen(step), redraws=True)
    assert points._sampler.interior == 800
    assert points._sampler.candidates == 800  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (Stopping(target_error=1e-3), "target_error"),
        (Stopping(target_residual=1e-1), "target_residual"),
        (Stopping(patience=10, progress=0.999999), "stagnation"),
    ],
    ids=lambda value: str(value),
)
def test_rules_end_training_and_are_named(rule: Stopping, reason: str) -> None:
    step = last(train(Poisson(), network(12), LevenbergMarquardt(), steps=200, stopping=rule))
    assert step.stop == reason
    assert step.step < 200
    if rule.target_error:
        assert step.rel_l2 <= rule.target_error
    if rule.target_residual:
        assert step.heldout_residual <= rule.target_residual


def test_stagnation_counts_from_the_last_progress() -> None:
    watch = Stopping(patience=20, every=10).start(error_known=False)
    residuals = [1.0, 0.5, 0.499, 0.4, 0.3999, 0.3998, 0.3997]
    found = [watch.reason(Seen(10 * (k + 1), heldout_residual=r)) for k, r in enumerate(residuals)]
    assert found == [None, None, None, None, None, "stagnation", "stagnation"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Guard(every=0),
        lambda: Guard(ratio=1.0),
        lambda: Guard(growth=0.5),
        lambda: Guard(most=0.0),
        lambda: Stopping(target_error=0.0),
        lambda: Stopping(target_residual=-1.0),
        lambda: Stopping(patience=0),
        lambda: Stopping(progress=1.0),
        lambda: Stopping(every=0),
        lambda: Stopping(target_error=1e-3).start(error_known=False),
    ],
)
def test_bad_numbers_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs"):
        make()
