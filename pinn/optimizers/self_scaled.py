"""Self-scaled quasi-Newton methods with a dense inverse Hessian."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.optimizers.line_search import Trial, strong_wolfe
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params

Found = tuple[Params, LossTerms, Tensor]
"""At a point of the line search: the parameters, the objective and its gradient, shape (P,)."""


MOST_GB = 8.0


class _SelfScaled(Optimizer):
    """H ≈ (∇²L)⁻¹ of Broyden's family, scaled by 1/τ before each update (Al-Baali & Khalfan 2005).

        H ← [H − Hy(Hy)ᵀ/(yᵀHy) + φ·(yᵀHy)·vvᵀ]/τ + ssᵀ/(yᵀs),        v = s/(yᵀs) − Hy/(yᵀHy)

    for s = Δθ and y = Δ∇L. H stays when points are drawn anew.
    """

    @abstractmethod
    def factors(self, b: float, h: float, P: int) -> tuple[float, float, float]:
        """φ, τ, and τ of the first update, from b = sᵀH⁻¹s/(yᵀs) and h = yᵀHy/(yᵀs)."""

    def start(self, params: Params, steps: int) -> Iteration:
        """Raises ValueError where H would exceed MOST_GB."""
        P, bytes_each = (sum(value.numel() for value in params.values()), next(iter(params.values())).element_size())
        if (needed_gb := P**2 * bytes_each / 1e9) > MOST_GB:
            raise ValueError(
                f"{type(self).__name__} needs {needed_gb:.3g} GB for a matrix of P × P, P={P} parameters, above "
                f"{MOST_GB:g} GB. Take a smaller network (network.width) or optimizer=adam_lbfgs."
            )
        return _Searched(self, params)


@dataclass(frozen=True)
class SSBFGS(_SelfScaled):
    """Self-scaled BFGS with a strong Wolfe line search: φ = 1, τ = min(1, 1/b) (Al-Baali 1998).

    H takes 8P² bytes in float64. Raises ValueError unless steps >= 1.
    """

    steps: int = 5000

    def __post_init__(self) -> None:
        check_steps("SSBFGS", self.steps)

    def factors(self, b: float, h: float, P: int) -> tuple[float, float, float]:
        return 1.0, min(1.0, 1 / b), h


@dataclass(frozen=True)
class SSBroyden(_SelfScaled):
    """Self-scaled Broyden with a strong Wolfe line search, the variant of Urbán et al. (2024, arXiv:2405.04230).

    H takes 8P² bytes in float64. Raises ValueError unless steps >= 1.
    """

    steps: int = 5000

    def __post_init__(self) -> None:
        check_steps("SSBroyden", self.steps)

    def factors(self, b: float, h: float, P: int) -> tuple[float, float, float]:
        # a = 0 where s and Hy are parallel, and then every φ gives the same update.
        a = max(h * b - 1, 1e-14)
        lowest = min(1.0, h * (1 - math.sqrt(a / (1 + a))))
        theta = max((lowest - 1) / a, min(1 / lowest, (1 - b) / b))
        volume = 1 + a * theta
        root = abs(volume) ** (1 / (1 - P)) if P > 1 else 1.0
        tau = min(1.0, 1 / b) * min(root, 1 / theta) if theta > 0 else min(min(1.0, 1 / b) * root, volume)
        return (1 - theta) / volume, tau, h / volume


class _Searched(Iteration):
    accepts_new_points = True

    def __init__(self, recipe: _SelfScaled, params: Params) -> None:
        self.params = copied(params)
        self.name = type(recipe).__name__.lower()
        self._recipe = recipe
        self._objective: Objective | None = None
        self._H: Tensor | None = None  # None stands for the identity
        self._stalled = False

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        return {"params": self.params, "H": self._H, "stalled": self._stalled}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._H, self._stalled = dict(state["params"]), state["H"], state["stalled"]
        self._objective = None  # the gradient is evaluated anew, and H stays

    def reduce_step(self) -> None:
        """Begin again with the identity for H."""
        self._H = None

    def step(self, objective: Objective) -> LossTerms:
        if objective is not self._objective:
            evaluation, gradient = objective.gradient(self.params)
            self._objective, self._here = objective, (self.params, evaluation, flatten(gradient))
        _, evaluation, g = self._here
        theta, d = flatten(self.params), -g if self._H is None else -(self._H @ g)
        if not bool(g @ d < 0):
            self._H, d = None, -g
        slope = float(g @ d)
        # Along −∇L the unit of length is unknown: a first step that moves θ by one at most.
        first = min(1.0, 1 / max(float(d.abs().sum()), 1e-300)) if self._H is None else 1.0
        start = Trial(0.0, float(evaluation.loss), slope, self._here)
        end = strong_wolfe(partial(self._at, objective, theta, d), start, first) if slope < 0 else None
        if end is None:
            # A worn-out H may be at fault; without it there is nothing left to try.
            self._stalled, self._H = self._H is None, None
            return evaluation
        self.params, self._here = end.found[0], end.found
        self._update(end.alpha * d, end.found[2] - g, -end.alpha * float(g @ d) * end.alpha)
        return evaluation

    def _at(self, objective: Objective, theta: Tensor, d: Tensor, alpha: float) -> Trial[Found]:
        params = unflatten(theta + alpha * d, self.params)
        evaluation, gradient = objective.gradient(params)
        g = flatten(gradient)
        return Trial(alpha, float(evaluation.loss), float(g @ d), (params, evaluation, g))

    def _update(self, s: Tensor, y: Tensor, sBs: float) -> None:
        """The next H; it stays where rounding has spoilt the curvature yᵀs > 0 that the line search promises."""
        ys = float(y @ s)
        Hy = y.clone() if self._H is None else self._H @ y
        yHy = float(y @ Hy)
        if not (ys > 0 and yHy > 0 and sBs > 0):
            return
        phi, tau, tau_first = self._recipe.factors(sBs / ys, yHy / ys, len(s))
        if self._H is None:
            self._H, tau = torch.eye(len(s), dtype=s.dtype, device=s.device), tau_first
        v = s / ys - Hy / yHy
        self._H.addr_(Hy, Hy, alpha=-1 / yHy).addr_(v, v, beta=1 / tau, alpha=phi * yHy / tau).addr_(s, s, alpha=1 / ys)
