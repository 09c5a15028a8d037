"""The search for a method."""

import json
import math

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, Disk, PeriodicBox, TimeDomain
from pinn.methods import Choice, Search, facts_of, tried
from pinn.methods.candidates import sines, trained
from pinn.operators import Auto, NotDiagonalError, Ones, Strategy, laplacian
from pinn.pdes import PDE, Advection, Burgers, Expression, HarmonicOscillator, Heat, Poisson, evolving
from pinn.runs.run import build_network
from pinn.training.loop import train
from pinn.training.step import Step
from pinn.trust.scales import scale_network, scaled
from pinn.typing import Field

_SQUARE = Box([0.0, 0.0], [1.0, 1.0])
_ROD = TimeDomain(0.5, Box([0.0], [1.0]))


def solved(pde: PDE, choice: Choice, budget_s: float = 20.0) -> Step:
    """The last step of a training by what was chosen."""
    problem = scaled(evolving(pde) if choice.candidate.by_slabs else pde)
    network = build_network(choice.candidate.network, problem, torch.Generator().manual_seed(0)).double()
    scale_network(network, problem)
    *_, last = train(
        problem, network, choice.candidate.optimizer, choice.candidate.sampler, budget_s=budget_s, scale=False
    )
    return last


@pytest.mark.parametrize(
    "pde",
    [Poisson(_SQUARE), Poisson(Disk()), Heat(_ROD), Expression(Disk(), "-laplacian(u) + u**3 = 0", exact="cos(x)*y")],
    ids=["poisson", "disk", "heat", "nonlinear"],
)
def test_smooth_problems_come_to_ten_digits(pde: PDE) -> None:
    choice = Search().choose(pde, budget_s=60)
    assert not choice.candidate.trained
    assert min(trial.heldout for trial in choice.trials) <= 1e-8
    assert solved(pde, choice).rel_l2 < 1e-9


def test_time_is_gone_through_in_slabs_and_the_period_by_harmonics() -> None:
    rod = Search().choose(Heat(_ROD)).candidate
    ring = Search().choose(Advection(TimeDomain(0.1, PeriodicBox([0.0], [2 * math.pi])))).candidate
    assert rod.by_slabs
    assert ring.by_slabs
    assert "harmonics" in ring.name


@pytest.mark.slow
def test_a_method_that_does_not_resolve_a_front_is_not_chosen() -> None:
    pde = Burgers(TimeDomain(1.0, Box([-1.0], [1.0])))
    choice = Search().choose(pde)
    smooth = next(trial for trial in choice.trials if "random sines in space" in trial.candidate.name)
    assert smooth.heldout > 1e-2  # of a field that is wrong by 20 %
    assert "subdomains" in choice.candidate.name
    assert solved(pde, choice, 60.0).rel_l2 < 1e-8


def test_unknown_coefficients_get_a_trained_network() -> None:
    choice = Search().choose(HarmonicOscillator(Box([-6.0], [6.0])), budget_s=10)
    assert choice.candidate.trained
    assert len(choice.trials) == 1


def test_every_unit_gets_the_same_method() -> None:
    found = {}
    for size in (1.0, 2.0**40):
        pde = Expression(_SQUARE, "-laplacian(u) + u = 0", exact=f"{size}*sin(pi*x)*sin(2*pi*y)")
        choice = Search().choose(pde, budget_s=60)
        found[size] = (choice.candidate.name, [trial.heldout for trial in choice.trials])
    assert found[1.0] == found[2.0**40]


def test_contradictions_are_told_before_any_trial() -> None:
    with pytest.raises(ValueError, match="contradict"):
        Search().choose(Expression(_SQUARE, ["laplacian(u) = 1", "laplacian(u) = 2"], boundary="0"))


def test_a_search_that_is_interrupted_ends_with_what_it_has() -> None:
    choice = Search(good=1e-300, accepted=1e-300).choose(Poisson(_SQUARE), interrupted=lambda: True)
    assert len(choice.trials) == 1


def test_what_a_strategy_refuses_is_refused() -> None:
    class Crossed(Poisson):
        def residual(self, u: Field, x: Tensor, f: Tensor, *, strategy: Strategy) -> Tensor:
            return -laplacian(lambda y: u(y.flip(0)) * u(y), x, strategy) - f

    with pytest.raises(NotDiagonalError):
        tried(scaled(Crossed(_SQUARE)), trained(4, 1, "tanh", 20), Ones(), seed=0, budget_s=5.0)


def test_slabs_that_do_not_come_to_the_end_have_failed() -> None:
    pde = Heat(_ROD)
    from pinn.methods import facts_of

    facts = facts_of(scaled(pde))
    trial = tried(scaled(evolving(pde)), sines(facts, 60, 8.0), Auto(), seed=0, budget_s=1e-3)
    assert trial.why
    assert trial.heldout == math.inf


def test_a_candidate_that_is_refused_has_failed_and_says_why() -> None:
    pde = Poisson(_SQUARE)
    trial = tried(scaled(pde), sines(facts_of(scaled(pde)), 60, 8.0), Auto(), seed=0, budget_s=5.0)
    assert "needs an evolution equation" in trial.why
    assert "failed" in trial.words


def test_a_trial_is_the_training_that_the_run_repeats() -> None:
    pde = Poisson(_SQUARE)
    choice = Search().choose(pde)
    best = min(choice.trials, key=lambda trial: trial.heldout)
    assert solved(pde, choice).heldout_residual == best.heldout


@pytest.mark.parametrize("wrong", [{"good": 0.0}, {"good": 1.0, "accepted": 0.1}, {"share": 1.0}])
def test_numbers_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Search needs"):
        Search(**wrong)


def test_stored_as_plain_data() -> None:
    stored = Search().choose(Poisson(_SQUARE)).stored()
    assert json.loads(json.dumps(stored)) == stored
    assert stored["chosen"] in [trial["candidate"] for trial in stored["trials"]]
