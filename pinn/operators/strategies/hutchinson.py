"""Hutchinson's estimate of a trace from random probes, for very high dimension."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.operators.strategies.counter_rng import normals, signs
from pinn.operators.strategies.stochastic import Estimate


class Distribution(ABC):
    """Where the entries of a probe come from: independent, with mean 0 and variance 1."""

    @abstractmethod
    def draw(self, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
        """n entries, a function of the random key: shape (n,)."""


@dataclass(frozen=True)
class Rademacher(Distribution):
    """Entries ±1: of all distributions the one with the least variance; none at all for a diagonal matrix."""

    def draw(self, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
        return signs(key, n, dtype)


@dataclass(frozen=True)
class Gaussian(Distribution):
    """Standard normal entries: rotating the coordinates changes nothing."""

    def draw(self, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
        return normals(key, n, dtype)


@dataclass(frozen=True)
class Hutchinson(Estimate):
    """Unbiased traces from random probes s: tr H ≈ mean sᵀHs over `probes` (Hutchinson 1990), at any dimension.

    Each probe is one second derivative along a line, at a cost that does not grow with d beyond that of u itself. With
    H the Hessian (for `div` the symmetric part of the Jacobian) and n probes the variance is

        Rademacher   2/n · Σ_{i≠j} H_ij²          exact for a diagonal H
        Gaussian     2/n · Σ_{i,j} H_ij² = 2/n · ‖H‖_F²

    Antithetic pairs ±s would gain nothing, since sᵀHs is even in s. The biharmonic operator takes n² pairs of probes.
    What is exact, how `seed` works and what an estimate does to a squared residual is said in `Estimate`. Raises
    ValueError unless probes >= 1.

    >>> from pinn.operators import laplacian
    >>> laplacian(lambda x: x @ x, torch.ones(1000), strategy=Hutchinson())
    tensor(2000.)
    """

    probes: int = 1
    distribution: Distribution = Rademacher()

    def __post_init__(self) -> None:
        if self.probes < 1:
            raise ValueError(f"Hutchinson needs probes >= 1, got probes={self.probes}.")

    def directions(self, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
        return self.distribution.draw(key, self.probes * n, dtype).reshape(self.probes, n)
