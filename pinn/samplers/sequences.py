"""Points from a sequence of numbers, blind to the solution."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.objective import Objective, Sample
from pinn.samplers.sampler import Sampler, like_of
from pinn.typing import Draw, Params


@dataclass(frozen=True)
class Uniform(Sampler):
    """Pseudo-random points, independent and uniform."""

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        # Drawn on the CPU, so that a seed means the same points on every device.
        return lambda n, k: torch.rand(n, k, generator=generator, dtype=like.dtype).to(like.device)

    def redraw(self, objective: Objective, params: Params, generator: torch.Generator) -> dict[str, Sample]:
        return self.sample(objective.conditions, generator, like_of(objective.samples))


@dataclass(frozen=True)
class Sobol(Sampler):
    """Quasi-random points: a Sobol sequence with random scrambling (Owen 1998), more even than random ones."""

    def source(self, generator: torch.Generator, like: Tensor) -> Draw:
        return sobol(generator, like)

    def redraw(self, objective: Objective, params: Params, generator: torch.Generator) -> dict[str, Sample]:
        return self.sample(objective.conditions, generator, like_of(objective.samples))


def sobol(generator: torch.Generator, like: Tensor) -> Draw:
    """Scrambled Sobol sequences, another scrambling each time; random numbers above 21201 coordinates."""

    def draw(n: int, k: int) -> Tensor:
        if k > torch.quasirandom.SobolEngine.MAXDIM:
            return torch.rand(n, k, generator=generator, dtype=like.dtype).to(like.device)
        seed = int(torch.randint(2**31, (), generator=generator))
        return torch.quasirandom.SobolEngine(k, scramble=True, seed=seed).draw(n, dtype=like.dtype).to(like.device)

    return draw
