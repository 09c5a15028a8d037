"""Energy natural gradient descent in its dual form (ENGD-W), for points drawn anew at every step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from pinn.objective import LossTerms, Objective
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.memory_check import check_memory
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params


@dataclass(frozen=True)
class EnergyNaturalGradient(Optimizer):
    """ENGD with Woodbury's identity and line search (Müller & Zeinhofer 2023; arXiv:2505.12149, 2025).

        θ ← θ − ηφ,        φ = Jᵀ(JJᵀ + λ κI)⁻¹ r,        κ = tr(JJᵀ)/M,

    equal to (JᵀJ + λκI)⁻¹Jᵀr, the form taken where P < M. η is the best of 1, ½, …, 2⁻³⁰ on the same points; the search
    ends at the first minimum below the loss at the start. `damping` is λ, relative to the mean κ of the kernel. It
    stays the same, so this suits points drawn at every step (sampler.every=1) where M is well below P.
    Raises ValueError unless damping > 0, max_gb > 0 and steps >= 1.
    """

    damping: float = 1e-12
    max_gb: float = 8.0
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("EnergyNaturalGradient", self.steps)
        for name in ("damping", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"EnergyNaturalGradient needs a finite {name} > 0, got {name}={getattr(self, name)}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Searched(self, params)


class _Searched(Iteration):
    name = "engd"
    accepts_new_points = True

    def __init__(self, recipe: EnergyNaturalGradient, params: Params) -> None:
        self.params = copied(params)
        self._recipe, self._damping = recipe, recipe.damping
        self._objective: Objective | None = None
        self._stalled = False

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        return {"params": self.params, "damping": self._damping, "stalled": self._stalled}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._damping, self._stalled = dict(state["params"]), state["damping"], state["stalled"]
        self._objective, self._evaluation = objective, objective.evaluate(self.params)

    def reduce_step(self) -> None:
        """A hundred times the damping."""
        self._damping *= 100

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        if objective is not self._objective:
            check_memory("EnergyNaturalGradient", objective, self.params, self._recipe.max_gb, self._objective)
            self._objective, self._evaluation = objective, objective.evaluate(self.params)
        start = best = self._evaluation
        r, J = objective.linearize_blocks(self.params)
        squares, rows = objective.ranks.sum([torch.stack([B.square().sum(), B.new_tensor(len(B))]) for B in J])
        mean = float(squares / rows)
        if not mean > 0:
            self._stalled = True
            return start
        phi = DampedLeastSquares(J, objective.ranks).solve(self._damping * mean, r)
        theta = flatten(self.params)
        for k in range(31):
            trial = unflatten(theta - 0.5**k * phi, self.params)
            evaluation = objective.evaluate(trial)
            if evaluation.loss < best.loss:
                best, self.params = evaluation, trial
            elif best is not start:
                break
        self._stalled, self._evaluation = best is start, best
        return start
