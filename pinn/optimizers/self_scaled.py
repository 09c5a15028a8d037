"""Self-scaled quasi-Newton methods with a dense inverse Hessian."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.objective.memory import size_of
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.quasi_newton import InverseHessian, QuasiNewton
from pinn.typing import Params

MOST_GB = 8.0


class _SelfScaled(Optimizer):
    """H ≈ (∇²L)⁻¹ of Broyden's family, scaled by 1/τ before each update (Al-Baali & Khalfan 2005).

        H ← [H − Hy(Hy)ᵀ/(yᵀHy) + φ·(yᵀHy)·vvᵀ]/τ + ssᵀ/(yᵀs),        v = s/(yᵀs) − Hy/(yᵀHy)

    for s = Δθ and y = Δ∇L. H stays when new points are drawn.
    """

    descends: ClassVar[bool] = True

    @abstractmethod
    def factors(self, b: float, h: float, P: int) -> tuple[float, float, float]:
        """φ, τ, and τ of the first update, from b = sᵀH⁻¹s/(yᵀs) and h = yᵀHy/(yᵀs)."""

    def start(self, params: Params, steps: int) -> Iteration:
        """Raises ValueError if H would exceed MOST_GB."""
        P, bytes_each = (sum(value.numel() for value in params.values()), next(iter(params.values())).element_size())
        if (needed_gb := P**2 * bytes_each / 1e9) > MOST_GB:
            raise ValueError(
                f"{type(self).__name__} needs {needed_gb:.3g} GB for a matrix of P × P, P={P} parameters, above "
                f"{MOST_GB:g} GB. Take a smaller network (network.width) or optimizer=adam_lbfgs."
            )
        return QuasiNewton(self.name, params, _Dense(self), accepts_new_points=True)

    def working_set(self, M: int, params: Params) -> float:
        """H."""
        return super().working_set(M, params) + size_of(params) ** 2


@dataclass(frozen=True)
class SSBFGS(_SelfScaled):
    """Self-scaled BFGS with a strong Wolfe line search: φ = 1, τ = min(1, 1/b) (Al-Baali 1998).

    H takes 8P² bytes in float64. Raises ValueError unless steps >= 1.
    """

    name: ClassVar[str] = "ssbfgs"
    title: ClassVar[str] = "SSBFGS"

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

    name: ClassVar[str] = "ssbroyden"
    title: ClassVar[str] = "SSBroyden"

    steps: int = 5000

    def __post_init__(self) -> None:
        check_steps("SSBroyden", self.steps)

    def factors(self, b: float, h: float, P: int) -> tuple[float, float, float]:
        # a = 0 if s and Hy are parallel, and then every φ gives the same update.
        a = max(h * b - 1, 1e-14)
        lowest = min(1.0, h * (1 - math.sqrt(a / (1 + a))))
        theta = max((lowest - 1) / a, min(1 / lowest, (1 - b) / b))
        volume = 1 + a * theta
        root = abs(volume) ** (1 / (1 - P)) if P > 1 else 1.0
        tau = min(1.0, 1 / b) * min(root, 1 / theta) if theta > 0 else min(min(1.0, 1 / b) * root, volume)
        return (1 - theta) / volume, tau, h / volume


class _Dense(InverseHessian):
    """H as a matrix of shape (P, P)."""

    def __init__(self, recipe: _SelfScaled) -> None:
        self._recipe = recipe
        self.matrix: Tensor | None = None
        """None stands for the identity."""

    @property
    def is_identity(self) -> bool:
        return self.matrix is None

    def times(self, g: Tensor) -> Tensor:
        return g if self.matrix is None else self.matrix @ g

    def update(self, s: Tensor, y: Tensor, sBs: float) -> None:
        ys, Hy = float(y @ s), self.times(y)
        yHy = float(y @ Hy)
        if not (ys > 0 and yHy > 0 and sBs > 0):
            return
        phi, tau, tau_first = self._recipe.factors(sBs / ys, yHy / ys, len(s))
        if self.matrix is None:
            self.matrix, tau = torch.eye(len(s), dtype=s.dtype, device=s.device), tau_first
        v, H = s / ys - Hy / yHy, self.matrix
        H.addr_(Hy, Hy, alpha=-1 / yHy).addr_(v, v, beta=1 / tau, alpha=phi * yHy / tau).addr_(s, s, alpha=1 / ys)

    def forget(self) -> None:
        self.matrix = None

    def state_dict(self) -> dict[str, Any]:
        return {"H": self.matrix}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.matrix = state["H"]
