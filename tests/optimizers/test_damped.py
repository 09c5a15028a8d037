"""Damped least squares against solutions that are known from the singular value decomposition."""

import pytest
import torch
from torch import Tensor

from pinn.optimizers.damped import DampedLeastSquares, gram


def matrix(M: int, P: int, smallest: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """J = U diag(σ) Vᵀ with singular values from 1 down to `smallest`, and its factors."""
    generator = torch.Generator().manual_seed(0)
    n = min(M, P)
    U = torch.linalg.qr(torch.randn(M, n, generator=generator, dtype=torch.float64)).Q
    V = torch.linalg.qr(torch.randn(P, n, generator=generator, dtype=torch.float64)).Q
    sigma = torch.logspace(0, torch.tensor(smallest).log10().item(), n, dtype=torch.float64)
    return U * sigma @ V.T, U, sigma, V


SHAPES = pytest.mark.parametrize("shape", [(60, 25), (25, 60), (30, 30)], ids=["primal", "dual", "square"])


@SHAPES
@pytest.mark.parametrize("damping", [1e-8, 1e-3, 10.0])
@pytest.mark.parametrize("squared", [True, False])
def test_solves(shape: tuple[int, int], damping: float, squared: bool) -> None:
    J, U, sigma, V = matrix(*shape, smallest=1e-2)
    system = DampedLeastSquares(J)
    for k, b in enumerate(torch.eye(shape[0], dtype=torch.float64)[:2]):
        x = system.solve_again(b) if k else system.solve(damping, b, squared=squared)
        torch.testing.assert_close(x, V @ (sigma / (sigma**2 + damping) * (U.T @ b)), rtol=1e-10, atol=1e-12)
    assert system.squared == squared


@SHAPES
def test_goes_to_qr_where_the_squared_condition_number_is_out_of_reach(shape: tuple[int, int]) -> None:
    """σ from 1 to 1e-10 and √λ = 1e-10: JᵀJ has lost all that matters, J has not."""
    J, U, sigma, V = matrix(*shape, smallest=1e-10)
    b = J @ torch.ones(shape[1], dtype=torch.float64) + U[:, -1]
    system = DampedLeastSquares(J)
    x = system.solve(1e-20, b)
    assert not system.squared
    expected = V @ (sigma / (sigma**2 + 1e-20) * (U.T @ b))
    assert (x - expected).norm() < 1e-4 * expected.norm()


@SHAPES
def test_stays_with_cholesky_while_its_correction_suffices(shape: tuple[int, int]) -> None:
    """λ = 1e-12: the first solution has lost twelve digits of sixteen, the corrected one is right to eight."""
    J, U, sigma, V = matrix(*shape, smallest=1e-8)
    b = J @ torch.ones(shape[1], dtype=torch.float64)
    system = DampedLeastSquares(J)
    x = system.solve(1e-12, b)
    assert system.squared
    expected = V @ (sigma / (sigma**2 + 1e-12) * (U.T @ b))
    assert (x - expected).norm() < 1e-7 * expected.norm()


@pytest.mark.parametrize("n", [1, 128, 300])
def test_gram(n: int) -> None:
    A = torch.randn(50, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(gram(A).tril(), (A.T @ A).tril())
