"""Hutchinson's estimate: its variance is the stated one."""

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Distribution, Gaussian, Hutchinson, Rademacher, Rows, biharmonic, div, laplacian
from tests.operators.estimates import F64, assert_unbiased, assert_variance, samples

GENERATOR = torch.Generator().manual_seed(0)
A = torch.randn(6, 6, generator=GENERATOR, dtype=F64)
H = A + A.T
X = torch.rand(6, generator=GENERATOR, dtype=F64)


def quadratic(x: Tensor) -> Tensor:
    return x @ H @ x / 2


def stated(matrix: Tensor, distribution: Distribution, probes: int) -> Tensor:
    """2/n Σ_{i≠j} S_ij² or 2/n Σ S_ij², S the symmetric part."""
    S = (matrix + matrix.T) / 2
    if isinstance(distribution, Rademacher):
        S = S - S.diag().diag()
    return 2 / probes * S.square().sum()


@pytest.mark.parametrize("probes", [1, 4])
@pytest.mark.parametrize("distribution", [Rademacher(), Gaussian()], ids=repr)
def test_the_variance_is_the_stated_one(distribution: Distribution, probes: int) -> None:
    strategy = Hutchinson(probes, distribution)
    values = samples(lambda s: laplacian(quadratic, X, s), strategy, 20_000)
    assert_unbiased(values, H.trace())
    assert_variance(values, stated(H, distribution, probes))
    values = samples(lambda s: div(lambda x: A @ x, X, s), strategy, 20_000)
    assert_unbiased(values, A.trace())
    assert_variance(values, stated(A, distribution, probes))


def test_rademacher_is_exact_for_a_diagonal_matrix() -> None:
    """With one probe, at every seed: a sum of functions of one coordinate each."""
    values = samples(lambda s: laplacian(lambda x: torch.sin(x).sum(), X, s), Hutchinson(), 50)
    torch.testing.assert_close(values, -torch.sin(X).sum().expand(50), rtol=1e-13, atol=0)
    values = samples(lambda s: div(torch.sin, X, s), Hutchinson(), 50)
    torch.testing.assert_close(values, torch.cos(X).sum().expand(50), rtol=1e-13, atol=0)
    values = samples(lambda s: biharmonic(lambda x: torch.sin(x).sum(), X, s), Hutchinson(), 50)
    torch.testing.assert_close(values, torch.sin(X).sum().expand(50), rtol=1e-12, atol=0)


def test_the_mean_square_is_larger_by_the_variance() -> None:
    """The bias of a squared residual, E[r̂²] = r² + Var r̂."""
    values = samples(lambda s: laplacian(quadratic, X, s), Hutchinson(), 20_000)
    assert_unbiased(values.square(), H.trace() ** 2 + stated(H, Rademacher(), 1))


@pytest.mark.parametrize("strategy", [Hutchinson(), Hutchinson(2, Gaussian())], ids=repr)
def test_a_thousand_dimensions(strategy: Hutchinson) -> None:
    """A rank-one Hessian, −sin(k·x) k kᵀ, over many points."""
    k = torch.randn(1000, generator=torch.Generator().manual_seed(1), dtype=F64) / 30
    points = torch.randn(2000, 1000, generator=torch.Generator().manual_seed(2), dtype=F64)
    values = vmap(lambda x: laplacian(lambda y: torch.sin(y @ k + 1 - x @ k), x, strategy))(points)
    assert_unbiased(values, -torch.sin(torch.tensor(1.0, dtype=F64)) * (k @ k))


def test_float32_stays_float32() -> None:
    assert laplacian(quadratic_of_ones, X.float(), Hutchinson(2, Gaussian())).dtype == torch.float32


def quadratic_of_ones(x: Tensor) -> Tensor:
    return x.sum() ** 2


def test_needs_a_probe() -> None:
    with pytest.raises(ValueError, match="probes >= 1"):
        Hutchinson(0)
    assert laplacian(quadratic, X, Rows()) == pytest.approx(float(H.trace()))
