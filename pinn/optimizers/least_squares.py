"""The output weights by least squares: linear equations in one step, others by Newton's method."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.networks import FrozenFeatures
from pinn.objective import LossTerms, Objective, OutputTables
from pinn.objective.memory import size_of
from pinn.objective.output_tables import output_names
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.parallel import triangular
from pinn.typing import Params

_HALVINGS = 12
_ROWS = 2


@dataclass(frozen=True)
class LeastSquares(Optimizer):
    """Solves for the last layer alone: with the others fixed, u is linear in it, u = Σ_j c_j φ_j (x) + c_0.

    For a linear equation r(c) = r₀ + Ac, and one step, min_c ‖r₀ + Ac‖, is all there is to do: the random feature
    method (Chen, Chi, E & Yang 2022), or extreme learning machine (Dong & Li 2021), for a wide network of one hidden
    layer or for `FrozenFeatures`. For a nonlinear one each step is one of Gauss–Newton, halved until the loss falls.
    Systems, all conditions and unknown coefficients are welcome: A comes from the derivative of the residuals by the
    jet of u at each point times tables of the φ_j, which are made once for the points (`OutputTables`). The solution
    comes from QR decomposition of A, so that the condition number is not squared, damped by `rcond` times the largest
    singular value. The functions of `FrozenFeatures` are made orthonormal at the points first, without directions of
    singular values below `cut` times the largest, which are noise.

    The last layer is the module that holds the last parameter, and the numbers that are unknown. The work is M·n² for
    M residuals and n features. Raises ValueError unless rcond >= 0 and steps >= 1, and for frozen features with less
    than two equations for each weight.
    """

    name: ClassVar[str] = "least_squares"
    title: ClassVar[str] = "least squares"
    descends: ClassVar[bool] = True

    rcond: float = 1e-14
    cut: float = 1e-13
    steps: int = 3

    def __post_init__(self) -> None:
        check_steps("LeastSquares", self.steps)
        for key in ("rcond", "cut"):
            if not 0 <= getattr(self, key) < 1:
                raise ValueError(f"LeastSquares needs 0 <= {key} < 1, got {key}={getattr(self, key)}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _LastLayer(self, params)

    def working_set(self, M: int, params: Params) -> float:
        """The columns of the last layer, scaled, and a copy for its singular values."""
        return super().working_set(M, params) + 3 * M * size_of({name: params[name] for name in _last_layer(params)})


class _LastLayer(Iteration):
    name = LeastSquares.name
    accepts_new_points = True

    def __init__(self, recipe: LeastSquares, params: Params) -> None:
        self.params = copied(params)
        self._recipe, self._share = recipe, 1.0  # of a step that is tried first
        self._stalled = False
        self._tables: OutputTables | None = None
        self._version: int | None = None  # of the objective that the tables are of

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        origin = None if self._tables is None else self._tables.start
        return {"params": self.params, "stalled": self._stalled, "share": self._share, "origin": origin}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._stalled = dict(state["params"]), state["stalled"]
        self._share = state.get("share", 1.0)
        if (origin := state.get("origin")) is not None:  # tables from elsewhere round in another way
            self._tabulate(objective, {**self.params, **origin})

    def reduce_step(self) -> None:
        """A third of each step."""
        self._share /= 3

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        start = objective.evaluate(self.params)
        last, r, A = self._linearized(objective)
        step = self._share * _minimiser(A, -r, self._recipe.rcond)
        step = step if self._tables is None else self._tables.expanded(step)
        c, self._stalled = flatten(last), True
        for _ in range(_HALVINGS):
            trial = {**self.params, **unflatten(c + step, last)}
            if objective.evaluate(trial).loss < start.loss:
                self.params, self._stalled = trial, False
                break
            step = step / 2
        return start

    def _tabulate(self, objective: Objective, params: Params) -> None:
        cut = self._recipe.cut if isinstance(objective.network, FrozenFeatures) else None
        self._tables, self._version = OutputTables(objective, params, cut), objective.version

    def _linearized(self, objective: Objective) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """The output weights now, and r and J by them; with several ranks their triangular factor."""
        if objective.ranks.single_block:
            if self._tables is None or self._version != objective.version:
                self._tabulate(objective, self.params)
            assert self._tables is not None
            last = {name: self.params[name] for name in self._tables.names}
            r, A = self._tables.linearize(last)
            if isinstance(objective.network, FrozenFeatures) and len(A) < _ROWS * A.shape[1]:
                # They could fit their points and nothing between them.
                raise ValueError(
                    f"{A.shape[1]} frozen features need {_ROWS} equations each at least, and there are {len(A)}: "
                    "raise sampler.interior, or lower the width or the frequency of the features."
                )
            return last, r, A
        names = output_names(objective, self.params)
        hidden = {name: value for name, value in self.params.items() if name not in names}
        last = {name: self.params[name] for name in names}
        rs, As = objective.fixing(hidden).linearize_blocks(last)
        # min ‖Ac + r‖ has the minimiser of min ‖Rc + s‖ with (R, s) from QR of (A, r).
        R = triangular([torch.cat([B, b[:, None]], 1) for B, b in zip(As, rs, strict=True)], objective.ranks)
        return last, R[:, -1], R[:, :-1]


def _last_layer(params: Params) -> list[str]:
    """The names of the parameters of the module that holds the last one."""
    layer = list(params)[-1].rpartition(".")[0]
    return [name for name in params if name.rpartition(".")[0] == layer]


def _minimiser(A: Tensor, b: Tensor, rcond: float) -> Tensor:
    """The c that minimises ‖Ac − b‖² + λ‖c‖² in columns of norm 1, where √λ is rcond times the largest singular value.

    By QR decomposition of (A, b), which does not square the condition number; directions below √λ are left alone.
    """
    scale = A.norm(dim=0)
    scale = torch.where(scale > 0, scale, 1)
    n = A.shape[1]
    if len(A) < n:  # the shortest solution, without directions that the rows do not see
        U, S, Vh = torch.linalg.svd(A / scale, full_matrices=False)
        return Vh.mT @ (torch.where(rcond * S[0] < S, 1 / S, 0) * (U.mT @ b)) / scale
    R = torch.linalg.qr(torch.cat([A / scale, b[:, None]], 1), mode="r").R
    damped = torch.zeros(n, n + 1, dtype=A.dtype, device=A.device)
    damped.diagonal().fill_(max(rcond, torch.finfo(A.dtype).eps) * float(R[:n, :n].norm()))
    R = torch.linalg.qr(torch.cat([R[:n], damped]), mode="r").R
    return torch.linalg.solve_triangular(R[:n, :n], R[:n, n:], upper=True)[:, 0] / scale
