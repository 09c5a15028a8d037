"""What an optimizer is: a recipe that starts an iteration over parameters."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from pinn.objective import LossTerms, Objective
from pinn.objective.memory import size_of
from pinn.typing import Params

_COPIES = 4
"""Of the parameters: those of the network, of the iteration, of its last step and of the one before."""


class Iteration(ABC):
    """A running optimization: `params` now, and the `step` to the next."""

    params: Params
    name: str
    """The method at work, for the log."""
    accepts_new_points: bool
    """Whether new points are welcome in mid-course."""
    figures: Mapping[str, float] = MappingProxyType({})
    """Numbers of the method that deserve a column in the log, such as its damping."""
    finished: bool = False
    """Whether the method has come to the end of its work, as one that goes forward in time does."""

    @abstractmethod
    def step(self, objective: Objective) -> LossTerms:
        """Take one step, and return the objective at the parameters from which it started.

        The objective may be another from step to step, if points, weights or random directions change: see its
        `version`.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that the next steps depend on, as plain data: numbers, texts, tensors, and lists and dicts of these.

        The tensors are those of the iteration itself, which the next step may change: write them, or copy them.
        """

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        """Go on from a `state` of another iteration of the same optimizer, whose last objective was `objective`.

        The steps that follow are bit for bit those that the other would have taken.
        """

    @abstractmethod
    def reduce_step(self) -> None:
        """Take smaller steps from here on, after one that led to numbers that are not finite."""

    @property
    @abstractmethod
    def stalled(self) -> bool:
        """Whether the last step changed nothing, so that no further one will."""


class Optimizer(ABC):
    """A frozen dataclass with the numbers of a method; `steps` is its usual number of steps."""

    name: ClassVar[str] = ""
    """The method in the log, as its iterations have it; empty for one that bears the names of others."""
    title: ClassVar[str] = ""
    """The method in a figure; `name` if it is empty."""
    first_order: ClassVar[bool] = False
    """Whether it follows gradients alone, without curvature."""
    descends: ClassVar[bool] = False
    """Whether no step raises the loss as long as the points stay."""
    takes_jacobian: ClassVar[bool] = False
    """Whether it differentiates each residual, and not the loss alone."""
    holds_jacobian: ClassVar[bool] = True
    """Whether it has all of these derivatives at once, and not those of a chunk of points."""
    general: ClassVar[bool] = True
    """Whether it trains any network on any problem."""
    steps: int

    @abstractmethod
    def start(self, params: Params, steps: int) -> Iteration:
        """Begin at `params`, for `steps` steps, which a learning-rate schedule may plan on."""

    def working_set(self, M: int, params: Params) -> float:
        """About how many numbers a step holds for M residuals beside what the objective does: copies of θ at least."""
        return _COPIES * size_of(params)


def method_titles() -> dict[str, str]:
    """What figures call the methods, by their names in the log, of all optimizers that have been imported."""
    kinds = list(Optimizer.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.name: kind.title or kind.name for kind in kinds if kind.name}


def check_steps(name: str, steps: int) -> None:
    """Raise ValueError for a number of steps below 1."""
    if steps < 1:
        raise ValueError(f"{name} needs steps >= 1, got steps={steps}.")
