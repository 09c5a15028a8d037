"""A field with its uncertainty: what is to be said of its value at a point, and within which bounds it lies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from torch import Tensor

from pinn.training.solution import Solution

LEVEL = 0.95
"""The probability of the band in figures and pictures."""


@dataclass(frozen=True)
class Band:
    """The mean and the standard deviation of a field at every point, of the same shape: () or (m,) at a point.

    Both take points as a run does, one or many, tensors, arrays or lists, and so does the band itself, which gives the
    mean. `factor(level)` is the half width of the interval of that probability in deviations.
    """

    mean: Solution
    deviation: Solution
    factor: Callable[[float], float]

    @overload
    def __call__(self, x: Tensor) -> Tensor: ...

    @overload
    def __call__(self, x: Any) -> Any: ...

    def __call__(self, x: Any) -> Any:
        return self.mean(x)

    def interval(self, level: float = LEVEL) -> tuple[Solution, Solution]:
        """The bounds between which the value at a point lies with that probability, as fields.

        Raises ValueError unless 0 < level < 1.
        """
        width, (u, s) = self.factor(level), (self.mean.field, self.deviation.field)
        lower, upper = (lambda x: u(x) - width * s(x)), (lambda x: u(x) + width * s(x))
        dim, like, at_once = self.mean.dim, self.mean.like, self.deviation.at_once
        return Solution(lower, dim, like, at_once), Solution(upper, dim, like, at_once)
