"""Traces from a random subset of the coordinates, for very high dimension."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.operators.strategies.counter_rng import subset
from pinn.operators.strategies.stochastic import Estimate


@dataclass(frozen=True)
class SampledDimensions(Estimate):
    """Unbiased traces from `count` coordinates chosen at random: tr H ≈ d/c · Σ_{a∈A} H_aa, |A| = c.

    A is drawn without replacement, so that all d coordinates together are exact; a larger count means all of them.
    It is the sparse estimate of Shi, Hu, Lin & Kawaguchi (2024, "Stochastic Taylor derivative estimator") and the
    stochastic dimension gradient descent of Hu, Shukla, Karniadakis & Kawaguchi (2024). The variance is

        d(d − c)/c · S²,   S² = Σ_a (H_aa − tr H/d)²/(d − 1),

    none if all pure second derivatives are equal, and blind to the mixed ones: `Hutchinson` is the reverse. It
    holds c·d numbers at each point. What is exact, how `seed` works and what an estimate does to a squared residual is
    said in `Estimate`. Raises ValueError unless count >= 1.

    >>> from pinn.operators import laplacian
    >>> x = torch.ones(100_000, dtype=torch.float64)
    >>> round(laplacian(lambda x: x @ x, x, strategy=SampledDimensions(count=4)).item(), 6)
    200000.0
    """

    count: int = 16

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"SampledDimensions needs count >= 1, got count={self.count}.")

    def directions(self, key: Tensor, n: int, dtype: torch.dtype) -> Tensor:
        chosen = subset(key, min(self.count, n), n)
        # √n·e_a, since the mean over the directions divides by their number.
        return (chosen[:, None] == torch.arange(n, device=key.device)) * torch.tensor(n, dtype=dtype).sqrt()
