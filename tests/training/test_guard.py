"""The guard against fitting points, and the rules that end training."""

import math
from dataclasses import dataclass

import pytest
import torch

from pinn.domains import Disk
from pinn.networks import MLP
from pinn.objective import Objective
from pinn.optimizers import LevenbergMarquardt
from pinn.pdes import Burgers, Expression, Heat, Poisson, TimeWindowed
from pinn.runs.run import build_network
from pinn.samplers import RAD, Sobol
from pinn.training.guard import Guard
from pinn.training.loop import Step, train
from pinn.training.points import PointScheduler
from pinn.training.stopping import Reason, Stopping
from pinn.training.time_marching import train_windows
from pinn.trust import ErrorEstimate
from pinn.trust.energy_gap import EnergyGap
from pinn.weighting import NTK


@dataclass
class Seen:
    """A state of training as it is told."""

    step: int
    start_residual: float = 1.0
    stop: Reason | None = None
    rel_l2: float = math.nan
    train_residual: float = 1.0
    heldout_residual: float = 9.0
    energy_gap: EnergyGap | None = None

    @property
    def estimated_error(self) -> ErrorEstimate:
        return ErrorEstimate(why="nobody asks")


def network(width: int = 24) -> MLP:
    pde = Poisson()
    return MLP(2, width=width, depth=2, bounds=pde.domain.bounds, generator=torch.Generator().manual_seed(0)).double()


def last(steps) -> Step:
    *_, step = steps
    return step


def test_too_few_fixed_points_are_caught() -> None:
    """30 points for 700 parameters: the loss vanishes and the error stays, unless the guard asks for more."""
    few = Sobol(30, 10, every=0)
    blind = last(train(Poisson(), network(), LevenbergMarquardt(), few, steps=70, scale=False))
    assert blind.train_residual < 1e-4
    assert blind.heldout_residual > 1e2 * blind.train_residual
    guarded = last(train(Poisson(), network(), LevenbergMarquardt(), few, steps=70, guard=Guard(every=10), scale=False))
    assert guarded.findings
    assert "30" in guarded.findings[0].action
    assert len(guarded.objective.samples["interior"][0]) > 60
    assert guarded.rel_l2 < 0.1 * blind.rel_l2


@pytest.mark.nightly
def test_burgers_with_too_few_fixed_points_is_caught() -> None:
    """150 fixed points do not see the front: the residual there vanishes while the error stands at a third."""
    pde, few = Burgers(), Sobol(150, 10, every=0)

    def run(guard: Guard | None) -> Step:
        generator = torch.Generator().manual_seed(3)  # fitted after some 160 steps
        net = MLP(2, width=20, depth=3, bounds=pde.domain.bounds, generator=generator).double()
        return last(train(pde, net, LevenbergMarquardt(), few, steps=300, guard=guard, scale=False))

    blind, guarded = run(None), run(Guard())
    assert blind.train_residual < 1e-5
    assert blind.heldout_residual > 1e4 * blind.train_residual
    assert blind.rel_l2 > 0.2
    assert "225 in place of 150" in str(guarded.findings[0])
    assert guarded.heldout_residual < 0.3 * blind.heldout_residual
    assert guarded.rel_l2 < 0.8 * blind.rel_l2


def test_the_guard_draws_where_the_residual_is_large() -> None:
    """The residual of one neuron is about 2π² sin πx sin πy, so new points crowd in the middle of the square."""
    pde, sampler, generator = Poisson(), Sobol(2000, 5, every=0), torch.Generator().manual_seed(0)
    samples = sampler.sample(pde.soft_conditions(), generator, torch.zeros((), dtype=torch.float64))
    objective, params = Objective(pde, network(1), samples), dict(network(1).named_parameters())
    points = PointScheduler(sampler, Guard(every=1), generator)
    assert points.next_objective(1, objective, params, accepts_new_points=True) is objective
    assert points.check_overfitting(Seen(1), accepts_new_points=True) is not None
    after = points.next_objective(1, objective, params, accepts_new_points=True)
    x, y = (o.samples["interior"][0] for o in (objective, after))
    assert len(y) == 3000
    assert (y - 0.5).square().sum(1).mean() < (x - 0.5).square().sum(1).mean() - 0.01
    assert points.next_objective(2, after, params, accepts_new_points=True) is after


def test_a_look_costs_one_evaluation_where_nothing_has_parted() -> None:
    """The residual at the points of training follows from the loss."""

    @dataclass
    class Counted(Seen):
        @property
        def train_residual(self) -> float:
            raise AssertionError("evaluated")

        @train_residual.setter
        def train_residual(self, value: float) -> None: ...

    points = PointScheduler(Sobol(), Guard(every=1), torch.Generator())
    assert points.check_overfitting(Counted(1, start_residual=4.0), accepts_new_points=True) is None


def test_a_weighting_in_the_loss_does_not_blind_the_guard() -> None:
    pde, few = Poisson(hard=False), Sobol(30, 10, every=0)
    plain, weighted = (
        next(train(pde, network(8), LevenbergMarquardt(), few, steps=1, weighting=w)) for w in (None, NTK())
    )
    assert plain.start_residual**2 == pytest.approx(plain.loss)
    assert weighted.start_residual == 0
    step = last(
        train(pde, network(), LevenbergMarquardt(), few, steps=20, weighting=NTK(), guard=Guard(every=10), scale=False)
    )
    assert step.findings


