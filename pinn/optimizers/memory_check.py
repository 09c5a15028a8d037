"""What a method that holds the Jacobian takes, before it takes it."""

import torch

from pinn.objective import Objective
from pinn.typing import Params


class MemoryCheck:
    """Refuses J, a copy of it and two squares of its smaller side if they exceed `max_gb` gigabytes."""

    def __init__(self, name: str, max_gb: float) -> None:
        self._name, self._max_gb = name, max_gb
        self._points: dict[str, int] = {}

    def __call__(self, objective: Objective, params: Params) -> None:
        """Raise ValueError if there is not enough; asked once for each number of points."""
        points = {name: len(sample[0]) for name, sample in objective.samples.items()}
        if self._points and points == self._points:
            return
        with torch.no_grad():
            residual = objective.residual(params)
        M, P = residual.numel(), sum(value.numel() for value in params.values())
        needed_gb = dense_numbers(M, P) * residual.element_size() / 1e9
        if needed_gb > self._max_gb:
            raise ValueError(
                f"{self._name} needs {needed_gb:.3g} GB for M={M} residuals and P={P} parameters, above "
                f"max_gb={self._max_gb:g}. Take a smaller network (network.width), fewer points (sampler.interior) or "
                "optimizer=adam_lbfgs, or raise optimizer.max_gb."
            )
        self._points = points


def dense_numbers(M: int, P: int) -> int:
    """How many numbers there are in J, a copy of it, and two squares of its smaller side."""
    return 2 * M * P + 2 * min(M, P) ** 2
