"""The best parameters of a training, where it may end at bad ones: a step right after a redraw of points, say."""

from collections.abc import Mapping
from typing import Any

from pinn.optimizers.parameters import copied
from pinn.training.guard import GuardEvent
from pinn.training.step import Step, changed
from pinn.typing import Params

WORSE = 2.0
"""By how much the residual at held-out points has to be above the best one for its parameters to be taken back."""


class Best:
    """The parameters with the least residual at held-out points, among the steps at which the guard looks."""

    def __init__(self) -> None:
        self._step, self._heldout = 0, float("inf")
        self._params: Params | None = None
        self.taken = False
        """Whether training has ended with them."""

    def state_dict(self) -> dict[str, Any]:
        """The step, its residual and its parameters, and whether training has ended with them."""
        return {"step": self._step, "heldout": self._heldout, "params": self._params, "taken": self.taken}

    def load_state_dict(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a `state`; runs of older versions have none."""
        if state is not None:
            self._step, self._heldout, self._params = state["step"], state["heldout"], state["params"]

    def look(self, step: Step) -> None:
        """Compare a step whose residual at held-out points is known."""
        if step.heldout_residual < self._heldout:
            self._step, self._heldout, self._params = step.step, step.heldout_residual, copied(step.params)

    def ended(self, step: Step) -> tuple[Step, GuardEvent | None]:
        """The last step, with the best parameters if its own are worse by far, and what is to be told of it."""
        if self._params is None or step.heldout_residual <= WORSE * self._heldout:
            return step, None
        self.taken = True
        event = GuardEvent(
            step.step,
            step.train_residual,
            step.heldout_residual,
            f"the parameters of step {self._step} are kept, with {self._heldout:.2e} at held-out points",
        )
        return changed(step, params=self._params), event

    @property
    def params(self) -> Params | None:
        """The best parameters; None before the first look."""
        return self._params
