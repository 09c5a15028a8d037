"""When training is good enough, or as good as it gets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Reason = Literal["steps", "budget", "finished", "stalled", "target_error", "target_residual", "stagnation"]


class State(Protocol):
    """What a rule may ask of training after a step; each figure costs an evaluation."""

    @property
    def step(self) -> int: ...

    @property
    def start_residual(self) -> float: ...

    @property
    def stop(self) -> Reason | None: ...

    @property
    def rel_l2(self) -> float: ...

    @property
    def train_residual(self) -> float: ...

    @property
    def heldout_residual(self) -> float: ...


@dataclass(frozen=True)
class Stopping:
    """Rules that end training before its steps and its budget do; None leaves a rule out.

    `target_error` is a relative L2 error, `target_residual` a residual ‖r‖ at held-out points; `patience` is the number
    of steps within which that residual has to fall by `progress`. The rules look every `every` steps, since each look
    costs an evaluation. Raises ValueError for targets and patience that are not positive, and unless 0 < progress < 1
    and every >= 1.
    """

    target_error: float | None = None
    target_residual: float | None = None
    patience: int | None = None
    progress: float = 0.01
    every: int = 10

    def __post_init__(self) -> None:
        for name in ("target_error", "target_residual", "patience"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"Stopping needs a finite {name} > 0, or null for none, got {name}={value}.")
        if not 0 < self.progress < 1:
            raise ValueError(f"Stopping needs 0 < progress < 1, got progress={self.progress}.")
        if self.every < 1:
            raise ValueError(f"Stopping needs every >= 1 steps, got every={self.every}.")

    def words(self, state: State, reason: Reason | None) -> str:
        """Why a run has stopped, with the figures of the rule that stopped it."""
        if reason == "target_error":
            return f"target_error: {state.rel_l2:.1e} ≤ {self.target_error:g}"
        if reason == "target_residual":
            return f"target_residual: {state.heldout_residual:.1e} ≤ {self.target_residual:g}"
        if reason == "stagnation":
            return f"stagnation: no fall by {self.progress:.3g} within {self.patience} steps"
        return str(reason)

    def start(self, *, error_known: bool) -> "Watch":
        """Begin to watch a run. Raises ValueError for a target error if no solution is known."""
        if self.target_error is not None and not error_known:
            raise ValueError("target_error needs a PDE whose exact solution is known and not 0; use target_residual.")
        return Watch(self)


class Watch:
    """The rules at work on one run."""

    def __init__(self, rules: Stopping) -> None:
        self._rules = rules
        self._best = math.inf
        self._best_step = 0

    def state_dict(self) -> dict[str, float]:
        """The best residual so far and its step."""
        return {"best": self._best, "best_step": self._best_step}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._best, self._best_step = state["best"], state["best_step"]

    def reason(self, state: State) -> Reason | None:
        """Why to stop at this state; None to go on. Error and residual are asked for if a rule needs them."""
        rules = self._rules
        if state.step % rules.every:
            return None
        if rules.target_error is not None and state.rel_l2 <= rules.target_error:
            return "target_error"
        if rules.target_residual is not None and state.heldout_residual <= rules.target_residual:
            return "target_residual"
        if rules.patience is not None:
            if state.heldout_residual < (1 - rules.progress) * self._best:
                self._best, self._best_step = state.heldout_residual, state.step
            elif state.step - self._best_step >= rules.patience:
                return "stagnation"
        return None
