"""Samplers: where collocation points come from, and when they are drawn anew."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains import Interior
from pinn.objective import Sample
from pinn.pdes import Condition
from pinn.typing import Draw


@dataclass(frozen=True)
class Sampler(ABC):
    """`interior` points in the domain and `boundary` points on each other region, drawn anew every `every` steps.

    `every=0` keeps the first points. Raises ValueError for counts below 1 and a negative `every`.
    """

    interior: int = 1000
    boundary: int = 200
    every: int = 100

    def __post_init__(self) -> None:
        name = type(self).__name__
        for count in ("interior", "boundary"):
            if getattr(self, count) < 1:
                raise ValueError(f"{name} needs {count} >= 1 points, got {count}={getattr(self, count)}.")
        if self.every < 0:
            raise ValueError(f"{name} needs every >= 0 (0 keeps the first points), got every={self.every}.")

    @abstractmethod
    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        """Numbers uniform on [0, 1), with the dtype and device of `like`."""

    def sample(self, conditions: Sequence[Condition], generator: torch.Generator, like: Tensor) -> dict[str, Sample]:
        """Points for each condition by name."""
        draw = self.source(generator, like)
        return {c.name: c.region.sample(self._count(c), draw) for c in conditions}

    def _count(self, condition: Condition) -> int:
        return self.interior if isinstance(condition.region, Interior) else self.boundary


@dataclass(frozen=True)
class Uniform(Sampler):
    """Pseudo-random points, independent and uniform."""

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        # Drawn on the CPU, so that a seed means the same points on every device.
        return lambda n, k: torch.rand(n, k, generator=generator, dtype=like.dtype).to(like.device)


@dataclass(frozen=True)
class Sobol(Sampler):
    """Quasi-random points: a Sobol sequence with random scrambling (Owen 1998), more even than random ones."""

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        def draw(n: int, k: int) -> Tensor:
            seed = int(torch.randint(2**31, (), generator=generator))
            return torch.quasirandom.SobolEngine(k, scramble=True, seed=seed).draw(n, dtype=like.dtype).to(like.device)

        return draw
