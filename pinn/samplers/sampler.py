"""What a sampler is: a recipe for the points of each condition."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from pinn.domains import MOST_POINTS, Interior
from pinn.objective import Objective, Sample
from pinn.pdes import Condition
from pinn.typing import Draw, Params


@dataclass(frozen=True)
class Sampler(ABC):
    """`interior` points in the domain and `boundary` points on each other region, drawn again every `every` steps.

    `every=0` keeps the first points. Raises ValueError for counts below 1 and a negative `every`.
    """

    follows_residual: ClassVar[bool] = False
    """Whether new points lie where the residual is large."""

    interior: int = 1000
    boundary: int = 200
    every: int = 100

    def __post_init__(self) -> None:
        name = type(self).__name__
        for count in ("interior", "boundary"):
            if getattr(self, count) < 1:
                raise ValueError(f"{name} needs {count} >= 1 points, got {count}={getattr(self, count)}.")
            if getattr(self, count) > MOST_POINTS:
                raise ValueError(f"{name} takes {count} <= {MOST_POINTS} points, got {count}={getattr(self, count)}.")
        if self.every < 0:
            raise ValueError(f"{name} needs every >= 0 (0 keeps the first points), got every={self.every}.")
        self.check()

    def check(self) -> None:  # noqa: B027  (a sampler without numbers of its own has nothing to check)
        """Raise ValueError if numbers of the sampler's own are out of range."""

    def counts(self, interior: int, boundary: int) -> dict[str, int]:
        """The fields of a sampler like this one with so many points."""
        return {"interior": interior, "boundary": boundary}

    def with_points(self, interior: int, boundary: int) -> "Sampler":
        """The same sampler with other numbers of points."""
        return dataclasses.replace(self, **self.counts(interior, boundary))

    @abstractmethod
    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        """Numbers uniform on [0, 1), with the dtype and device of `like`."""

    @abstractmethod
    def redraw(self, objective: Objective, params: Params, generator: torch.Generator) -> dict[str, Sample]:
        """The points that follow those of `objective`, when training has come to `params`."""

    def sample(self, conditions: Sequence[Condition], generator: torch.Generator, like: Tensor) -> dict[str, Sample]:
        """The first points for each condition by name."""
        draw = self.source(generator, like)
        return {c.name: c.region.sample(self.count(c), draw) for c in conditions}

    def count(self, condition: Condition) -> int:
        """The number of points of a condition: all that there are of a finite region."""
        if condition.region.size is not None:
            return condition.region.size
        return self.interior if isinstance(condition.region, Interior) else self.boundary


def like_of(samples: Mapping[str, Sample]) -> Tensor:
    """A tensor with the dtype and device of the points."""
    return next(iter(samples.values()))[0]
