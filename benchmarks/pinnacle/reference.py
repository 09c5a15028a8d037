"""What a run is compared with: values at fixed points, with their own error."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.quasirandom import SobolEngine

from pinn.domains import Domain
from pinn.runs.atomic_write import atomic_write

Array = np.ndarray


@dataclass(frozen=True)
class Reference:
    """Values (N, m) of the solution at points (N, d), time first; their relative L2 `error` is 0 for a closed form."""

    points: Array
    values: Array
    error: float

    def distance(self, values: Array) -> float:
        """The relative L2 error of other values (N, m) at these points, of all components together."""
        return relative(values, self.values)

    @classmethod
    def kept(cls, path: Path, compute: "Callable[[], Reference]") -> "Reference":
        """The reference in a file, computed and written if there is none."""
        if path.is_file():
            stored = np.load(path)
            return cls(stored["points"], stored["values"], float(stored["error"]))
        found = compute()
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, points=found.points, values=found.values, error=found.error)
        return found


def relative(values: Array, truth: Array) -> float:
    """‖values − truth‖ / ‖truth‖."""
    return float(np.linalg.norm(values - truth) / np.linalg.norm(truth))


def spread(domain: Domain, count: int = 10_000) -> Array:
    """`count` points of a Sobol sequence inside a domain: (count, d), always the same."""
    numbers = SobolEngine(domain.interior_sample_dim, scramble=True, seed=0).draw(count, dtype=torch.float64)
    return domain.interior(numbers).numpy()


def closed_form(domain: Domain, solution: Callable[[Array], Array]) -> Reference:
    """A formula (N, d) → (N,) or (N, m) at points of the domain."""
    points = spread(domain)
    values = solution(points)
    return Reference(points, values.reshape(len(points), -1), 0.0)
