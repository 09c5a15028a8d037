"""Operators of second and higher order: Hessian, Laplacian, Δ², and any set of partial derivatives."""

from collections.abc import Sequence

from torch import Tensor

from pinn.operators.arguments import check_axes, check_field, check_orders, check_point
from pinn.operators.strategies.auto import Auto
from pinn.operators.strategies.base import MultiIndex, Strategy
from pinn.typing import Field

_AUTO = Auto()


def hessian(u: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
    """The Hessian H_ij = ∂²u/∂x_i∂x_j, shape (d, d), or (m, d, d) for a vector field.

    >>> import torch
    >>> hessian(lambda x: x[0] ** 2 * x[1], torch.tensor([1.0, 2.0]))
    tensor([[4., 2.],
            [2., 0.]])
    """
    check_point(x, "hessian", strategy)
    check_field(u, "hessian")
    return strategy.hessian(u, x)


def laplacian(u: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The Laplacian Δu = ∇·∇u = Σ_a ∂²u/∂x_a², shape of u(x); over chosen axes, e.g. space without time.

    Raises NotDiagonalError for `Ones` if the Hessian is not diagonal.

    >>> import torch
    >>> laplacian(lambda x: x @ x, torch.tensor([1.0, 2.0, 3.0]))
    tensor(6.)
    """
    check_point(x, "laplacian", strategy)
    check_field(u, "laplacian")
    return strategy.laplacian(u, x, check_axes(axes, x, "laplacian"))


def biharmonic(u: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The biharmonic operator Δ²u = Δ(Δu), shape of u(x).

    >>> import torch
    >>> biharmonic(lambda x: (x @ x) ** 2, torch.tensor([1.0, 2.0]))
    tensor(64.)
    """
    check_point(x, "biharmonic", strategy)
    check_field(u, "biharmonic")
    return strategy.biharmonic(u, x, check_axes(axes, x, "biharmonic"))


def partials(u: Field, x: Tensor, orders: Sequence[MultiIndex], strategy: Strategy = _AUTO) -> tuple[Tensor, ...]:
    """Several partial derivatives from one pass, each of the shape of u(x).

    An order lists the axes to differentiate along: `()` is u itself, `(0,)` is ∂u/∂x₀, `(1, 1)` is ∂²u/∂x₁².

        u_t, u_xx = partials(u, x, [(0,), (1, 1)])

    Raises ValueError for an axis that x does not have.

    >>> import torch
    >>> partials(lambda x: x[0] * x[1] ** 3, torch.tensor([1.0, 2.0]), [(0,), (1, 1), (0, 1)])
    (tensor(8.), tensor(12.), tensor(12.))
    """
    check_point(x, "partials", strategy)
    check_field(u, "partials")
    return strategy.partials(u, x, check_orders(orders, x))
