"""L-BFGS with a strong Wolfe line search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.objective import LossTerms, Objective
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import assign, copied, flatten
from pinn.typing import Params


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu & Nocedal 1989), `history` pairs, strong Wolfe line search.

    Its curvature pairs belong to fixed points, so it keeps the points that it begins with.
    Raises ValueError unless history >= 1 and steps >= 1.
    """

    history: int = 100
    steps: int = 1000

    def __post_init__(self) -> None:
        check_steps("LBFGS", self.steps)
        if self.history < 1:
            raise ValueError(f"LBFGS needs history >= 1, got history={self.history}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _QuasiNewton(self, params)


class _QuasiNewton(Iteration):
    """torch.optim.LBFGS, one iteration a step.

    torch evaluates anew at the start of each call what its line search has just evaluated; remembering the last line
    search saves that. And torch drops every pair with yᵀs ≤ 1e-10, an absolute bound that a small loss soon meets, so
    it is shown the loss in units in which it starts at 10⁶; the method itself is invariant to them.
    """

    name = "lbfgs"
    accepts_new_points = False

    def __init__(self, recipe: LBFGS, params: Params) -> None:
        self.params = copied(params)
        self._recipe = recipe
        self._objective: Objective | None = None
        self._stalled = False

    @property
    def stalled(self) -> bool:
        return self._stalled

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {"params": self.params, "stalled": self._stalled}
        if self._objective is not None:
            state |= {"unit": self._unit, "method": self._optimizer.state_dict()}
        return state

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        assign(self.params, state["params"])
        self._stalled = state["stalled"]
        if "method" in state:
            self._objective, self._seen, self._unit = objective, [], state["unit"]
            self._optimizer = self._begun()
            self._optimizer.load_state_dict(state["method"])

    def reduce_step(self) -> None:
        """Begin again without curvature pairs."""
        self._objective = None

    def step(self, objective: Objective) -> LossTerms:
        if objective is not self._objective:
            self._objective, self._seen = objective, []
            loss = float(objective.evaluate(self.params).loss)
            self._unit = 1e6 / loss if loss > 0 else 1.0
            self._optimizer = self._begun()
        known, self._seen = self._seen, []
        start = flatten(self.params)
        evaluation = self._evaluate(objective, known)

        def closure() -> Tensor:
            return self._evaluate(objective, known).loss * self._unit

        self._optimizer.step(closure)
        self._stalled = torch.equal(start, flatten(self.params))
        return evaluation

    def _begun(self) -> torch.optim.LBFGS:
        return torch.optim.LBFGS(
            self.params.values(),
            max_iter=1,
            max_eval=30,
            history_size=self._recipe.history,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

    def _evaluate(self, objective: Objective, known: list[tuple[Tensor, LossTerms, Params]]) -> LossTerms:
        """Loss and gradient at the parameters, from memory if they were there before."""
        here = flatten(self.params)
        memory = ((evaluation, gradient) for there, evaluation, gradient in (*self._seen, *known) if here.equal(there))
        evaluation, gradient = next(memory, None) or objective.gradient(self.params)
        self._seen.append((here, evaluation, gradient))
        for name, value in self.params.items():
            value.grad = gradient[name] * self._unit
        return evaluation
