"""Quasi-Newton methods: steps along −H∇L to a point of strong Wolfe, for some H ≈ (∇²L)⁻¹."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.optimizers.line_search import Trial, strong_wolfe
from pinn.optimizers.optimizer import Iteration
from pinn.optimizers.parameters import copied, flatten, unflatten
from pinn.typing import Params

Place = tuple[Params, LossTerms, Tensor]
"""At a point of the line search: the parameters, the objective and its gradient, shape (P,)."""


class InverseHessian(ABC):
    """H ≈ (∇²L)⁻¹ from steps s = Δθ and the changes y = Δ∇L that they made, the identity at first."""

    @property
    @abstractmethod
    def is_identity(self) -> bool:
        """Whether H knows no step."""

    @abstractmethod
    def times(self, g: Tensor) -> Tensor:
        """Hg, shape (P,)."""

    @abstractmethod
    def update(self, s: Tensor, y: Tensor, sBs: float) -> None:
        """The next H, with sᵀH⁻¹s = sBs; it stays if rounding has spoilt the yᵀs > 0 that the line search promises."""

    @abstractmethod
    def forget(self) -> None:
        """The identity again."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that H depends on, as plain data and tensors."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`, which may hold more than H."""


class QuasiNewton(Iteration):
    """One line search a step; each gradient is evaluated once."""

    def __init__(self, name: str, params: Params, hessian: InverseHessian, *, accepts_new_points: bool) -> None:
        """`accepts_new_points`: whether H says something about the loss at other points, too; else it begins again."""
        self.name, self.accepts_new_points = name, accepts_new_points
        self.params = copied(params)
        self._H = hessian
        self._here: Place | None = None
        self._version: int | None = None  # of the objective to which `_here` belongs
        self._stalled = False
        self._length, self._longest = 1.0, math.inf  # of the last step, and the bound of the next one

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        lengths = {"length": self._length, "longest": self._longest}
        return {"params": self.params, "stalled": self._stalled, **lengths, **self._H.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self.params, self._stalled = dict(state["params"]), state["stalled"]
        self._length, self._longest = state.get("length", 1.0), state.get("longest", math.inf)
        self._H.load_state_dict(state)
        self._here, self._version = None, objective.version  # the gradient is evaluated again, and H stays

    def reduce_step(self) -> None:
        """The identity for H, and a third of the last length at first, which may double at each step."""
        self._H.forget()
        self._longest = min(self._longest, self._length) / 3

    def step(self, objective: Objective) -> LossTerms:
        _, loss_terms, g = here = self._evaluated(objective)
        theta, d = flatten(self.params), -self._H.times(g)
        if not bool(g @ d < 0):
            self._H.forget()
            d = -g
        slope = float(g @ d)
        # Along −∇L the unit of length is unknown: a first step that moves θ by one at most.
        first = min(1.0, 1 / max(float(d.abs().sum()), 1e-300)) if self._H.is_identity else 1.0
        longest = self._longest / max(float(d.norm()), 1e-300) if self._longest < math.inf else math.inf
        start = Trial(0.0, float(loss_terms.loss), slope, here)
        end = strong_wolfe(partial(self._at, objective, theta, d), start, first, longest) if slope < 0 else None
        if end is None:
            # A worn-out H may be at fault; without it there is nothing left to try.
            self._stalled = self._H.is_identity
            self._H.forget()
            return loss_terms
        s, y, sBs = end.alpha * d, end.place[2] - g, -end.alpha * slope * end.alpha
        self.params, self._here = end.place[0], end.place
        self._length, self._longest = float(s.norm()), 2 * self._longest
        self._H.update(s, y, sBs)
        return loss_terms

    def _evaluated(self, objective: Objective) -> Place:
        """The loss and its gradient at the parameters."""
        if objective.version != self._version and not self.accepts_new_points:
            self._H.forget()
        if objective.version != self._version or self._here is None:
            loss_terms, gradient = objective.gradient(self.params)
            self._here = self.params, loss_terms, flatten(gradient)
            self._version = objective.version
        return self._here

    def _at(self, objective: Objective, theta: Tensor, d: Tensor, alpha: float) -> Trial[Place]:
        params = unflatten(theta + alpha * d, self.params)
        loss_terms, gradient = objective.gradient(params)
        g = flatten(gradient)
        return Trial(alpha, float(loss_terms.loss), float(g @ d), (params, loss_terms, g))
