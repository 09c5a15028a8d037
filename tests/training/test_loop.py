"""Training: the loop in six lines, its bounds, its seeds, its faults."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from pinn import train
from pinn.domains import Boundary, Box, Domain
from pinn.networks import MLP
from pinn.operators import Eye, NotDiagonalError, Ones, Rows, Strategy, laplacian
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import PDE, Condition, Poisson, dirichlet, interior
from pinn.samplers import Sobol, Uniform
from pinn.typing import Field

SMALL = Sobol(interior=100, boundary=20, every=0)


def net(seed: int = 0, width: int = 8) -> MLP:
    return MLP(2, width=width, depth=2, generator=torch.Generator().manual_seed(seed)).double()


def test_poisson_is_solved() -> None:
    """Adam, then L-BFGS, to four digits in seconds."""
    schedule = Schedule((Adam(lr=1e-2, steps=50), LBFGS(steps=250)))
    *_, last = train(Poisson(), net(width=16), schedule, Sobol(interior=400, every=0))
    assert last.rel_l2 < 1e-4
    assert last.max_error < 1e-3
    assert last.stop == "steps"


def test_soft_conditions_are_learned() -> None:
    schedule = Schedule((Adam(lr=1e-2, steps=100), LBFGS(steps=200)))
    *_, last = train(Poisson(hard=False), net(width=16), schedule, Sobol(interior=400, boundary=100, every=0))
    assert set(last.terms) == {"interior", "boundary"}
    assert last.rel_l2 < 1e-2


def test_the_network_keeps_what_was_learned() -> None:
    network, pde = net(), Poisson()
    *_, step = train(pde, network, Adam(steps=5), SMALL)
    for name, value in network.named_parameters():
        assert torch.equal(value, step.params[name])
        assert isinstance(value, torch.nn.Parameter)


def test_a_loop_that_breaks_keeps_what_was_learned() -> None:
    network = net()
    run = train(Poisson(), network, Adam(steps=50), SMALL)
    _, _, step = next(run), next(run), next(run)
    run.close()
    torch.testing.assert_close(dict(network.named_parameters()), dict(step.params))


def test_steps_are_snapshots() -> None:
    steps = list(train(Poisson(), net(), Adam(steps=5), SMALL))
    errors = [step.rel_l2 for step in steps]
    assert len(set(errors)) == 5


def test_same_seed_same_run() -> None:
    def losses(seed: int) -> list[float]:
        return [step.loss for step in train(Poisson(), net(), Adam(steps=8), Uniform(50, every=2), seed=seed)]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_exact_strategies_take_the_same_path() -> None:
    def losses(strategy: Rows | Eye) -> list[float]:
        return [step.loss for step in train(Poisson(), net(), Adam(steps=20), SMALL, strategy)]

    assert losses(Rows()) == pytest.approx(losses(Eye()), rel=1e-8)


def test_ones_on_poisson_is_an_error_not_a_number() -> None:
    with pytest.raises(NotDiagonalError, match="vjp=rows"):
        next(train(Poisson(), net(), Adam(steps=5), SMALL, Ones()))


def test_points_are_drawn_anew() -> None:
    objectives = [step.objective for step in train(Poisson(), net(), Adam(steps=6), Uniform(50, every=2))]
    drawn = [objective.samples["interior"][0] for objective in objectives]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])


def test_lbfgs_keeps_its_points() -> None:
    run = list(train(Poisson(), net(), LBFGS(steps=6), Uniform(50, every=2)))
    assert all(step.objective is run[0].objective for step in run)


def test_heldout_points_are_never_trained_on() -> None:
    *_, last = train(Poisson(), net(), Adam(steps=3), Uniform(50, every=0))
    seen, unseen = last.objective.samples["interior"][0], last.heldout.samples["interior"][0]
    assert torch.cdist(seen, unseen).min() > 0
    assert last.heldout_residual != last.train_residual


def test_overfitting_shows_in_the_heldout_residual() -> None:
    """Six points and many parameters: the training residual falls, the held-out one stays."""
    schedule = Schedule((Adam(steps=20), LBFGS(steps=100)))
    *_, last = train(Poisson(), net(width=16), schedule, Uniform(interior=6, every=0))
    assert last.heldout_residual > 100 * last.train_residual


def test_bounds() -> None:
    assert sum(1 for _ in train(Poisson(), net(), Adam(steps=50), SMALL, steps=7)) == 7
    *_, last = train(Poisson(), net(), Adam(steps=10**6), SMALL, budget_s=0.2)
    assert last.stop == "budget"
    assert 0.2 <= last.seconds < 20


def test_a_stalled_optimizer_ends_the_run() -> None:
    """A problem solved by its ansatz alone has nothing left to do."""
    pde = Poisson(exact=lambda x: 0 * x[0])
    network = net()
    torch.nn.init.zeros_(network.layers[-1].weight)  # type: ignore[arg-type]
    *_, last = train(pde, network, LBFGS(steps=50), SMALL)
    assert last.stop == "stalled"
    assert last.loss == 0


@dataclass(frozen=True)
class Torsion(PDE):
    """−Δu = 1 in a box, u = 0 on its boundary: a series nobody typed in."""

    domain: Domain = Box()
    exact: Field | None = None
    hard: bool = True

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return -laplacian(u, x, strategy) - 1

    def conditions(self) -> tuple[Condition, ...]:
        return interior(self.domain, self.residual), dirichlet(Boundary(self.domain), lambda x: 0 * x[0])


def test_without_a_solution_the_error_is_unknown() -> None:
    """The series solution is 0.0736713… at the centre; a smooth φN has Δu = 0 ≠ −1 in the corners, hence 2 %."""
    schedule = Schedule((Adam(lr=1e-2, steps=50), LBFGS(steps=150)))
    *_, last = train(Torsion(), net(width=16), schedule, Sobol(400, every=0))
    assert math.isnan(last.rel_l2)
    assert math.isnan(last.max_error)
    centre = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert float(last.field(centre)) == pytest.approx(0.0736713, rel=0.02)


def test_divergence_names_the_step_and_the_term() -> None:
    with pytest.raises(FloatingPointError, match=r"at step \d+: the term 'interior' of the loss is (nan|inf)"):
        list(train(Poisson(hard=False), net(), Adam(lr=1e300, final_lr=1e300, steps=5), SMALL))


def test_data_that_are_not_finite_are_told_from_divergence() -> None:
    def with_a_kink(x: Tensor) -> Tensor:
        return (x[0] - 0.5).clamp(min=0).sqrt()  # finite, but ∇ is 0·∞ to the left

    with pytest.raises(FloatingPointError, match="'interior' of the loss is nan before training has begun"):
        next(train(Poisson(exact=with_a_kink), net(), Adam(steps=5), SMALL))


def test_an_exact_solution_that_is_not_finite_is_refused() -> None:
    def bad(x: Tensor) -> Tensor:
        return torch.where(x[0] < 0.5, math.nan, x[0])

    with pytest.raises(ValueError, match=r"exact solution is not finite in \d+ of \d+ values"):
        next(train(Poisson(exact=bad), net(), Adam(steps=5), SMALL))


def test_float32_trains_in_float32() -> None:
    step = next(train(Poisson(Box()), net().float(), Adam(steps=5), SMALL))
    assert {value.dtype for value in step.params.values()} == {torch.float32}


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({"steps": 0}, "steps >= 1, got steps=0"),
        ({"budget_s": 0}, "budget_s > 0"),
        ({"budget_s": -1}, "got budget_s=-1"),
    ],
)
def test_refuses(bounds: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError) as error:
        next(train(Poisson(), net(), **bounds))  # type: ignore[arg-type]
    assert words in str(error.value)
