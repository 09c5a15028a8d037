"""Sampled dimensions: the stated variance, exactness with all of them, and 100 000 of them in bounded memory."""

import subprocess
import sys

import pytest
import torch

from pinn.operators import Rows, SampledDimensions, biharmonic, diagonal, div, laplacian
from tests.operators.estimates import F64, assert_unbiased, assert_variance, quartic, samples

GENERATOR = torch.Generator().manual_seed(0)
A = torch.randn(6, 6, generator=GENERATOR, dtype=F64)
X = torch.rand(6, generator=GENERATOR, dtype=F64)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_variance_is_the_stated_one(count: int) -> None:
    """d(d − c)/c · S², S² the variance of the diagonal."""
    S2 = A.diag().var()
    values = samples(lambda s: div(lambda x: A @ x, X, s), SampledDimensions(count), 20_000)
    assert_unbiased(values, A.trace())
    assert_variance(values, 6 * (6 - count) / count * S2)
    values = samples(lambda s: laplacian(lambda x: x @ A @ x / 2, X, s), SampledDimensions(count), 20_000)
    assert_variance(values, 6 * (6 - count) / count * S2)


@pytest.mark.parametrize("count", [4, 9])
def test_all_dimensions_are_exact(count: int) -> None:
    x, strategy = X[:4], SampledDimensions(count)
    for operator in (laplacian, biharmonic):
        torch.testing.assert_close(operator(quartic, x, strategy), operator(quartic, x, Rows()), rtol=1e-12, atol=0)
    torch.testing.assert_close(diagonal(torch.sin, x, strategy), torch.cos(x), rtol=1e-12, atol=0)


def test_equal_second_derivatives_have_no_variance() -> None:
    values = samples(lambda s: laplacian(lambda x: (x @ x) + x[0] * x[1], X, s), SampledDimensions(1), 50)
    torch.testing.assert_close(values, torch.full((50,), 12.0, dtype=F64), rtol=1e-13, atol=0)


# Both at d = 100 000: a closed form against its Laplacian, and a network against its own, known in closed form too:
# Δ Σ_j v_j tanh(w_j·x) = Σ_j v_j tanh''(w_j·x) |w_j|². A dense Hessian would hold 80 GB.
LARGE = """
import resource, torch
from torch.func import vmap
from pinn.operators import Hutchinson, SampledDimensions, laplacian

torch.set_num_threads(1)
generator = torch.Generator().manual_seed(0)
d, width = 100_000, 16
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
x = torch.randn(d, generator=generator, dtype=torch.float64)
scale = torch.linspace(0.5, 1.5, d, dtype=torch.float64)
W = torch.randn(width, d, generator=generator, dtype=torch.float64) / d**0.5
v = torch.linspace(-1, 1, width, dtype=torch.float64).exp()

def sines(x):
    return torch.sin(scale * x).sum()

def network(x):
    return v @ torch.tanh(W @ x)

d2 = -scale**2 * torch.sin(scale * x)
t = torch.tanh(W @ x)
n2 = v * (-2 * t * (1 - t**2)) @ W.square()
count, seeds = 8, torch.arange(8)
for u, second in ((sines, d2), (network, n2)):
    values = vmap(lambda s: laplacian(u, x, SampledDimensions(count, seed=s)), chunk_size=1)(seeds)
    error = (d * (d - count) / count * second.var() / len(values)) ** 0.5
    assert (values.mean() - second.sum()).abs() <= 4 * error, (values.mean(), second.sum(), error)
torch.testing.assert_close(laplacian(sines, x, Hutchinson()), d2.sum(), rtol=1e-10, atol=0)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_100_000_dimensions_in_bounded_memory() -> None:
    result = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) <= 500, "MB"


def test_needs_a_dimension() -> None:
    with pytest.raises(ValueError, match="count >= 1"):
        SampledDimensions(0)
