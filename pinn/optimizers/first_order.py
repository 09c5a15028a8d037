"""Gradient methods of torch.optim, or with its interface, as iterations."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from pinn.objective import LossTerms, Objective
from pinn.optimizers.optimizer import Iteration
from pinn.optimizers.parameters import assign
from pinn.typing import Params


class FirstOrder(Iteration):
    """Optimizers over disjoint parts of `params`, whose learning rates fall along half a cosine over the steps."""

    accepts_new_points = True

    def __init__(
        self, name: str, params: Params, methods: Sequence[torch.optim.Optimizer], steps: int, final: float
    ) -> None:
        """`params` are those that the methods hold; `final` is the last learning rate as a share of the first."""
        self.name = name
        self.params = params
        self._methods = methods
        self._schedules = [
            torch.optim.lr_scheduler.CosineAnnealingLR(method, steps, final * method.param_groups[0]["lr"])
            for method in methods
        ]
        self._left = steps

    @property
    def stalled(self) -> bool:
        return False

    def state_dict(self) -> dict[str, Any]:
        methods = [method.state_dict() for method in self._methods]
        schedules = [schedule.state_dict() for schedule in self._schedules]
        return {"params": self.params, "methods": methods, "schedules": schedules, "left": self._left}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        assign(self.params, state["params"])
        for method, schedule, old, planned in zip(
            self._methods, self._schedules, state["methods"], state["schedules"], strict=True
        ):
            method.load_state_dict(old)
            schedule.load_state_dict(planned)
        self._left = state["left"]

    def reduce_step(self) -> None:
        """A third of the learning rates, and no memory of gradients."""
        for method, schedule in zip(self._methods, self._schedules, strict=True):
            method.state.clear()
            for group in method.param_groups:
                group["lr"] /= 3
            schedule.base_lrs = [lr / 3 for lr in schedule.base_lrs]
            schedule.eta_min /= 3

    def step(self, objective: Objective) -> LossTerms:
        evaluation, gradient = objective.gradient(self.params)
        for name, value in self.params.items():
            value.grad = gradient[name]
        # Past its period the cosine would rise again; the rate stays at its end.
        self._left -= 1
        for method, schedule in zip(self._methods, self._schedules, strict=True):
            method.step()
            if self._left >= 0:
                schedule.step()
        return evaluation


def check_rates(name: str, lr: float, final_lr: float, key: str = "lr") -> None:
    """Raise ValueError unless 0 <= final_lr <= lr and lr > 0; `key` is what the user calls lr."""
    if not 0 < lr < math.inf:
        raise ValueError(f"{name} needs a finite {key} > 0, got {key}={lr}.")
    if not 0 <= final_lr <= lr:
        raise ValueError(f"{name} needs 0 <= final_lr <= lr, got final_lr={final_lr} and lr={lr}.")
