"""What speaks against a field at the end of its training."""

import torch

from pinn import train
from pinn.domains import Box
from pinn.networks import MLP
from pinn.pdes import Ansatz, Expression, Poisson
from pinn.pdes.condition import Condition
from pinn.pdes.derived.wrapper import Wrapper
from pinn.trust.doubts import doubts

ROD = Expression(equation="dt(u) = 0.1*lap(u)", initial="1-abs(2*x-1)", boundary="0", domain=Box((0.0,), (1.0,)))


class BuiltIn(Wrapper):
    """The rod with the kink of its initial value in an ansatz of its own."""

    def conditions(self) -> tuple[Condition, ...]:
        return self.pde.conditions()[:1]

    def ansatz(self) -> Ansatz:
        return lambda network: lambda x: 1 - (2 * x[1] - 1).abs() + x[0] * x[1] * (1 - x[1]) * network(x)


def last(pde, steps: int = 3):
    network = MLP(2, width=6, depth=1, generator=torch.Generator().manual_seed(0)).double()
    *_, step = train(pde, network, steps=steps)
    return step


def test_a_sound_field_has_none() -> None:
    step = last(Poisson())
    found = doubts(step.objective, step.params, stalled=False, first_loss=1.0, last_loss=0.9)
    assert found == []


def test_a_stalled_training_is_told_in_words() -> None:
    step = last(Poisson())
    (told,) = doubts(step.objective, step.params, stalled=True, first_loss=4.0, last_loss=1.0)
    assert told == "training has stalled with a residual of 1.0e+00, where it was 2.0e+00 at its first step"
    assert doubts(step.objective, step.params, stalled=True, first_loss=4.0, last_loss=1e-3) == []


def test_a_residual_as_large_as_its_terms_is_told() -> None:
    step, same = last(Poisson()), {"stalled": False, "first_loss": 1.0, "last_loss": 0.9}
    (told,) = doubts(step.objective, step.params, residual=0.48, **same)
    assert told.startswith("its residual at held-out points is still 48% of the size of its terms")
    assert doubts(step.objective, step.params, residual=0.05, **same) == []


def test_a_kink_that_is_built_in_is_told() -> None:
    step = last(BuiltIn(ROD))
    (told,) = doubts(step.objective, step.params, stalled=False, first_loss=1.0, last_loss=1e-18)
    assert "jumps by" in told


def test_a_kink_that_was_to_be_built_in_is_penalised_with_a_word(caplog) -> None:
    step = last(ROD)
    assert [record.message for record in caplog.records] == [
        "initial: the prescribed value has a kink near (0, 0.5): it is not built into the field, but penalised."
    ]
    assert "initial" in step.objective.evaluate(step.params).terms
    assert doubts(step.objective, step.params, stalled=False, first_loss=1.0, last_loss=1e-18) == []
