"""Several partial derivatives from one pass against derivatives by hand, up to the fourth order."""

from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Strategy, hessian, partials

F64 = torch.float64
X = torch.tensor([0.3, -0.7, 1.1], dtype=F64)

close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)


def scalar(x: Tensor) -> Tensor:
    """u = x³y² + sin(2y) exp(z)."""
    return x[0] ** 3 * x[1] ** 2 + torch.sin(2 * x[1]) * torch.exp(x[2])


def vector(x: Tensor) -> Tensor:
    """v = (u, xyz, exp(xy))."""
    return torch.stack([scalar(x), x.prod(), torch.exp(x[0] * x[1])])


def test_partials_of_every_order_up_to_four(strategy_if_diagonal: Strategy) -> None:
    """u = x³y² + sin(2y) exp(z)."""
    x, y, z = X
    s, c, e, zero = torch.sin(2 * y), torch.cos(2 * y), torch.exp(z), torch.zeros_like(x)
    truth = {
        (): x**3 * y**2 + s * e,
        (0,): 3 * x**2 * y**2,
        (1,): 2 * x**3 * y + 2 * c * e,
        (2,): s * e,
        (1, 1): 2 * x**3 - 4 * s * e,
        (0, 1): 6 * x**2 * y,
        (0, 2): zero,
        (0, 0, 0): 6 * y**2,
        (0, 0, 1): 12 * x * y,
        (1, 1, 2): -4 * s * e,
        (0, 1, 2): zero,
        (0, 0, 1, 1): 12 * x,
        (1, 1, 1, 1): 16 * s * e,
        (1, 2, 2, 2): 2 * c * e,
        (0, 0, 0, 0): zero,
    }
    for order, value in zip(truth, partials(scalar, X, list(truth), strategy_if_diagonal), strict=True):
        close(value, truth[order], msg=lambda m, order=order: f"∂^{order}: {m}")


def test_partials_come_in_the_order_asked_for(strategy: Strategy) -> None:
    u_yx, u, u_xy, again = partials(scalar, X, [(1, 0), (), (0, 1), (-2, 0)], strategy)
    close(u, scalar(X))
    for mixed in (u_yx, u_xy, again):
        close(mixed, 6 * X[0] ** 2 * X[1])
    assert partials(scalar, X, [], strategy) == ()


def test_partials_of_a_vector_field(strategy: Strategy) -> None:
    x, y, z = X
    v_x, v_yz, v_xxy = partials(vector, X, [(0,), (1, 2), (0, 0, 1)], strategy)
    e = torch.exp(x * y)
    close(v_x, torch.stack([3 * x**2 * y**2, y * z, y * e]))
    close(v_yz, torch.stack([2 * torch.cos(2 * y) * torch.exp(z), x, x * 0]))
    close(v_xxy, torch.stack([12 * x * y, x * 0, (2 * y + x * y**2) * e]))


def test_curvature_along_a_direction_is_a_second_partial_of_the_turned_field(strategy: Strategy) -> None:
    n = torch.tensor([0.6, 0.0, 0.8], dtype=F64)
    (u_nn,) = partials(lambda s: scalar(X + s[0] * n), torch.zeros(1, dtype=F64), [(0, 0)], strategy)
    close(u_nn, n @ hessian(scalar, X, strategy) @ n)


def test_partials_of_many_points(strategy: Strategy) -> None:
    points = torch.rand(4, 3, dtype=F64, generator=torch.Generator().manual_seed(0))
    u_x, u_yy = vmap(partial(partials, scalar, orders=[(0,), (1, 1)], strategy=strategy))(points)
    close(u_x, 3 * points[:, 0] ** 2 * points[:, 1] ** 2)
    close(u_yy, torch.stack([hessian(scalar, x)[1, 1] for x in points]))
