"""What a weighting is: a recipe, and the balance that it keeps during a run."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.typing import Params


class WeightState(ABC):
    """The weights λ of a run, which multiply the squares of the residuals: one for a condition, or one for each point.

    They come on top of the weights w of the conditions, L = Σ_c w_c mean λ |r_c|². Weights of points begin again when
    new points are drawn.
    """

    def __init__(self) -> None:
        self.weights: Mapping[str, Tensor] = {}
        self._weighted: Objective | None = None
        self._version = self._points_version = -1  # of the objective without weights

    def applied(self, plain: Objective, params: Params, step: int) -> Objective:
        """`plain` with the weights of this step; of the same version as before if nothing has changed."""
        other, fresh = plain.version != self._version, plain.points_version != self._points_version
        if other:
            self._all = plain.on_one_process()
        changed = self.update(self._all, params, step, fresh=fresh)
        if other or changed or self._weighted is None:
            self._weighted = self._apply(plain)
        return self._weighted

    def state_dict(self) -> dict[str, Any]:
        """All that the next weights depend on, as plain data and tensors."""
        return {"weights": dict(self.weights), **self.own_state_dict()}

    def load_state_dict(self, state: Mapping[str, Any], plain: Objective) -> Objective:
        """Go on from a `state`, whose last objective without weights was `plain`; the same with its weights."""
        self.weights = state["weights"]
        self.load_own_state_dict(state, plain)
        self._all, self._weighted = plain.on_one_process(), self._apply(plain)
        return self._weighted

    def _apply(self, plain: Objective) -> Objective:
        self._version, self._points_version = plain.version, plain.points_version
        return plain.weighted(self.weights)

    def own_state_dict(self) -> dict[str, Any]:
        """What a method keeps beside the weights."""
        return {}

    def load_own_state_dict(self, state: Mapping[str, Any], plain: Objective) -> None:  # noqa: B027  (most keep nothing)
        """Go on from what `own_state_dict` has given."""

    @abstractmethod
    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        """Set `weights`; whether they changed. `fresh`: the points are others than at the last update."""

    @property
    def figures(self) -> dict[str, float]:
        """The mean weight of each condition, for the log."""
        return {f"weight_{name}": float(value.mean()) for name, value in self.weights.items()}


class Weighting(ABC):
    """A frozen dataclass with the numbers of a method."""

    @abstractmethod
    def start(self, generator: torch.Generator) -> WeightState:
        """Begin a run; what is random comes from the generator."""


@dataclass(frozen=True)
class Fixed(Weighting):
    """The weights of the conditions and no others."""

    def start(self, generator: torch.Generator) -> WeightState:
        return _Unchanged()


class _Unchanged(WeightState):
    def update(self, plain: Objective, params: Params, step: int, *, fresh: bool) -> bool:
        return False


def check_every(name: str, every: int) -> None:
    """Raise ValueError for an interval below 1."""
    if every < 1:
        raise ValueError(f"{name} needs every >= 1 steps, got every={every}.")


def check_share(name: str, key: str, value: float) -> None:
    """Raise ValueError for a share of memory outside [0, 1)."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} needs 0 <= {key} < 1, got {key}={value}.")
