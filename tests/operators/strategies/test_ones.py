"""`Ones` on a Jacobian that is not diagonal is an error, never a number; on a diagonal one it is no error."""

import itertools
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad as parameter_gradient
from torch.func import vmap

from pinn.operators import (
    Eye,
    NotDiagonalError,
    Ones,
    biharmonic,
    curl,
    diagonal,
    div,
    grad,
    jacobian,
    laplacian,
    sym_grad,
)

F64 = torch.float64
X = torch.tensor([0.3, -0.7, 1.1], dtype=F64)

named = partial(pytest.mark.parametrize, ids=lambda o: getattr(o, "__name__", None))


def equal(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def product(x: Tensor) -> Tensor:
    """A field whose Hessian is not diagonal."""
    return x[0] * x[1] * x[2]


@named("operator", [laplacian, biharmonic, partial(div, strategy=Ones())])
def test_ones_refuses_a_coupled_field(operator) -> None:
    field = partial(grad, product) if isinstance(operator, partial) else lambda x: product(x) ** 2
    with pytest.raises(NotDiagonalError):
        operator(field, X, strategy=Ones())


def test_ones_refuses_inside_vmap_and_nested_vmap() -> None:
    apply = partial(laplacian, product, strategy=Ones())
    with pytest.raises(NotDiagonalError, match=r"Rows\(\) or Eye\(\)"):
        vmap(apply)(torch.rand(5, 3))
    with pytest.raises(NotDiagonalError):
        vmap(vmap(apply))(torch.rand(2, 5, 3))


def test_ones_refuses_a_batch_in_which_one_point_alone_is_coupled() -> None:
    points = torch.zeros(5, 3, dtype=F64)
    uncoupled = vmap(partial(laplacian, product, strategy=Ones()))(points)
    equal(uncoupled, torch.zeros(5, dtype=F64))
    points[3] = X
    with pytest.raises(NotDiagonalError):
        vmap(partial(laplacian, product, strategy=Ones()))(points)


def test_ones_refuses_under_a_parameter_gradient() -> None:
    def residual(a: Tensor) -> Tensor:
        return laplacian(lambda x: a * product(x), X, Ones())

    with pytest.raises(NotDiagonalError):
        parameter_gradient(residual)(torch.tensor(2.0, dtype=F64))
    with pytest.raises(NotDiagonalError):
        parameter_gradient(lambda a: vmap(lambda x: laplacian(lambda x: a * product(x), x, Ones()))(X[None]).sum())(
            torch.tensor(2.0, dtype=F64)
        )


def test_ones_refuses_with_weights_that_require_gradients() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    with pytest.raises(NotDiagonalError):
        vmap(partial(laplacian, net, strategy=Ones()))(torch.rand(5, 3))


def test_ones_passes_a_parameter_gradient_where_it_is_exact() -> None:
    def residual(a: Tensor) -> Tensor:
        return laplacian(lambda x: a * (x**3).sum(), X, Ones())

    torch.testing.assert_close(parameter_gradient(residual)(torch.tensor(2.0, dtype=F64)), 6 * X.sum())


def test_ones_refuses_a_jacobian_that_is_not_square() -> None:
    with pytest.raises(NotDiagonalError, match=r"shape \(2,\) at a point of shape \(3,\)"):
        jacobian(lambda x: x[:2], X, Ones())


@named("operator", [jacobian, curl, sym_grad])
def test_ones_refuses_wherever_a_whole_jacobian_is_asked_for(operator) -> None:
    with pytest.raises(NotDiagonalError):
        operator(lambda x: x.roll(1), X, Ones())


def test_ones_refuses_a_tensor_field_with_one_coupled_row() -> None:
    def sigma(x: Tensor) -> Tensor:
        return torch.stack([x**2, x**3, x * x[0]])

    with pytest.raises(NotDiagonalError):
        div(sigma, X, Ones())
    equal(div(lambda x: sigma(x)[:2], X, Ones()), torch.stack([2 * X, 3 * X**2]).sum(-1))


def test_ones_refuses_a_coupling_in_the_imaginary_part_alone() -> None:
    with pytest.raises(NotDiagonalError):
        diagonal(lambda x: torch.complex(x**2, x.flip(0)), X, Ones())


@pytest.mark.parametrize("size", [1.0, 1e-6])
@pytest.mark.parametrize(("i", "j"), [(i, j) for i, j in itertools.product(range(5), repeat=2) if i != j])
def test_ones_refuses_each_single_entry_off_the_diagonal(i: int, j: int, size: float) -> None:
    """A probe of signs, s = ±1, sees J_ij only where s_i ≠ s_j: of five coordinates it misses 8 of 20 pairs at best.
    So the entries of s differ in size too, and an entry of 1e-6 counts as one of 1.
    """
    J = torch.eye(5, dtype=F64)
    J[i, j] = size
    with pytest.raises(NotDiagonalError):
        diagonal(lambda x: J @ x, torch.ones(5, dtype=F64), Ones())


@pytest.mark.parametrize("seed", range(5))
def test_ones_refuses_each_pair_whatever_its_seed(seed: int) -> None:
    for i, j in itertools.permutations(range(12), 2):
        J = torch.eye(12, dtype=F64)
        J[i, j] = 1e-3
        with pytest.raises(NotDiagonalError):
            diagonal(lambda x, J=J: J @ x, torch.ones(12, dtype=F64), Ones(seed=seed))


def test_ones_refuses_columns_that_sum_to_zero_and_dense_jacobians() -> None:
    generator = torch.Generator().manual_seed(0)
    swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=F64)
    null = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=F64)
    for J in (swap, null, torch.randn(20, 20, dtype=F64, generator=generator)):
        with pytest.raises(NotDiagonalError):
            diagonal(lambda x, J=J: J @ x, torch.ones(len(J), dtype=F64), Ones())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ones_accepts_a_diagonal_of_very_different_sizes(dtype: torch.dtype) -> None:
    size = torch.logspace(-8, 8, 17, dtype=dtype)
    x = torch.linspace(-2, 2, 17, dtype=dtype)
    torch.testing.assert_close(
        diagonal(lambda x: size * torch.sin(x), x, Ones()), size * torch.cos(x), atol=0, rtol=1e-6
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ones_accepts_rounding_where_terms_of_the_diagonal_cancel(dtype: torch.dtype) -> None:
    """y = x³ − 3x near x = 1, where y' is the small difference of 3x² and 3."""
    x = 1 + torch.linspace(-1, 1, 1001, dtype=dtype)
    slopes = diagonal(lambda x: x**3 - 3 * x, x, Ones())
    torch.testing.assert_close(slopes, diagonal(lambda x: x**3 - 3 * x, x, Eye(chunk_size=16)))


def test_ones_accepts_deep_elementwise_fields_in_float32() -> None:
    def y(x: Tensor) -> Tensor:
        for _ in range(20):
            x = torch.sin(x) + 0.3 * x * torch.exp(-(x**2))
        return x

    x = torch.linspace(-1, 1, 101)
    torch.testing.assert_close(diagonal(y, x, Ones()), diagonal(y, x, Eye()))
