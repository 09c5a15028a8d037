"""The last layer by linear least squares: random features for linear equations, Gauss–Newton for others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.objective.memory import size_of
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.parallel import triangular
from pinn.typing import Params

_HALVINGS = 12


@dataclass(frozen=True)
class LeastSquares(Optimizer):
    """Solves for the last layer alone: with the others fixed, u is linear in it, u = Σ_j c_j φ_j (x) + c_0.

    For a linear equation r(c) = r₀ + Ac, and one step, min_c ‖r₀ + Ac‖, is all there is to do: the random feature
    method (Chen, Chi, E & Yang 2022), or extreme learning machine (Dong & Li 2021), for a wide network of one hidden
    layer. For a nonlinear one each step is one of Gauss–Newton, halved until the loss falls. The solution comes from
    the singular values of A above `rcond` times the largest, so that the condition number is not squared.

    The last layer is the module that holds the last parameter. The work is M·n² for M residuals and n features. Raises
    ValueError unless rcond >= 0 and steps >= 1.
    """

    name: ClassVar[str] = "least_squares"
    title: ClassVar[str] = "least squares"
    descends: ClassVar[bool] = True

    rcond: float = 1e-14
    steps: int = 3

    def __post_init__(self) -> None:
        check_steps("LeastSquares", self.steps)
        if not 0 <= self.rcond < 1:
            raise ValueError(f"LeastSquares needs 0 <= rcond < 1, got rcond={self.rcond}.")

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
        self._last = _last_layer(params)

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        return {"params": self.params, "stalled": self._stalled, "share": self._share}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._stalled = dict(state["params"]), state["stalled"]
        self._share = state.get("share", 1.0)

    def reduce_step(self) -> None:
        """A third of each step."""
        self._share /= 3

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        start = objective.evaluate(self.params)
        hidden = {name: value for name, value in self.params.items() if name not in self._last}
        last = {name: self.params[name] for name in self._last}
        rs, As = objective.fixing(hidden).linearize_blocks(last)
        r, A = rs[0], As[0]
        if not objective.ranks.single_block:
            # min ‖Ac + r‖ has the minimiser of min ‖Rc + s‖ with (R, s) from QR of (A, r).
            R = triangular([torch.cat([B, b[:, None]], 1) for B, b in zip(As, rs, strict=True)], objective.ranks)
            A, r = R[:, :-1], R[:, -1]
        step = self._share * _minimiser(A, -r, self._recipe.rcond)
        c, self._stalled = flatten(last), True
        for _ in range(_HALVINGS):
            trial = {**self.params, **unflatten(c + step, last)}
            if objective.evaluate(trial).loss < start.loss:
                self.params, self._stalled = trial, False
                break
            step = step / 2
        return start


def _last_layer(params: Params) -> list[str]:
    """The names of the parameters of the module that holds the last one."""
    layer = list(params)[-1].rpartition(".")[0]
    return [name for name in params if name.rpartition(".")[0] == layer]


def _minimiser(A: Tensor, b: Tensor, rcond: float) -> Tensor:
    """The shortest c that minimises ‖Ac − b‖, without singular values below rcond times the largest."""
    scale = A.norm(dim=0)
    scale = torch.where(scale > 0, scale, 1)
    if A.device.type == "cpu":
        c = torch.linalg.lstsq(A / scale, b[:, None], rcond=rcond, driver="gelsd").solution[:, 0]
    else:
        U, S, Vh = torch.linalg.svd(A / scale, full_matrices=False)
        inverse = torch.where(rcond * S[0] < S, 1 / S, 0)
        c = Vh.mT @ (inverse * (U.mT @ b))
    return c / scale
