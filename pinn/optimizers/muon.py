"""Muon for matrices, Adam for the rest."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from pinn.objective.memory import size_of
from pinn.optimizers.first_order import FirstOrder, check_rates
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied
from pinn.typing import Params


@dataclass(frozen=True)
class Muon(Optimizer):
    """Momentum orthogonalised by Newton–Schulz iterations (Jordan et al. 2024), as `torch.optim.Muon` has it.

    It moves the weight matrices but the first and the last one; these and all vectors follow Adam with `adam_lr`, as
    its authors advise. Learning rates fall along half a cosine, that of Muon from `lr` to `final_lr`. Raises
    ValueError unless 0 <= final_lr <= lr, adam_lr > 0, 0 <= momentum < 1 and steps >= 1, and at the start for a
    network without such a matrix.
    """

    name: ClassVar[str] = "muon"
    title: ClassVar[str] = "Muon"
    first_order: ClassVar[bool] = True

    lr: float = 2e-2
    final_lr: float = 1e-4
    adam_lr: float = 5e-3
    momentum: float = 0.95
    steps: int = 2000

    def __post_init__(self) -> None:
        check_steps("Muon", self.steps)
        check_rates("Muon", self.lr, self.final_lr)
        check_rates("Muon", self.adam_lr, 0.0, "adam_lr")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"Muon needs 0 <= momentum < 1, got momentum={self.momentum}.")

    def start(self, params: Params, steps: int) -> Iteration:
        theta = copied(params)
        matrices = [value for value in theta.values() if value.dim() == 2][1:-1]
        if not matrices:
            raise ValueError(
                "optimizer=muon moves the weight matrices between the first and the last layer, and this network has "
                "none: take network.depth >= 2, or optimizer=adam."
            )
        others = [value for value in theta.values() if not any(value is matrix for matrix in matrices)]
        methods: list[torch.optim.Optimizer] = [torch.optim.Adam(others, lr=self.adam_lr)] if others else []
        methods.append(torch.optim.Muon(matrices, lr=self.lr, momentum=self.momentum, weight_decay=0.0))
        return FirstOrder(self.name, theta, methods, steps, self.final_lr / self.lr)

    def working_set(self, M: int, params: Params) -> float:
        """Momentum, and the matrices of Newton–Schulz."""
        return super().working_set(M, params) + 4 * size_of(params)
