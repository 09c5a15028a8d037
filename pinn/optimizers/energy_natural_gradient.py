"""Energy natural gradient descent in its dual form (ENGD-W), for new points at every step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from pinn.objective import LossTerms, Objective
from pinn.objective.memory import size_of
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.memory_check import MemoryCheck, dense_numbers
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params


@dataclass(frozen=True)
class EnergyNaturalGradient(Optimizer):
    """ENGD with Woodbury's identity and line search (Müller & Zeinhofer 2023; arXiv:2505.12149, 2025).

        θ ← θ − ηφ,        φ = Jᵀ(JJᵀ + λ κI)⁻¹ r,        κ = tr(JJᵀ)/M,

    equal to (JᵀJ + λκI)⁻¹Jᵀr, the form taken if P < M. η is the best of 1, ½, …, 2⁻³⁰ on the same points; the search
    ends at the first minimum below the loss at the start. `damping` is λ, relative to the mean κ of the kernel. It
    stays the same, so this suits new points at every step (sampler.every=1) if M is well below P.
    Raises ValueError unless damping > 0, max_gb > 0 and steps >= 1.
    """

    name: ClassVar[str] = "engd"
    title: ClassVar[str] = "ENGD"
    descends: ClassVar[bool] = True
    takes_jacobian: ClassVar[bool] = True

    damping: float = 1e-12
    max_gb: float = 8.0
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("EnergyNaturalGradient", self.steps)
        for name in ("damping", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"EnergyNaturalGradient needs a finite {name} > 0, got {name}={getattr(self, name)}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Natural(self, params)

    def working_set(self, M: int, params: Params) -> float:
        return super().working_set(M, params) + dense_numbers(M, size_of(params))


class _Natural(Iteration):
    name = EnergyNaturalGradient.name
    accepts_new_points = True

    def __init__(self, recipe: EnergyNaturalGradient, params: Params) -> None:
        self.params = copied(params)
        self._damping = recipe.damping
        self._eta, self._longest = 1.0, 1.0  # η of the last step, and where the next search begins
        self._check_memory = MemoryCheck("EnergyNaturalGradient", recipe.max_gb)
        self._version: int | None = None  # of the objective that was evaluated
        self._stalled = False

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        lengths = {"damping": self._damping, "eta": self._eta, "longest": self._longest}
        return {"params": self.params, "stalled": self._stalled, **lengths}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._damping, self._stalled = dict(state["params"]), state["damping"], state["stalled"]
        self._eta, self._longest = state.get("eta", 1.0), state.get("longest", 1.0)
        self._version, self._loss_terms = objective.version, objective.evaluate(self.params)

    def reduce_step(self) -> None:
        """A hundred times the damping, and a third of the last η at first, which may double at each step."""
        self._damping *= 100
        self._longest = min(self._longest, self._eta) / 3

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        if objective.version != self._version:
            self._check_memory(objective, self.params)
            self._version, self._loss_terms = objective.version, objective.evaluate(self.params)
        start = best = self._loss_terms
        r, J = objective.linearize_blocks(self.params)
        squares, rows = objective.ranks.sum([torch.stack([B.square().sum(), B.new_tensor(len(B))]) for B in J])
        mean = float(squares / rows)
        if not mean > 0:
            self._stalled = True
            return start
        phi = DampedLeastSquares(J, objective.ranks).solve(self._damping * mean, r)
        theta = flatten(self.params)
        for k in range(31):
            eta = 0.5**k * self._longest
            trial = unflatten(theta - eta * phi, self.params)
            loss_terms = objective.evaluate(trial)
            if loss_terms.loss < best.loss:
                best, self.params, self._eta = loss_terms, trial, eta
            elif best is not start:
                break
        self._stalled, self._loss_terms = best is start, best
        self._longest = min(2 * self._longest, 1.0)
        return start
