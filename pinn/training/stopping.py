"""When training is good enough, or as good as it gets."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pinn.trust import ErrorEstimate
from pinn.trust.energy_gap import EnergyGap

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

    @property
    def estimated_error(self) -> ErrorEstimate: ...

    @property
    def energy_gap(self) -> EnergyGap | None: ...


@dataclass(frozen=True)
class Stopping:
    """Rules that end training before its steps and its budget do; None leaves a rule out.

    `target_error` is a relative L2 error, or an estimate of it (`pinn.trust.estimate_error`) if no exact solution is
    known; an estimate takes seconds, so it waits until the residual at held-out points has halved. `target_residual` is
    a residual ‖r‖ at these points, and `patience` the number of steps within which it has to fall by `progress`. The
    rules look every `every` steps, since each look costs an evaluation. Raises ValueError for targets and patience that
    are not positive, and unless 0 < progress < 1 and every >= 1.
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
        if reason == "target_error" and math.isnan(state.rel_l2):
            return f"target_error: estimated {state.estimated_error.relative_l2:.1e} ≤ {self.target_error:g}"
        if reason == "target_error":
            return f"target_error: {state.rel_l2:.1e} ≤ {self.target_error:g}"
        if reason == "target_residual":
            return f"target_residual: {state.heldout_residual:.1e} ≤ {self.target_residual:g}"
        if reason == "stagnation":
            return f"stagnation: no fall by {self.progress:.3g} within {self.patience} steps"
        return str(reason)

    def start(self, *, error_known: bool, estimable: bool = False) -> "Watch":
        """Begin to watch a run. Raises ValueError for a target error that is neither known nor `estimable`."""
        if self.target_error is not None and not (error_known or estimable):
            raise ValueError(
                "target_error needs a PDE whose exact solution is not 0, and no unknown coefficients, whose error is "
                "that of noise; use target_residual."
            )
        return Watch(self, error_known=error_known)


class Watch:
    """The rules at work on one run."""

    def __init__(self, rules: Stopping, *, error_known: bool = True) -> None:
        self._rules, self._error_known = rules, error_known
        self._estimated_at = math.inf  # the residual at which the error was estimated last
        self._best = math.inf
        self._best_step = 0

    def state_dict(self) -> dict[str, float]:
        """The best residual so far and its step."""
        return {"best": self._best, "best_step": self._best_step, "estimated_at": self._estimated_at}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self._best, self._best_step = state["best"], state["best_step"]
        self._estimated_at = state.get("estimated_at", math.inf)

    def reason(self, state: State) -> Reason | None:
        """Why to stop at this state; None to go on. Error and residual are asked for if a rule needs them."""
        rules = self._rules
        if state.step % rules.every:
            return None
        if rules.target_error is not None and self._error(state) <= rules.target_error:
            return "target_error"
        if rules.target_residual is not None and state.heldout_residual <= rules.target_residual:
            return "target_residual"
        if rules.patience is not None:
            if state.heldout_residual < (1 - rules.progress) * self._best:
                self._best, self._best_step = state.heldout_residual, state.step
            elif state.step - self._best_step >= rules.patience:
                return "stagnation"
        return None

    def _error(self, state: State) -> float:
        """The error, or an estimate of it if one is due; infinite if there is none."""
        if self._error_known:
            return state.rel_l2
        if state.heldout_residual > 0.5 * self._estimated_at:
            return math.inf
        self._estimated_at = state.heldout_residual
        return state.estimated_error.relative_l2 if state.estimated_error.known else math.inf
