"""SPRING: natural gradient steps that remember the directions of earlier points."""

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
class Spring(Optimizer):
    """Subsampled projected-increment natural gradient (Goldshlager et al. 2024; for PINNs arXiv:2505.12149, 2025).

        φ ← μφ + Jᵀ(JJᵀ + λκI)⁻¹(r − μJφ),        θ ← θ − min(η, √c/‖d‖)·d,        d = φ/√(1 − μ²ᵏ),

    with κ = tr(JJᵀ)/M: φ is what fits r best among all that stay near μφ. It is meant for few points, drawn at every
    step (sampler.every=1). `damping` is λ, `momentum` μ, `max_step` √c. The rate η falls from `lr` to `final_lr` along
    half a cosine. Raises ValueError unless damping, max_step, max_gb > 0, 0 <= momentum < 1, 0 < final_lr <= lr and
    steps >= 1.
    """

    name: ClassVar[str] = "spring"
    title: ClassVar[str] = "SPRING"
    takes_jacobian: ClassVar[bool] = True

    lr: float = 0.3
    final_lr: float = 1e-2
    damping: float = 1e-6
    momentum: float = 0.9
    max_step: float = 0.3
    max_gb: float = 8.0
    steps: int = 2000

    def __post_init__(self) -> None:
        check_steps("Spring", self.steps)
        for name in ("damping", "max_step", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"Spring needs a finite {name} > 0, got {name}={getattr(self, name)}.")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"Spring needs 0 <= momentum < 1, got momentum={self.momentum}.")
        if not 0 < self.final_lr <= self.lr < math.inf:
            raise ValueError(f"Spring needs 0 < final_lr <= lr < ∞, got final_lr={self.final_lr} and lr={self.lr}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Remembering(self, params, steps)

    def working_set(self, M: int, params: Params) -> float:
        return super().working_set(M, params) + dense_numbers(M, size_of(params))


class _Remembering(Iteration):
    name = Spring.name
    accepts_new_points = True

    def __init__(self, recipe: Spring, params: Params, steps: int) -> None:
        self.params = copied(params)
        self._recipe, self._steps, self._done = recipe, steps, 0
        self._calm = 1.0
        self._phi = torch.zeros_like(flatten(params))
        self._check_memory = MemoryCheck("Spring", recipe.max_gb)

    @property
    def stalled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        return {"params": self.params, "phi": self._phi, "done": self._done, "calm": self._calm}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._phi = dict(state["params"]), state["phi"]
        self._done, self._calm = state["done"], state["calm"]

    def reduce_step(self) -> None:
        """A third of the rate, and no memory of earlier directions."""
        self._calm /= 3
        self._phi = torch.zeros_like(self._phi)

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        recipe, start = self._recipe, objective.evaluate(self.params)
        self._check_memory(objective, self.params)
        r, J = objective.linearize_blocks(self.params)
        squares, rows = objective.ranks.sum([torch.stack([B.square().sum(), B.new_tensor(len(B))]) for B in J])
        mean = float(squares / rows)
        rate = self._rate()
        self._done += 1
        self._phi = recipe.momentum * self._phi
        if mean > 0:
            self._phi += DampedLeastSquares(J, objective.ranks).solve(
                recipe.damping * mean, [a - B @ self._phi for a, B in zip(r, J, strict=True)]
            )
        d = self._phi / math.sqrt(1 - recipe.momentum ** (2 * self._done))
        rate = self._calm * min(rate, recipe.max_step / max(float(d.norm()), torch.finfo(d.dtype).tiny))
        self.params = unflatten(flatten(self.params) - rate * d, self.params)
        return start

    def _rate(self) -> float:
        """Past its planned steps the rate stays at its end."""
        part = min(self._done / self._steps, 1.0)
        return self._recipe.final_lr + (self._recipe.lr - self._recipe.final_lr) * (1 + math.cos(math.pi * part)) / 2
