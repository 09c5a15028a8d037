"""Adam with a cosine learning-rate schedule."""

from dataclasses import dataclass

import torch

from pinn.objective import Evaluation, Objective
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied
from pinn.typing import Params


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma & Ba 2015); the learning rate falls from `lr` to `final_lr` along half a cosine over the steps.

    Raises ValueError unless 0 <= final_lr <= lr, 0 <= β < 1 and steps >= 1.
    """

    lr: float = 5e-3
    final_lr: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.999
    steps: int = 2000

    def __post_init__(self) -> None:
        check_steps("Adam", self.steps)
        if not self.lr > 0:
            raise ValueError(f"Adam needs lr > 0, got lr={self.lr}.")
        if not 0 <= self.final_lr <= self.lr:
            raise ValueError(f"Adam needs 0 <= final_lr <= lr, got final_lr={self.final_lr} and lr={self.lr}.")
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ValueError(f"Adam needs 0 <= beta < 1, got beta1={self.beta1} and beta2={self.beta2}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _FirstOrder(self, params, steps)


class _FirstOrder(Iteration):
    """A gradient method of torch.optim over a copy of the parameters."""

    name = "adam"
    redraws = True

    def __init__(self, recipe: Adam, params: Params, steps: int) -> None:
        self.params = copied(params)
        self._optimizer = torch.optim.Adam(self.params.values(), lr=recipe.lr, betas=(recipe.beta1, recipe.beta2))
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, steps, recipe.final_lr)
        self._left = steps

    @property
    def stalled(self) -> bool:
        return False

    def step(self, objective: Objective) -> Evaluation:
        evaluation, gradient = objective.gradient(self.params)
        for name, value in self.params.items():
            value.grad = gradient[name]
        self._optimizer.step()
        # Past its period the cosine would rise again; the rate stays at its end.
        self._left -= 1
        if self._left >= 0:
            self._schedule.step()
        return evaluation
