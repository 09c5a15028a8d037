"""Monte Carlo over seeds: mean and variance of an estimate with their own error bars."""

import dataclasses
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Estimate

F64 = torch.float64


def samples(estimate: Callable[[Estimate], Tensor], strategy: Estimate, n: int) -> Tensor:
    """n independent values of an estimate."""
    return vmap(lambda seed: estimate(dataclasses.replace(strategy, seed=seed)), chunk_size=4096)(torch.arange(n))


def assert_unbiased(values: Tensor, exact: Tensor) -> None:
    """The mean agrees with `exact` within four standard errors."""
    error = 4 * values.std(0) / math.sqrt(len(values))
    difference = (values.mean(0) - exact).abs()
    assert (difference <= error + 1e-12 * exact.abs()).all(), f"{values.mean(0)} ± {error} instead of {exact}"


def assert_variance(values: Tensor, stated: Tensor) -> None:
    """The variance agrees with the stated one within four standard errors of its own, √((μ₄ − σ⁴)/n)."""
    variance = values.var()
    error = 4 * (((values - values.mean()) ** 4).mean() - variance**2).clamp(min=0).sqrt() / math.sqrt(len(values))
    assert (variance - stated).abs() <= error + 1e-12, f"{variance} ± {error} instead of {stated}"


def quartic(x: Tensor) -> Tensor:
    """A field with mixed derivatives of all orders up to four."""
    cube = x.new_tensor([1.0, -2.0, 0.5, 1.5])
    return (x @ x) ** 2 + (cube @ x) ** 4 / 8 + x[0] ** 3 * x[1] ** 2 * x[2] - x[3] ** 4 + torch.sin(x[0] * x[3])


def vector(x: Tensor) -> Tensor:
    """A vector field whose Jacobian is neither symmetric nor diagonal."""
    return torch.stack([x[0] * x[1], x[2] ** 2 + x[1] ** 3, torch.exp(x[0]) * x[2], torch.sin(x[3] * x[0]) + x[1]])
