"""L-BFGS with a strong Wolfe line search."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.objective.memory import size_of
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.quasi_newton import InverseHessian, QuasiNewton
from pinn.typing import Params


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu & Nocedal 1989), `history` pairs, strong Wolfe line search.

    Its curvature pairs belong to fixed points, so it keeps the points that it begins with.
    Raises ValueError unless history >= 1 and steps >= 1.
    """

    name: ClassVar[str] = "lbfgs"
    title: ClassVar[str] = "L-BFGS"
    descends: ClassVar[bool] = True

    history: int = 100
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("LBFGS", self.steps)
        if self.history < 1:
            raise ValueError(f"LBFGS needs history >= 1, got history={self.history}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return QuasiNewton(self.name, params, _Pairs(self.history), accepts_new_points=False)

    def working_set(self, M: int, params: Params) -> float:
        """The pairs."""
        return super().working_set(M, params) + 2 * min(self.history, self.steps) * size_of(params)


class _Pairs(InverseHessian):
    """The BFGS matrix of the last pairs (s, y), which begins as γI with γ = sᵀy/yᵀy of the newest one."""

    def __init__(self, most: int) -> None:
        self._pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=most)  # s, y and 1/yᵀs, the newest one last

    @property
    def is_identity(self) -> bool:
        return not self._pairs

    def times(self, g: Tensor) -> Tensor:
        """Hg by two loops over the pairs (Nocedal & Wright 2006, algorithm 7.4)."""
        if self.is_identity:
            return g
        q, parts = g.clone(), []
        for s, y, inverse in reversed(self._pairs):
            parts.append(inverse * s.dot(q))
            q -= parts[-1] * y
        _, y, inverse = self._pairs[-1]
        q /= inverse * y.dot(y)
        for (s, y, inverse), part in zip(self._pairs, reversed(parts), strict=True):
            q += (part - inverse * y.dot(q)) * s
        return q

    def update(self, s: Tensor, y: Tensor, sBs: float) -> None:
        if float(y @ s) > torch.finfo(s.dtype).eps * sBs:  # as in L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995)
            self._pairs.append((s, y, 1 / y.dot(s)))

    def forget(self) -> None:
        self._pairs.clear()

    def state_dict(self) -> dict[str, Any]:
        return {"s": [s for s, _, _ in self._pairs], "y": [y for _, y, _ in self._pairs]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.forget()
        pairs = zip(state["s"], state["y"], strict=True) if "s" in state else _pairs_of_torch(state)
        self._pairs.extend((s, y, 1 / y.dot(s)) for s, y in pairs)


def _pairs_of_torch(state: Mapping[str, Any]) -> list[tuple[Tensor, Tensor]]:
    """The pairs in a checkpoint of version 0.1, which holds `torch.optim.LBFGS` and a unit of the loss."""
    (method,) = state["method"]["state"].values() if "method" in state else ({},)
    return [(s, y / state["unit"]) for s, y in zip(method.get("old_stps", ()), method.get("old_dirs", ()), strict=True)]
