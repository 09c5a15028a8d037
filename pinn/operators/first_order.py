"""Operators of first order: gradient, Jacobian, divergence, curl, strain."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pinn.operators.arguments import check_axes, check_direction, check_field, check_point
from pinn.operators.strategies.auto import Auto
from pinn.operators.strategies.base import Strategy
from pinn.typing import Field

_AUTO = Auto()


def grad(u: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The gradient ∇u of a scalar field, shape (d,), or (len(axes),) for chosen axes.

    Raises ValueError if u(x) is not a scalar of shape ().

    >>> grad(lambda x: (x[0] + x[1]) * (x[1] + 3), torch.tensor([1.0, 2.0]))
    tensor([5., 8.])
    """
    check_point(x, "grad", strategy)
    check_field(u, "grad")
    index = check_axes(axes, x, "grad")
    gradient = strategy.gradient(u, x)
    if gradient.dim() != 1:
        raise ValueError(
            f"grad takes a scalar field, u(x) of shape (); this one has shape {tuple(gradient.shape[:-1])}. "
            "Take a component, lambda x: u(x)[0], or use jacobian(u, x)."
        )
    return gradient if axes is None else gradient[list(index)]


def jacobian(v: Field, x: Tensor, strategy: Strategy = _AUTO) -> Tensor:
    """The Jacobian J_ij = ∂v_i/∂x_j, shape (*m, d) for v(x) of shape (*m,). `jacobian(u, x) @ u(x)` is (u·∇)u.

    Raises NotDiagonalError for `Ones` if J is not diagonal.

    >>> jacobian(lambda x: torch.stack([x[0] * x[1], x[1] ** 2]), torch.tensor([1.0, 2.0]))
    tensor([[2., 1.],
            [0., 4.]])
    """
    check_point(x, "jacobian", strategy)
    check_field(v, "jacobian")
    return strategy.jacobian(v, x)


def diagonal(v: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The diagonal ∂v_i/∂x_i of the Jacobian, shape (d,): the derivative y' of an elementwise y_i = f(x_i).

    Raises ValueError unless v has one component for each axis.

    >>> diagonal(torch.sin, torch.zeros(2))
    tensor([1., 1.])
    """
    check_point(x, "diagonal", strategy)
    check_field(v, "diagonal")
    return strategy.diagonal(v, x, check_axes(axes, x, "diagonal"))


def div(v: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The divergence ∇·v = Σ_k ∂v_k/∂x_k of a vector field, shape (); (∇·σ)_i = Σ_k ∂σ_ik/∂x_k of a tensor field.

    The last dimension of v(x) has one component for each axis. Raises ValueError otherwise.

    >>> div(lambda x: x * x[0], torch.tensor([1.0, 2.0]))
    tensor(3.)
    """
    check_point(x, "div", strategy)
    check_field(v, "div")
    return strategy.diagonal(v, x, check_axes(axes, x, "div")).sum(-1)


def curl(v: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The curl ∇×v. In three dimensions a vector, shape (3,).

    In two dimensions ∂v_y/∂x − ∂v_x/∂y of a vector field, shape (), and (∂ψ/∂y, −∂ψ/∂x) of a scalar field (the
    velocity of a stream function), shape (2,). Raises ValueError for other dimensions or shapes.

    >>> curl(lambda x: torch.stack([-x[1], x[0]]), torch.tensor([1.0, 2.0]))
    tensor(2.)
    """
    check_point(x, "curl", strategy)
    check_field(v, "curl")
    index = list(check_axes(axes, x, "curl"))
    J = strategy.jacobian(v, x)[..., index]
    if J.shape == (2,):
        return torch.stack([J[1], -J[0]])
    if J.shape == (2, 2):
        return J[1, 0] - J[0, 1]
    if J.shape == (3, 3):
        return torch.stack([J[2, 1] - J[1, 2], J[0, 2] - J[2, 0], J[1, 0] - J[0, 1]])
    raise ValueError(
        f"curl takes a vector field in 2 or 3 dimensions or a scalar field in 2, got a field of shape "
        f"{tuple(J.shape[:-1])} over {len(index)} axes."
    )


def sym_grad(v: Field, x: Tensor, strategy: Strategy = _AUTO, *, axes: Sequence[int] | None = None) -> Tensor:
    """The symmetric gradient ε = (J + Jᵀ)/2, the strain of a displacement, shape (d, d).

    Raises ValueError unless v has one component for each axis.

    >>> sym_grad(lambda x: torch.stack([x[1], torch.zeros_like(x[0])]), torch.tensor([1.0, 2.0]))
    tensor([[0.0000, 0.5000],
            [0.5000, 0.0000]])
    """
    check_point(x, "sym_grad", strategy)
    check_field(v, "sym_grad")
    index = list(check_axes(axes, x, "sym_grad"))
    J = strategy.jacobian(v, x)[..., index]
    if J.dim() != 2 or J.shape[0] != J.shape[1]:
        raise ValueError(
            f"sym_grad takes a vector field with {len(index)} components, got shape {tuple(J.shape[:-1])}."
        )
    return (J + J.T) / 2


def directional(u: Field, x: Tensor, direction: Tensor, strategy: Strategy = _AUTO) -> Tensor:
    """The derivative along a direction, Σ_j direction_j ∂u/∂x_j (not normalised), shape of u(x).

    Raises ValueError if `direction` does not have the shape (d,) of x.

    >>> directional(lambda x: x[0] * x[1], torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0]))
    tensor(2.)
    """
    check_point(x, "directional", strategy)
    check_field(u, "directional")
    return strategy.directional(u, x, check_direction(direction, x))
