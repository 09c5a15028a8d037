"""Gauss–Newton steps within random subspaces, for more parameters than a dense matrix of them allows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.objective.memory import size_of
from pinn.objective.projected import linearize_projected
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params


@dataclass(frozen=True)
class SketchedGaussNewton(Optimizer):
    """Levenberg–Marquardt in a random subspace of `sketch` dimensions, a new one at each step.

        s = −D⁻¹Ω y,        y = argmin ‖J D⁻¹Ω y − r‖² + λ‖y‖²,

    Ω has orthonormal columns: random signs, a Hartley transform, and `sketch` of its P rows at random, as the sketches
    of DSGNAR have it with a cosine transform (arXiv:2607.02194). D holds the largest norm that each column of J has had
    before, and λ follows the fall of the loss as in `LevenbergMarquardt`; a step that does not lower the loss is tried
    again with a larger λ. J is taken in chunks of points (chunk_size) and never held: the memory is M·s + 2s² numbers
    and the work M·P·log P + M·s², where the exact step takes M·P² and M·P + 2P². With sketch >= P the step is the exact
    one. `seed` is that of the subspaces.

    Raises ValueError unless sketch >= 1, damping > 0, max_gb > 0 and steps >= 1, and, at the first step, where the
    sketched matrices would take more than `max_gb` gigabytes.
    """

    name: ClassVar[str] = "sketched_gn"
    title: ClassVar[str] = "sketched Gauss–Newton"
    descends: ClassVar[bool] = True
    takes_jacobian: ClassVar[bool] = True
    holds_jacobian: ClassVar[bool] = False

    sketch: int = 1000
    damping: float = 1e-3
    max_gb: float = 8.0
    seed: int = 0
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("SketchedGaussNewton", self.steps)
        if self.sketch < 1:
            raise ValueError(f"SketchedGaussNewton needs sketch >= 1 dimensions, got sketch={self.sketch}.")
        for name in ("damping", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"SketchedGaussNewton needs a finite {name} > 0, got {name}={getattr(self, name)}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Sketched(self, params)

    def working_set(self, M: int, params: Params) -> float:
        return super().working_set(M, params) + sketched_numbers(M, min(self.sketch, size_of(params)))


class Subspace:
    """The span of Ω, shape (P, s), by its signs and the rows of the Hartley transform that it keeps."""

    def __init__(self, P: int, s: int, generator: torch.Generator, like: Tensor) -> None:
        # Drawn on the CPU, so that a seed means the same subspace on every device.
        signs = torch.randint(2, (P,), generator=generator) * 2 - 1
        self._signs = signs.to(like)
        self._kept = torch.randperm(P, generator=generator)[: min(s, P)].to(like.device)

    def project(self, rows: Tensor) -> Tensor:
        """Rows times Ω: (…, P) to (…, s)."""
        return hartley(rows * self._signs)[..., self._kept]

    def lift(self, y: Tensor) -> Tensor:
        """Ωy: shape (P,)."""
        full = torch.zeros_like(self._signs)
        full[self._kept] = y
        return hartley(full) * self._signs


def hartley(x: Tensor) -> Tensor:
    """The discrete Hartley transform along the last axis, orthonormal and its own inverse (Bracewell 1983)."""
    F = torch.fft.fft(x, norm="ortho")
    return F.real - F.imag


class _Sketched(Iteration):
    name = SketchedGaussNewton.name
    accepts_new_points = True

    def __init__(self, recipe: SketchedGaussNewton, params: Params) -> None:
        self.params = copied(params)
        self._recipe = recipe
        self._damping, self._growth = recipe.damping, 2.0
        self._scale = torch.zeros_like(flatten(params))
        self._done, self._refused, self._stalled = 0, 0, False
        self._version: int | None = None  # of the objective that was evaluated

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
            "done": self._done,
            "refused": self._refused,
            "stalled": self._stalled,
        }

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._scale = dict(state["params"]), state["scale"]
        self._damping, self._growth = state["damping"], state["growth"]
        self._done, self._refused, self._stalled = state["done"], state["refused"], state["stalled"]
        self._version, self._loss_terms = objective.version, objective.evaluate(self.params)

    def reduce_step(self) -> None:
        """A hundred times the damping, and no less than at first."""
        self._damping = max(100 * self._damping, self._recipe.damping)

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        if objective.version != self._version:
            if self._stalled:
                self._damping, self._growth = self._recipe.damping, 2.0
            self._check_memory(objective)
            self._version, self._loss_terms = objective.version, objective.evaluate(self.params)
        start = self._loss_terms
        self._stalled = not bool(start.loss.isfinite() & (start.loss > 0))
        if not self._stalled:
            self._stalled = not self._descend(objective)
        return start

    def _descend(self, objective: Objective) -> bool:
        """Move to where the loss is lower; False if the subspace has no such place within rounding."""
        theta = flatten(self.params)
        if not bool(self._scale.any()):
            self._scale = self._linearized(objective, None, torch.ones_like(theta))[2]
        D = torch.where(self._scale > 0, self._scale, 1)
        generator = torch.Generator().manual_seed(self._recipe.seed * 2**32 + self._done)
        subspace = Subspace(len(theta), self._recipe.sketch, generator, theta)
        self._done += 1
        r, A, norms = self._linearized(objective, subspace, D)
        if not bool(norms.isfinite().all()):
            raise FloatingPointError("The derivative of the residual by the parameters is not finite.")
        self._scale = torch.maximum(self._scale, norms)
        system, eps = DampedLeastSquares(A, objective.ranks), torch.finfo(D.dtype).eps
        while self._damping < 1 / eps**2:
            y, moves = system.solve_and_test(
                self._damping, [-part for part in r], lambda y: y.norm() > eps * (D * theta).norm()
            )
            if not moves:
                return False
            trial = unflatten(theta + subspace.lift(y) / D, self.params)
            loss_terms = objective.evaluate(trial)
            before, after = self._loss_terms.loss, loss_terms.loss
            predicted = objective.ranks.sum([(block @ y).square().sum() for block in A])
            predicted = predicted + 2 * self._damping * y.square().sum()
            judged = [(after < before).to(after), (before - after) / predicted, after / before]
            falls, gain, ratio = torch.stack(judged).cpu().tolist()
            if falls:
                self._damping *= max(1 / 3, 1 - (2 * min(gain, 1.0) - 1) ** 3) * ratio
                self._damping, self._growth = max(self._damping, eps**2), 2.0
                self.params, self._loss_terms = trial, loss_terms
                return True
            self._damping *= self._growth
            self._growth *= 2
            self._refused += 1
        return False

    def _linearized(
        self, objective: Objective, subspace: Subspace | None, D: Tensor
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """The residual and J D⁻¹Ω, block by block, and the norms of the columns of J."""
        squares = torch.zeros_like(D)

        def project(J: Tensor) -> Tensor:
            squares.add_(J.square().sum(0))
            return J[:, :0] if subspace is None else subspace.project(J / D)

        r, A = linearize_projected(objective, self.params, project)
        return r, A, objective.ranks.sum([squares]).sqrt()

    def _check_memory(self, objective: Objective) -> None:
        M = objective.residual(self.params).numel()
        like = flatten(self.params)
        s = min(self._recipe.sketch, like.numel())
        needed = sketched_numbers(M, s) * like.element_size() / 1e9
        if needed > self._recipe.max_gb:
            raise ValueError(
                f"SketchedGaussNewton needs {needed:.3g} GB for M={M} residuals and {s} dimensions, above max_gb="
                f"{self._recipe.max_gb:g}. Lower optimizer.sketch or sampler.interior, or raise optimizer.max_gb."
            )


def sketched_numbers(M: int, s: int) -> int:
    """How many numbers there are in the sketched Jacobian, a copy of it, and two squares of its columns."""
    return 2 * M * s + 2 * s * s
