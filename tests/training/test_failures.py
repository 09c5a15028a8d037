"""Faults in mid-course: what went bad is named, training goes back if it may, and memory that is not enough is said."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from pinn.domains import Box, Domain
from pinn.networks import MLP
from pinn.objective import LossTerms, Objective
from pinn.operators import Strategy, laplacian
from pinn.optimizers import Adam, Iteration, Optimizer
from pinn.pdes import PDE, Condition, Heat, interior
from pinn.samplers import Sobol
from pinn.training.failures import DivergedError, NotEnoughMemoryError, clone_tensors, is_out_of_memory, on_device
from pinn.training.loop import train
from pinn.typing import Field, Params

FEW = Sobol(interior=40, boundary=10, every=0)


@dataclass(frozen=True)
class Fragile(PDE):
    """Δu = √(u + bound): not a number where u falls below −bound."""

    domain: Domain = Box()
    exact: Field | None = None
    hard: bool = False
    bound: float = 0.05

    def residual(self, u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
        return laplacian(u, x, strategy) - torch.sqrt(u(x) + self.bound) + 40 * torch.sin(math.pi * x).prod()

    def conditions(self) -> tuple[Condition, ...]:
        return (interior(self.domain, self.residual),)


def objective_of(pde: PDE, network: MLP) -> Objective:
    """The objective at the points with which training begins."""
    like = torch.zeros((), dtype=torch.float64)
    return Objective(pde, network, FEW.sample(pde.soft_conditions(), torch.Generator().manual_seed(0), like))


def flat(seed: int = 0) -> MLP:
    """A network that is zero at first."""
    network = MLP(2, width=8, depth=1, generator=torch.Generator().manual_seed(seed)).double()
    torch.nn.init.zeros_(network.layers[-1].weight)  # pyright: ignore[reportArgumentType]
    return network


def test_a_divergence_names_step_term_and_point_and_leaves_the_last_good_parameters() -> None:
    network = flat()
    with pytest.raises(DivergedError) as caught:
        list(train(Fragile(), network, Adam(lr=0.03, final_lr=0.03), FEW, steps=40, scale=False))
    said = str(caught.value)
    assert f"step {caught.value.step}" in said
    assert "'interior'" in said
    assert "nan at the point (0." in said
    assert "retries=3" in said
    objective = objective_of(Fragile(), network)
    assert objective.evaluate(caught.value.params).loss.isfinite()
    for name, value in network.named_parameters():
        assert torch.equal(value, caught.value.params[name])


def test_bad_data_at_the_first_step_are_not_blamed_on_the_method() -> None:
    with pytest.raises(DivergedError, match=r"before training has begun.*Look at the numbers of the equation"):
        list(train(Fragile(bound=-1.0), flat(), Adam(), FEW, steps=5))


def test_training_goes_back_and_takes_smaller_steps(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pinn"):
        steps = list(train(Fragile(), flat(), Adam(lr=0.03, final_lr=0.03), FEW, steps=40, retries=20, scale=False))
    assert steps[-1].step == 40
    assert steps[-1].stop == "steps"
    assert all(math.isfinite(step.loss) for step in steps)
    assert "goes back to step" in caplog.text


class Failing(Iteration):
    """Meets a number that is not finite at its second step, however small the steps are."""

    name, accepts_new_points = "failing", False

    def __init__(self, params: Params, reduced: list[int]) -> None:
        self.params, self._all_reduced, self._done, self._reduced = params, reduced, 0, 0

    @property
    def stalled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        return {"done": self._done, "reduced": self._reduced}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self._done, self._reduced = state["done"], state["reduced"]

    def reduce_step(self) -> None:
        self._reduced += 1
        self._all_reduced.append(self._reduced)

    def step(self, objective: Objective) -> LossTerms:
        self._done += 1
        if self._done == 2:
            raise FloatingPointError("Not finite.")
        return objective.gradient(self.params)[0]


@dataclass(frozen=True)
class FailingOptimizer(Optimizer):
    """Starts `Failing`, and keeps how often the steps had been made smaller at each retry."""

    reduced: list[int]
    steps: int = 5

    def start(self, params: Params, steps: int) -> Iteration:
        return Failing(params, self.reduced)


def test_each_retry_takes_smaller_steps_than_the_one_before() -> None:
    """All begin at the same step: what the first has made smaller must stay so."""
    reduced: list[int] = []
    with pytest.raises(DivergedError, match="Not finite"):
        list(train(Heat(hard=False), MLP(2, width=6, depth=1).double(), FailingOptimizer(reduced), FEW, retries=3))
    assert reduced == [1, 2, 3]


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_running_out_of_memory_says_which_numbers_to_lower(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_out_of_memory(error)

    def gradient(*_: object) -> None:
        raise error

    monkeypatch.setattr(Objective, "gradient", gradient)
    with pytest.raises(NotEnoughMemoryError, match=r"step 1 of adam: 60 points.*Lower chunk_size"):
        next(train(Heat(hard=False), MLP(2, width=6, depth=1).double(), Adam(), FEW))


def test_other_errors_stay_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def gradient(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(Objective, "gradient", gradient)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        next(train(Heat(hard=False), MLP(2, width=6, depth=1).double(), Adam(), FEW))


def test_a_copy_of_a_state_is_its_own() -> None:
    state = {"a": torch.zeros(2), "b": [torch.ones(1), (3, "x")]}
    copy = clone_tensors(state)
    state["a"] += 1
    assert copy["a"].tolist() == [0, 0]
    assert copy["b"][1] == (3, "x")


def test_a_state_moves_to_a_device_but_for_its_generators() -> None:
    generator = torch.Generator().get_state()
    moved = on_device({"a": [torch.zeros(2)], "generator": generator, "n": 3}, torch.device("meta"))
    assert moved["a"][0].device.type == "meta"
    assert moved["generator"] is generator
    assert moved["n"] == 3
