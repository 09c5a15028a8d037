"""Gauss–Newton steps within random subspaces, for more parameters than a dense matrix of them allows."""

import math
from collections.abc import Mapping, Sequence
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
from pinn.optimizers.sketches import NONZEROS, RowSketch, Subspace
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

    With `rows` the residuals are sketched, too: y = argmin ‖S(J D⁻¹Ω y − r)‖² + λ‖y‖² for a sparse random S with so
    many rows, a new one at each step, so that the memory is rows·s + 2s², whatever M is; whether the step is taken is
    decided by all residuals. A few times `sketch` is enough (Martinsson & Tropp 2020, sections 9 and 10); None takes
    all M.

    Raises ValueError unless sketch >= 1, rows >= sketch, damping > 0, max_gb > 0 and steps >= 1, and, at the first
    step, where the sketched matrices would take more than `max_gb` gigabytes.
    """

    name: ClassVar[str] = "sketched_gn"
    title: ClassVar[str] = "sketched Gauss–Newton"
    descends: ClassVar[bool] = True
    takes_jacobian: ClassVar[bool] = True
    holds_jacobian: ClassVar[bool] = False

    sketch: int = 1000
    rows: int | None = None
    damping: float = 1e-3
    max_gb: float = 8.0
    seed: int = 0
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("SketchedGaussNewton", self.steps)
        if self.sketch < 1:
            raise ValueError(f"SketchedGaussNewton needs sketch >= 1 dimensions, got sketch={self.sketch}.")
        if self.rows is not None and self.rows < self.sketch:
            raise ValueError(
                f"SketchedGaussNewton needs rows >= sketch, or null for all, got rows={self.rows} and "
                f"sketch={self.sketch}."
            )
        for name in ("damping", "max_gb"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"SketchedGaussNewton needs a finite {name} > 0, got {name}={getattr(self, name)}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _Sketched(self, params)

    def working_set(self, M: int, params: Params) -> float:
        held = sketched_numbers(min(M, self.rows or M), min(self.sketch, size_of(params)))
        return super().working_set(M, params) + held + (2 * NONZEROS * M if self.rows else 0)


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
        r, A, norms = self._linearized(objective, subspace, D, generator)
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
        self, objective: Objective, subspace: Subspace | None, D: Tensor, generator: torch.Generator | None = None
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """The residual and J D⁻¹Ω, block by block, sketched if that is wanted, and the norms of the columns of J."""
        squares = torch.zeros_like(D)
        gathered = self._gathered(objective, generator, D) if subspace and generator else None

        def project(J: Tensor) -> Tensor:
            squares.add_(J.square().sum(0))
            if subspace is None:
                return J.new_empty(len(J), 0)  # a view would keep all of J
            rows = subspace.project(J / D)
            return rows if gathered is None else gathered.add(rows)

        r, A = linearize_projected(objective, self.params, project)
        if gathered is not None:
            r, A = gathered.sketched(r), gathered.totals
        return r, A, objective.ranks.sum([squares]).sqrt()

    def _gathered(self, objective: Objective, generator: torch.Generator, like: Tensor) -> "_Gathered | None":
        """Where the rows of J are gathered in a sketch; None if there are no more of them than that has."""
        k = self._recipe.rows
        sizes = [len(part) for part in objective.residual_blocks(self.params)] if k else []
        if not k or max(sizes) <= k:
            return None
        return _Gathered([RowSketch(M, k, generator, like) for M in sizes], sizes, k)

    def _check_memory(self, objective: Objective) -> None:
        M = objective.residual(self.params).numel()
        like = flatten(self.params)
        s = min(self._recipe.sketch, like.numel())
        needed = sketched_numbers(min(M, self._recipe.rows or M), s) * like.element_size() / 1e9
        if needed > self._recipe.max_gb:
            raise ValueError(
                f"SketchedGaussNewton needs {needed:.3g} GB for M={M} residuals and {s} dimensions, above max_gb="
                f"{self._recipe.max_gb:g}. Lower optimizer.sketch or sampler.interior, set optimizer.rows to a few "
                "times optimizer.sketch, or raise optimizer.max_gb."
            )


class _Gathered:
    """The products SA of the blocks, as the rows of A come, block after block."""

    def __init__(self, sketches: Sequence[RowSketch], sizes: Sequence[int], k: int) -> None:
        self._sketches, self._sizes, self._k = sketches, sizes, k
        self._block, self._row = 0, 0
        self.totals: list[Tensor] = []

    def add(self, rows: Tensor) -> Tensor:
        """Take the next rows; nothing of them is left."""
        if self._row == 0:
            self.totals.append(rows.new_zeros(self._k, rows.shape[1]))
        self._sketches[self._block].add(self.totals[-1], rows, self._row)
        self._row += len(rows)
        if self._row == self._sizes[self._block]:
            self._block, self._row = self._block + 1, 0
        return rows.new_empty(len(rows), 0)  # a view would keep them

    def sketched(self, r: Sequence[Tensor]) -> list[Tensor]:
        """Sr of each block."""
        return [sketch.times(part) for sketch, part in zip(self._sketches, r, strict=True)]


def sketched_numbers(M: int, s: int) -> int:
    """How many numbers there are in the sketched Jacobian, a copy of it, and two squares of its columns."""
    return 2 * M * s + 2 * s * s
