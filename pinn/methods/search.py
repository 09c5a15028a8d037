"""The search for a method: trials from the cheapest candidate on, until one is good enough or time is up."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from pinn.methods.choice import Choice
from pinn.methods.trial import silent
from pinn.methods.trials import Trials, slabs
from pinn.operators import Auto, Strategy
from pinn.pdes import PDE
from pinn.training.loop import refuse_budget
from pinn.trust.premises import examine_premises
from pinn.trust.scales import scaled

BUDGET_S = 120.0
"""Seconds for trials and training together if no other budget is named."""
_MOST_DIMENSIONS = 4


class Method:
    """How a run comes to its network, optimizer and points."""


@dataclass(frozen=True)
class AsNamed(Method):
    """They are those of the configuration."""


@dataclass(frozen=True)
class Search(Method):
    """They are found from the problem, by trials that are compared by their residuals at held-out points.

    Frozen features come first, slab by slab of time if the domain has time: their trials take seconds, and smooth
    solutions come to ten digits. What they do not resolve, and problems with unknown coefficients or with an energy,
    get a trained network, whose activation and size come from short trainings. A residual of `good`, in parts of the
    size of its terms, ends the search; one above `accepted` asks for candidates of the next kind. The search takes
    about `share` of the time at most. Raises ValueError unless 0 < good <= accepted and 0 < share < 1.
    """

    good: float = 1e-8
    accepted: float = 1e-6
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.good <= self.accepted:
            raise ValueError(f"Search needs 0 < good <= accepted, got {self.good} and {self.accepted}.")
        if not 0 < self.share < 1:
            raise ValueError(f"Search needs 0 < share < 1, got share={self.share}.")

    def choose(
        self,
        pde: PDE,
        strategy: Strategy | None = None,
        *,
        seed: int = 0,
        budget_s: float = BUDGET_S,
        rescale: Callable[[PDE], PDE] = scaled,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> Choice:
        """Find a method for a problem that has no scales yet; `rescale` gives it some.

        Raises ValueError for a budget that is not finite and > 0, for a problem with contradicting conditions, and if
        no candidate solves it.
        """
        refuse_budget(budget_s)
        with silent():  # the run says it
            examine_premises(pde, torch.zeros((), dtype=torch.float64))
        trials = Trials(self, pde, strategy or Auto(), seed, budget_s, rescale, interrupted)
        facts = trials.facts
        if not facts.unknowns and not facts.energy:
            if facts.evolution and facts.dim in (2, 3):
                trials.in_turn(slabs(facts))
            if facts.dim <= _MOST_DIMENSIONS and not trials.acceptable:
                trials.climb()
        if not trials.acceptable:
            trials.train()
        return trials.result()
