"""Adam with a cosine learning-rate schedule."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from pinn.objective.memory import size_of
from pinn.optimizers.first_order import FirstOrder, check_rates
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied
from pinn.typing import Params


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam (Kingma & Ba 2015); the learning rate falls from `lr` to `final_lr` along half a cosine over the steps.

    Raises ValueError unless 0 <= final_lr <= lr, 0 <= β < 1 and steps >= 1.
    """

    name: ClassVar[str] = "adam"
    title: ClassVar[str] = "Adam"
    first_order: ClassVar[bool] = True

    lr: float = 5e-3
    final_lr: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.999
    steps: int = 2000

    def __post_init__(self) -> None:
        check_steps("Adam", self.steps)
        check_rates("Adam", self.lr, self.final_lr)
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise ValueError(f"Adam needs 0 <= beta < 1, got beta1={self.beta1} and beta2={self.beta2}.")

    def start(self, params: Params, steps: int) -> Iteration:
        theta = copied(params)
        adam = torch.optim.Adam(theta.values(), lr=self.lr, betas=(self.beta1, self.beta2))
        return FirstOrder(self.name, theta, [adam], steps, self.final_lr / self.lr)

    def working_set(self, M: int, params: Params) -> float:
        """Two moments of each parameter, and their quotient."""
        return super().working_set(M, params) + 3 * size_of(params)
