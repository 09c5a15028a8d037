"""Complex-valued fields of real points: no operator loses the imaginary part."""

from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import (
    Strategy,
    biharmonic,
    curl,
    diagonal,
    directional,
    div,
    grad,
    hessian,
    jacobian,
    laplacian,
    partials,
    sym_grad,
)

F64 = torch.float64
X = torch.tensor([0.3, -0.7, 1.1], dtype=F64)

close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)


def spiral(x: Tensor) -> Tensor:
    """A complex field of a real point, exp(i(2x + y)) z²."""
    return torch.exp(1j * (2 * x[0] + x[1])) * x[2] ** 2


def spiral_gradient(x: Tensor) -> Tensor:
    phase = torch.exp(1j * (2 * x[0] + x[1]))
    return torch.stack([2j * phase * x[2] ** 2, 1j * phase * x[2] ** 2, 2 * phase * x[2]])


def wave(x: Tensor) -> Tensor:
    """A complex plane wave, exp(i k·x) with k = (2, 1, -1): Δu = −|k|²u."""
    return torch.exp(1j * (2 * x[0] + x[1] - x[2]))


def test_operators_of_first_order(strategy: Strategy) -> None:
    g = spiral_gradient(X)
    close(grad(spiral, X, strategy), g)
    close(directional(spiral, X, X, strategy), (g * X).sum())

    def v(x: Tensor) -> Tensor:
        """v = (1, 2i, 3) times the wave."""
        return spiral(x) * torch.tensor([1, 2j, 3], dtype=torch.complex128)

    J = torch.outer(torch.tensor([1, 2j, 3], dtype=torch.complex128), g)
    close(jacobian(v, X, strategy), J)
    close(diagonal(v, X, strategy), J.diagonal())
    close(div(v, X, strategy), J.trace())
    close(curl(v, X, strategy), torch.stack([J[2, 1] - J[1, 2], J[0, 2] - J[2, 0], J[1, 0] - J[0, 1]]))
    close(sym_grad(v, X, strategy), (J + J.T) / 2)


def test_a_complex_field_with_a_diagonal_jacobian(strategy_if_diagonal: Strategy) -> None:
    close(diagonal(lambda x: torch.exp(2j * x), X, strategy_if_diagonal), 2j * torch.exp(2j * X))
    close(div(lambda x: torch.exp(2j * x), X, strategy_if_diagonal), (2j * torch.exp(2j * X)).sum())


def test_operators_of_higher_order(strategy: Strategy) -> None:
    k = torch.tensor([2, 1, -1], dtype=torch.complex128)
    u = wave(X)
    close(hessian(wave, X, strategy), -torch.outer(k, k) * u)
    close(laplacian(wave, X, strategy), -6 * u)
    close(laplacian(wave, X, strategy, axes=(1, 2)), -2 * u)
    close(biharmonic(wave, X, strategy), 36 * u)
    value, u_z, u_xy, u_xxx, u_xyyz = partials(wave, X, [(), (2,), (0, 1), (0, 0, 0), (0, 1, 1, 2)], strategy)
    close(value, u)
    close(u_z, -1j * u)
    close(u_xy, -2 * u)
    close(u_xxx, -8j * u)
    close(u_xyyz, -2 * u)
    close(vmap(partial(laplacian, wave, strategy=strategy))(X[None]), -6 * u[None])


def test_a_complex_field_with_a_diagonal_hessian(strategy_if_diagonal: Strategy) -> None:
    def u(x: Tensor) -> Tensor:
        return torch.exp(2j * x).sum()

    close(laplacian(u, X, strategy_if_diagonal), -4 * u(X))
    close(biharmonic(u, X, strategy_if_diagonal), 16 * u(X))