def test_a_guard_that_never_fires_changes_nothing() -> None:
    runs = [
        last(train(Poisson(), network(8), LevenbergMarquardt(), Sobol(), steps=12, guard=g))
        for g in (None, Guard(every=2))
    ]
    assert not runs[1].findings
    assert runs[0].loss == runs[1].loss


def test_a_method_that_welcomes_no_points_is_left_alone() -> None:
    pde = Poisson()
    sampler = Sobol(20, 5)
    generator = torch.Generator().manual_seed(0)
    samples = sampler.sample(pde.soft_conditions(), generator, torch.zeros((), dtype=torch.float64))
    objective = Objective(pde, network(4), samples)
    points = PointScheduler(sampler, Guard(every=1), generator)
    finding = points.check_overfitting(Seen(1), accepts_new_points=False)
    assert finding is not None
    assert "does not welcome" in str(finding)
    assert points.next_objective(1, objective, {}, accepts_new_points=False) is objective


def test_a_method_that_stalls_on_its_points_gets_more() -> None:
    """Levenberg–Marquardt fits 30 points to the last digit within 20 steps, before the guard's clock strikes."""
    steps = list(
        train(Poisson(), network(), LevenbergMarquardt(), Sobol(30, 10, every=0), steps=60, guard=Guard(), scale=False)
    )
    first = steps[-1].findings[0].step
    assert first < 25
    assert steps[first - 1].loss < 1e-25
    assert steps[first - 1].stop is None
    assert steps[first + 1].loss < 0.1 * steps[first].loss
    assert steps[-1].rel_l2 < 0.1 * steps[first - 1].rel_l2


@pytest.mark.parametrize("reason", ["steps", "budget", "target_error"])
def test_no_points_are_promised_where_training_ends(reason: Reason) -> None:
    points = PointScheduler(Sobol(20, 5), Guard(every=1), torch.Generator())
    finding = points.check_overfitting(Seen(1, stop=reason), accepts_new_points=True)
    assert finding is not None
    assert finding.action == "no new points, since training ends here"
    assert not points.grew


def test_growth_ends_and_keeps_the_sampler_valid() -> None:
    points = PointScheduler(RAD(100, 10, candidates=100), Guard(every=1), torch.Generator())
    for step in range(1, 10):
        points.check_overfitting(Seen(step), accepts_new_points=True)
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


def test_the_reason_is_told_with_its_figures() -> None:
    rules = Stopping(target_error=1e-8, target_residual=1e-5, patience=20)
    state = Seen(10, rel_l2=8.1e-9, heldout_residual=9e-6)
    assert rules.words(state, "target_error") == "target_error: 8.1e-09 ≤ 1e-08"
    assert rules.words(state, "target_residual") == "target_residual: 9.0e-06 ≤ 1e-05"
    assert rules.words(state, "stagnation") == "stagnation: no fall by 0.01 within 20 steps"
    assert rules.words(state, "budget") == "budget"


def test_where_no_solution_is_known_the_error_is_estimated() -> None:
    """−Δu = x on the unit disk without an exact solution: u = x(1 − r²)/8, which the problem is not told."""
    pde = Expression(Disk(), "-laplacian(u) = x", boundary="0", time=False)
    step = last(train(pde, network(12), LevenbergMarquardt(), steps=200, stopping=Stopping(target_error=1e-3)))
    assert step.stop == "target_error"
    assert step.step < 200
    assert step.estimated_error.relative_l2 <= 1e-3
    X = Disk().interior(torch.rand(400, 2, dtype=torch.float64))
    exact = X[:, 0] * (1 - X.square().sum(1)) / 8
    assert float((step.field(X) - exact).norm() / exact.norm()) < 3e-3
    words = Stopping(target_error=1e-3).words(step, step.stop)  # pyright: ignore[reportArgumentType]  (cached)
    assert words.startswith("target_error: estimated ")


def test_the_error_is_estimated_only_after_progress() -> None:
    asked = []

    class Asked(Seen):
        @property
        def estimated_error(self) -> ErrorEstimate:
            asked.append(self.step)
            return ErrorEstimate(1.0, (1.0,), 1.0)

    watch = Stopping(target_error=1e-3).start(error_known=False, estimable=True)
    for step, residual in ((10, 1.0), (20, 0.6), (30, 0.5), (40, 0.4), (50, 0.2)):
        assert watch.reason(Asked(step, heldout_residual=residual)) is None
    assert sorted(set(asked)) == [10, 30, 50]


def test_findings_of_all_windows_are_kept() -> None:
    pde = TimeWindowed(Heat(), 2)
    recipe = {"_target_": "pinn.networks.MLP", "width": 16, "depth": 2}
    windows = build_network(recipe, pde, torch.Generator().manual_seed(0)).double()
    few = Sobol(12, 4, every=0)
    step = last(train_windows(pde, windows, LevenbergMarquardt(), few, steps=10, guard=Guard(every=5), scale=False))  # pyright: ignore
    found = [finding.step for finding in step.findings]
    assert found == sorted(found)
    assert min(found) <= 10 < max(found) <= 20


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
