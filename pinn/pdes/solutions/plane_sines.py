"""A closed-form field for very high dimension, which knows its own Laplacian."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor


class KnownLaplacian(ABC):
    """A scalar field with a closed-form Laplacian, which differentiation would find in d passes."""

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """u(x), shape ()."""

    @abstractmethod
    def laplacian(self, x: Tensor) -> Tensor:
        """Δu(x), shape ()."""


@dataclass(frozen=True)
class PlaneSines(KnownLaplacian):
    """u(x) = (1 − |x|²) w(x), w(x) = Σ_k sin(k·x), zero on the unit sphere; each k has d random entries ±wavenumber.

    In the unit ball of many dimensions |x|² ≈ 1, so k·x is nearly normal with standard deviation `wavenumber` whatever
    d is. All coordinates matter alike, and no linear function comes near: the best one in place of w has an error of
    39 % at wavenumber 1. `waves` and `seed` say how many wave vectors there are and which.
    Raises ValueError unless waves >= 1.

    >>> PlaneSines()(torch.zeros(1000))
    tensor(0.)
    """

    waves: int = 5
    wavenumber: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.waves < 1:
            raise ValueError(f"PlaneSines needs waves >= 1, got waves={self.waves}.")

    def __call__(self, x: Tensor) -> Tensor:
        return (1 - x.square().sum(-1)) * torch.sin(x @ self._wave_vectors(x)).sum(-1)

    def laplacian(self, x: Tensor) -> Tensor:
        """Δu = (1 − |x|²) Δw − 4 x·∇w − 2d w."""
        d = x.shape[-1]
        phase = x @ self._wave_vectors(x)
        w = torch.sin(phase).sum(-1)
        x_grad_w = (phase * torch.cos(phase)).sum(-1)
        laplacian_w = -d * self.wavenumber**2 * w
        return (1 - x.square().sum(-1)) * laplacian_w - 4 * x_grad_w - 2 * d * w

    def _wave_vectors(self, x: Tensor) -> Tensor:
        """The wave vectors as columns, shape (d, waves)."""
        return self.wavenumber * torch.from_numpy(_signs(x.shape[-1], self.waves, self.seed)).to(x)


@lru_cache(maxsize=8)
def _signs(rows: int, columns: int, seed: int) -> np.ndarray:
    """Random signs, drawn once; by numpy's generator, since torch's may not run inside vmap."""
    return np.random.default_rng(seed).choice(np.array([-1, 1]), (rows, columns))
