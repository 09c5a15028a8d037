"""What a method that holds the Jacobian takes, before it takes it."""

import torch

from pinn.objective import Objective
from pinn.typing import Params


def check_memory(name: str, objective: Objective, params: Params, max_gb: float, before: Objective | None) -> None:
    """Raise ValueError where J, a copy of it and two squares of its smaller side exceed `max_gb` gigabytes.

    Not again where the step `before` was at as many points.
    """
    if before is not None and _points(before) == _points(objective):
        return
    with torch.no_grad():
        residual = objective.residual(params)
    M, P = residual.numel(), sum(value.numel() for value in params.values())
    needed_gb = (2 * M * P + 2 * min(M, P) ** 2) * residual.element_size() / 1e9
    if needed_gb > max_gb:
        raise ValueError(
            f"{name} needs {needed_gb:.3g} GB for M={M} residuals and P={P} parameters, above max_gb={max_gb:g}. "
            "Take a smaller network (network.width), fewer points (sampler.interior) or optimizer=adam_lbfgs, "
            "or raise optimizer.max_gb."
        )


def _points(objective: Objective) -> dict[str, int]:
    return {name: len(sample[0]) for name, sample in objective.samples.items()}
