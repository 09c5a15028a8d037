"""The examples from which the library started, each under every strategy that is valid for it."""

from functools import partial

import pytest
import torch
from torch import Tensor

from pinn.operators import Eye, NotDiagonalError, Ones, Strategy, diagonal, div, grad, hessian, laplacian, partials

F64 = torch.float64
N_POINTS = 1001


def equal(actual: Tensor, expected: Tensor) -> None:
    """Error exactly zero."""
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0, 2.5, -3.0])
def test_the_derivatives_of_sine_have_no_error(strategy_if_diagonal: Strategy, at: float) -> None:
    x = torch.tensor([at], dtype=F64)

    def u(x: Tensor) -> Tensor:
        return torch.sin(x[0])

    equal(grad(u, x, strategy_if_diagonal), torch.cos(x))
    equal(laplacian(u, x, strategy_if_diagonal), -torch.sin(x[0]))
    u_x, u_xx = partials(u, x, [(0,), (0, 0)], strategy_if_diagonal)
    equal(u_x, torch.cos(x[0]))
    equal(u_xx, -torch.sin(x[0]))


def test_the_partial_derivatives_of_a_product(strategy_if_diagonal: Strategy) -> None:
    x = torch.tensor([1.0, 2.0], dtype=F64)

    def f(x: Tensor) -> Tensor:
        return (x[0] + x[1]) * (x[1] + 3)

    equal(grad(f, x, strategy_if_diagonal), torch.tensor([5.0, 8.0], dtype=F64))
    f_x, f_y = partials(f, x, [(0,), (1,)], strategy_if_diagonal)
    equal(f_x, torch.tensor(5.0, dtype=F64))
    equal(f_y, torch.tensor(8.0, dtype=F64))


def test_the_squared_norm_has_gradient_2x_and_laplacian_6(strategy_if_diagonal: Strategy) -> None:
    x = torch.tensor([1.0, -2.0, 0.5], dtype=F64)

    def f(x: Tensor) -> Tensor:
        return x @ x

    equal(grad(f, x, strategy_if_diagonal), 2 * x)
    six = torch.tensor(6.0, dtype=F64)
    equal(div(lambda x: grad(f, x, strategy_if_diagonal), x, strategy_if_diagonal), six)
    equal(laplacian(f, x, strategy_if_diagonal), six)


def coupled(x: Tensor) -> Tensor:
    """f = x²y + yz + z³, whose Hessian [[2y, 2x, 0], [2x, 0, 1], [0, 1, 6z]] is not diagonal."""
    return x[0] ** 2 * x[1] + x[1] * x[2] + x[2] ** 3


def test_v_equal_to_one_is_refused_where_the_hessian_is_not_diagonal() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], dtype=F64)
    with pytest.raises(NotDiagonalError, match=r"Rows\(\).*Eye\(\)"):
        div(partial(grad, coupled), x, Ones())
    with pytest.raises(NotDiagonalError, match=r"Rows\(\).*Eye\(\)"):
        laplacian(coupled, x, Ones())


def test_every_other_strategy_is_right_where_the_hessian_is_not_diagonal(strategy: Strategy) -> None:
    x = torch.tensor([1.0, 2.0, 3.0], dtype=F64)
    H = torch.tensor([[4.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 18.0]], dtype=F64)
    equal(hessian(coupled, x, strategy), H)
    equal(div(partial(grad, coupled), x, strategy), H.trace())
    equal(laplacian(coupled, x, strategy), H.trace())


# y'' by v = I and v = I would hold 1001³ numbers, 8 GB: the outer rows are pulled back a few at a time.
@pytest.mark.parametrize(("inner", "outer"), [(Ones(), Ones()), (Eye(), Eye(chunk_size=4))], ids=["v=1", "v=I"])
def test_elementwise_sine_of_1001_points(inner: Strategy, outer: Strategy) -> None:
    """y_i = sin x_i: the 1001 points are the coordinates of one x, and J is diagonal."""
    x = torch.linspace(-3, 3, N_POINTS, dtype=F64)
    first = partial(diagonal, torch.sin, strategy=inner)
    equal(first(x), torch.cos(x))
    equal(diagonal(first, x, outer), -torch.sin(x))
