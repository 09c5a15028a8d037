"""Levenberg–Marquardt: Gauss–Newton steps, damped as far as the linear model of the residual does not hold."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.objective.memory import size_of
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.memory_check import MemoryCheck, dense_numbers
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params

_PROBE = 0.1  # step of the second difference, as Transtrum & Sethna recommend


@dataclass(frozen=True)
class LevenbergMarquardt(Optimizer):
    """Levenberg–Marquardt with geodesic acceleration, for networks of up to a few thousand parameters.

    A step is s = v + a/2 (Transtrum & Sethna 2012, arXiv:1201.5885) with

        (JᵀJ + λD²) v = −Jᵀr,        (JᵀJ + λD²) a = −Jᵀ ∂²r/∂v²,

    where a is left out unless 2‖Da‖ ≤ `acceleration`·‖Dv‖; acceleration=0 is the plain method. D holds the largest
    norm that each column of J has had (Moré 1978), so that rescaling a parameter changes nothing. `damping` is the
    first λ. It then follows the ratio of actual to predicted fall of the loss (Nielsen 1999) and the loss itself,
    which makes convergence quadratic if the loss can vanish (Yamashita & Fukushima 2001). A step that does not
    lower the loss is refused and tried again with larger λ, growing faster each time.

    J has shape (M, P); the work of a step is M·P·min(M, P). Raises ValueError unless damping > 0, acceleration >= 0,
    max_gb > 0 and steps >= 1, and, at the first step, if J and its products would take more than `max_gb` gigabytes.
    """

    name: ClassVar[str] = "lm"
    title: ClassVar[str] = "Levenberg–Marquardt"
    descends: ClassVar[bool] = True
    takes_jacobian: ClassVar[bool] = True

    damping: float = 1e-3
    acceleration: float = 0.75
    max_gb: float = 8.0
    steps: int = 500

    def __post_init__(self) -> None:
        check_steps("LevenbergMarquardt", self.steps)
        for name in ("damping", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"LevenbergMarquardt needs a finite {name} > 0, got {name}={getattr(self, name)}.")
        if not 0 <= self.acceleration < math.inf:
            raise ValueError(f"LevenbergMarquardt needs acceleration >= 0, finite, got {self.acceleration}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Damped(self, params)

    def working_set(self, M: int, params: Params) -> float:
        return super().working_set(M, params) + dense_numbers(M, size_of(params))


class _Damped(Iteration):
    name = LevenbergMarquardt.name
    accepts_new_points = True

    def __init__(self, recipe: LevenbergMarquardt, params: Params) -> None:
        self.params = copied(params)
        self._recipe = recipe
        self._damping, self._growth = recipe.damping, 2.0
        self._scale = torch.zeros_like(flatten(params))
        self._needs_qr = 0.0  # the largest λ for which Cholesky was not good enough
        self._check_memory = MemoryCheck("LevenbergMarquardt", recipe.max_gb)
        self._version: int | None = None  # of the objective that was evaluated
        self._stalled = False
        self._refused = 0

    @property
    def stalled(self) -> bool:
        return self._stalled

    @property
    def figures(self) -> dict[str, float]:
        return {"damping": self._damping, "refused": self._refused}

    def state_dict(self) -> dict[str, Any]:
        return {
            "params": self.params,
            "damping": self._damping,
            "growth": self._growth,
            "scale": self._scale,
            "needs_qr": self._needs_qr,
            "stalled": self._stalled,
            "refused": self._refused,
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params = dict(state["params"])
        self._damping, self._growth = state["damping"], state["growth"]
        self._scale, self._needs_qr = state["scale"], state["needs_qr"]
        self._stalled, self._refused = state["stalled"], state["refused"]
        self._version, self._loss_terms = objective.version, objective.evaluate(self.params)

    def reduce_step(self) -> None:
        """A hundred times the damping, which convergence may have made vanishingly small, and no less than at first."""
        self._damping = max(100 * self._damping, self._recipe.damping)

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        if objective.version != self._version:
            if self._stalled:  # at other points the damping that ended there means nothing
                self._damping, self._growth = self._recipe.damping, 2.0
            self._check_memory(objective, self.params)
            self._version, self._loss_terms = objective.version, objective.evaluate(self.params)
        start = self._loss_terms
        self._stalled = not bool(start.loss.isfinite() & (start.loss > 0))
        if not self._stalled:
            self._stalled = not self._descend(objective)
        return start

    def _descend(self, objective: Objective) -> bool:
        """Move to where the loss is lower; False if there is no such place within rounding."""
        r, J = objective.linearize_blocks(self.params)
        ranks = objective.ranks
        norms = J[0].norm(dim=0) if ranks.single_block else ranks.sum([block.square().sum(0) for block in J]).sqrt()
        if not bool(norms.isfinite().all()):
            raise FloatingPointError("The derivative of the residual by the parameters is not finite.")
        self._scale = torch.maximum(self._scale, norms)
        D = torch.where(self._scale > 0, self._scale, 1)
        system = DampedLeastSquares([block.div_(D) for block in J], ranks)
        theta, eps = flatten(self.params), torch.finfo(D.dtype).eps

        def at(step: Tensor) -> Params:
            return unflatten(theta + step / D, self.params)

        while self._damping < 1 / eps**2:
            # Here and where the step is judged the host waits for the device, and nowhere else in a trial.
            v, moves = system.solve_and_test(
                self._damping,
                [-part for part in r],
                lambda v: v.norm() > eps * (D * theta).norm(),
                squared=self._damping > self._needs_qr,
            )
            if not system.squared:
                self._needs_qr = max(self._needs_qr, self._damping)
            if not moves:
                return False
            Jv = [block @ v for block in J]
            s = v
            if self._recipe.acceleration > 0:
                probed = objective.residual_blocks(at(_PROBE * v))
                s = self._accelerated(system, v, [p - a - _PROBE * b for p, a, b in zip(probed, r, Jv, strict=True)])
            trial = at(s)
            loss_terms = objective.evaluate(trial)
            before, after = self._loss_terms.loss, loss_terms.loss
            predicted = ranks.sum([part.square().sum() for part in Jv]) + 2 * self._damping * v.square().sum()
            judged = [(after < before).to(after), (before - after) / predicted, after / before]
            falls, gain, ratio = torch.stack(judged).cpu().tolist()
            if falls:
                self._trust(gain, ratio, eps)
                self.params, self._loss_terms = trial, loss_terms
                return True
            self._damping *= self._growth
            self._growth *= 2
            self._refused += 1
        return False

    def _accelerated(self, system: DampedLeastSquares, v: Tensor, bend: list[Tensor]) -> Tensor:
        """v + a/2, or v if a is too large to trust, from bend = r(θ + hv) − r(θ) − hJv = h²/2·∂²r/∂v².

        This difference costs one evaluation of r. Two nested JVPs are exact, save no step, and make each step three
        times as long (Poisson 2-D, tanh 2×24, one core of a Xeon, 2026-11-23).
        """
        a = system.solve_again([part * (-2 / _PROBE**2) for part in bend])
        return torch.where(2 * a.norm() <= self._recipe.acceleration * v.norm(), v + a / 2, v)

    def _trust(self, gain: float, ratio: float, eps: float) -> None:
        """Adapt λ to an accepted step: by the gain ratio, and in proportion to the loss."""
        self._damping *= max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3) * ratio
        self._damping = max(self._damping, eps**2)
        self._growth = 2.0
