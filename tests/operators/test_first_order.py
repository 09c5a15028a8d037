"""Gradient, Jacobian, divergence, curl and strain against derivatives by hand."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from pinn.operators import Strategy, curl, diagonal, directional, div, grad, jacobian, sym_grad

F64 = torch.float64
X = torch.tensor([0.3, -0.7, 1.1], dtype=F64)

close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)


def scalar(x: Tensor) -> Tensor:
    """u = x³y + sin(2y) exp(z)."""
    return x[0] ** 3 * x[1] + torch.sin(2 * x[1]) * torch.exp(x[2])


def scalar_gradient(x: Tensor) -> Tensor:
    e, y = torch.exp(x[2]), x[1]
    return torch.stack([3 * x[0] ** 2 * y, x[0] ** 3 + 2 * torch.cos(2 * y) * e, torch.sin(2 * y) * e])


def vector(x: Tensor) -> Tensor:
    """v = (xy, y² exp z, sin(x) z)."""
    return torch.stack([x[0] * x[1], x[1] ** 2 * torch.exp(x[2]), torch.sin(x[0]) * x[2]])


def vector_jacobian(x: Tensor) -> Tensor:
    e, zero = torch.exp(x[2]), torch.zeros_like(x[0])
    return torch.stack(
        [
            torch.stack([x[1], x[0], zero]),
            torch.stack([zero, 2 * x[1] * e, x[1] ** 2 * e]),
            torch.stack([torch.cos(x[0]) * x[2], zero, torch.sin(x[0])]),
        ]
    )


def tensor(x: Tensor) -> Tensor:
    """σ = x ⊗ v(x), so (∇·σ)_i = v_i + x_i ∇·v."""
    return torch.outer(x, vector(x))


def rotation(x: Tensor) -> Tensor:
    """v = ω × x, ω = (1, 2, 3): curl v = 2ω, no divergence and no strain."""
    return torch.linalg.cross(x.new_tensor([1.0, 2.0, 3.0]), x)


# Analytic truth.


def test_grad(strategy_if_diagonal: Strategy) -> None:
    close(grad(scalar, X, strategy_if_diagonal), scalar_gradient(X))


def test_grad_along_chosen_axes(strategy_if_diagonal: Strategy) -> None:
    close(grad(scalar, X, strategy_if_diagonal, axes=(2, 0)), scalar_gradient(X)[[2, 0]])
    close(grad(scalar, X, strategy_if_diagonal, axes=(-1,)), scalar_gradient(X)[[2]])


def test_jacobian(strategy: Strategy) -> None:
    close(jacobian(vector, X, strategy), vector_jacobian(X))


def test_jacobian_of_scalar_and_tensor_fields(strategy: Strategy) -> None:
    close(jacobian(scalar, X, strategy), scalar_gradient(X))
    J = torch.einsum("ik,j->ijk", torch.eye(3, dtype=F64), vector(X)) + torch.einsum("i,jk->ijk", X, vector_jacobian(X))
    close(jacobian(tensor, X, strategy), J)


def test_jacobian_of_a_field_with_more_and_with_fewer_components_than_coordinates(strategy: Strategy) -> None:
    close(jacobian(lambda x: vector(x)[:2], X, strategy), vector_jacobian(X)[:2])
    wide = jacobian(lambda x: torch.cat([vector(x), scalar(x)[None]]), X, strategy)
    close(wide, torch.cat([vector_jacobian(X), scalar_gradient(X)[None]]))


def test_convection_reads_like_the_book(strategy: Strategy) -> None:
    close(jacobian(vector, X, strategy) @ vector(X), vector_jacobian(X) @ vector(X))


def test_diagonal(strategy: Strategy) -> None:
    close(diagonal(vector, X, strategy), vector_jacobian(X).diagonal())
    close(diagonal(lambda x: vector(x)[:2], X, strategy, axes=(2, 0)), vector_jacobian(X)[[0, 1], [2, 0]])


def test_div(strategy: Strategy) -> None:
    close(div(vector, X, strategy), vector_jacobian(X).trace())


def test_div_of_a_tensor_field(strategy: Strategy) -> None:
    close(div(tensor, X, strategy), vector(X) + X * vector_jacobian(X).trace())


def test_div_along_chosen_axes(strategy: Strategy) -> None:
    J = vector_jacobian(X)
    close(div(lambda x: vector(x)[1:], X, strategy, axes=(1, 2)), J[1, 1] + J[2, 2])
    close(div(lambda x: vector(x)[:2], X, strategy, axes=(2, 1)), J[0, 2] + J[1, 1])


def test_diagonal_operators_where_the_jacobian_is_diagonal(strategy_if_diagonal: Strategy) -> None:
    def v(x: Tensor) -> Tensor:
        return torch.sin(x) * torch.exp(x)

    slopes = (torch.cos(X) + torch.sin(X)) * torch.exp(X)
    close(diagonal(v, X, strategy_if_diagonal), slopes)
    close(div(v, X, strategy_if_diagonal), slopes.sum())
    close(jacobian(v, X, strategy_if_diagonal), torch.diag(slopes))
    close(sym_grad(v, X, strategy_if_diagonal), torch.diag(slopes))
    close(div(lambda x: torch.stack([v(x), x**3]), X, strategy_if_diagonal), torch.stack([slopes, 3 * X**2]).sum(-1))


def test_diagonal_along_chosen_axes_asks_nothing_of_the_others(strategy_if_diagonal: Strategy) -> None:
    """v = (t sin x, t² exp y) of (t, x, y): diagonal in space, not in time."""
    t, x, y = X

    def v(p: Tensor) -> Tensor:
        return torch.stack([p[0] * torch.sin(p[1]), p[0] ** 2 * torch.exp(p[2])])

    slopes = torch.stack([t * torch.cos(x), t**2 * torch.exp(y)])
    close(diagonal(v, X, strategy_if_diagonal, axes=(1, 2)), slopes)
    close(div(v, X, strategy_if_diagonal, axes=(1, 2)), slopes.sum())
    close(diagonal(lambda p: v(p.roll(1)), X.roll(-1), strategy_if_diagonal, axes=(0, 1)), slopes)


def test_curl_in_three_dimensions(strategy: Strategy) -> None:
    J = vector_jacobian(X)
    close(curl(vector, X, strategy), torch.stack([J[2, 1] - J[1, 2], J[0, 2] - J[2, 0], J[1, 0] - J[0, 1]]))
    close(curl(rotation, X, strategy), torch.tensor([2.0, 4.0, 6.0], dtype=F64))


def test_curl_in_two_dimensions(strategy: Strategy) -> None:
    x, y = X[:2]
    close(curl(lambda x: torch.stack([x[0] * x[1], x[0] ** 3 * x[1]]), X[:2], strategy), 3 * x**2 * y - x)
    close(curl(lambda x: x[0] ** 3 * x[1] ** 2, X[:2], strategy), torch.stack([2 * x**3 * y, -3 * x**2 * y**2]))


def test_curl_along_chosen_axes(strategy: Strategy) -> None:
    """A velocity (v_x, v_y) of (t, x, y): its vorticity is a derivative in space alone."""
    t, x, y = X

    def v(p: Tensor) -> Tensor:
        return torch.stack([p[0] * p[1] * p[2] ** 2, p[0] ** 2 * p[1] ** 3])

    close(curl(v, X, strategy, axes=(1, 2)), 3 * t**2 * x**2 - 2 * t * x * y)


def test_sym_grad(strategy: Strategy) -> None:
    J = vector_jacobian(X)
    close(sym_grad(vector, X, strategy), (J + J.T) / 2)
    close(sym_grad(lambda x: vector(x)[:2], X, strategy, axes=(0, 2)), (J[:2, [0, 2]] + J[:2, [0, 2]].T) / 2)


def test_directional(strategy_if_diagonal: Strategy) -> None:
    n = torch.tensor([0.5, -2.0, 3.0], dtype=F64)
    close(directional(scalar, X, n, strategy_if_diagonal), scalar_gradient(X) @ n)
    close(directional(vector, X, n, strategy_if_diagonal), vector_jacobian(X) @ n)


# Identities.


def test_div_of_curl_vanishes(strategy: Strategy) -> None:
    close(div(partial(curl, vector, strategy=strategy), X, strategy), torch.zeros((), dtype=F64))
    stream = partial(curl, lambda x: torch.sin(x[0] * x[1]) * x[1], strategy=strategy)
    close(div(stream, X[:2], strategy), torch.zeros((), dtype=F64))


def test_curl_of_grad_vanishes(strategy: Strategy) -> None:
    close(curl(partial(grad, scalar, strategy=strategy), X, strategy), torch.zeros(3, dtype=F64))


def test_a_rigid_rotation_has_no_strain(strategy: Strategy) -> None:
    close(sym_grad(rotation, X, strategy), torch.zeros(3, 3, dtype=F64))
    assert jacobian(rotation, X, strategy).abs().max() > 1


@pytest.mark.parametrize("operator", [jacobian, div, curl, sym_grad], ids=lambda o: o.__name__)
def test_linearity(operator, strategy: Strategy) -> None:
    combined = operator(lambda x: 2 * vector(x) - 3 * rotation(x) * x[0], X, strategy)
    apart = 2 * operator(vector, X, strategy) - 3 * operator(lambda x: rotation(x) * x[0], X, strategy)
    close(combined, apart)


def test_product_rule(strategy: Strategy) -> None:
    flux = div(lambda x: scalar(x) * vector(x), X, strategy)
    close(flux, grad(scalar, X, strategy) @ vector(X) + scalar(X) * div(vector, X, strategy))


# Compositions, networks, many points, dtypes.


def test_nonlinear_diffusion(strategy: Strategy) -> None:
    """∇·(k(u)∇u) = k'(u)|∇u|² + k(u)Δu with k = 1 + u², u = x²y."""
    x, y = X[:2]

    def u(x: Tensor) -> Tensor:
        return x[0] ** 2 * x[1]

    def k(u: Tensor) -> Tensor:
        return 1 + u**2

    expected = 2 * u(X) * ((2 * x * y) ** 2 + x**4) + k(u(X)) * 2 * y
    close(div(lambda x: k(u(x)) * grad(u, x, strategy), X[:2], strategy), expected)


def test_a_network_as_a_field_and_its_parameters_by_functional_call(strategy: Strategy) -> None:
    torch.manual_seed(0)
    first, last = nn.Linear(3, 5, dtype=F64), nn.Linear(5, 3, dtype=F64)
    net = nn.Sequential(first, nn.Tanh(), last)
    J = last.weight @ torch.diag(1 - torch.tanh(first(X)) ** 2) @ first.weight
    close(jacobian(net, X, strategy), J)
    doubled = {name: p * 2 if name.startswith("2.") else p for name, p in net.named_parameters()}
    close(jacobian(lambda x: functional_call(net, doubled, (x,)), X, strategy), 2 * J)


def test_a_network_written_for_batches(strategy: Strategy) -> None:
    net = nn.Linear(3, 2, dtype=F64)
    close(jacobian(lambda x: net(x[None])[0], X, strategy), net.weight)


@pytest.mark.parametrize(
    ("operator", "field"), [(grad, scalar), (jacobian, vector), (div, tensor), (curl, vector), (sym_grad, vector)]
)
def test_many_points(operator, field, strategy: Strategy) -> None:
    points = torch.stack([X, X.sin(), X.flip(0)])
    together = vmap(partial(operator, field, strategy=strategy))(points)
    close(together, torch.stack([operator(field, x, strategy) for x in points]))


def test_many_points_with_a_direction_each(strategy: Strategy) -> None:
    points, normals = torch.rand(2, 4, 3, dtype=F64, generator=torch.Generator().manual_seed(0))
    slopes = vmap(lambda x, n: directional(scalar, x, n, strategy))(points, normals)
    close(slopes, torch.stack([scalar_gradient(x) @ n for x, n in zip(points, normals, strict=True)]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_dtype_of_the_point(dtype: torch.dtype, strategy: Strategy) -> None:
    x = X.to(dtype)
    matches = partial(torch.testing.assert_close, rtol=1e-5, atol=1e-6) if dtype is torch.float32 else close
    truth = vector_jacobian(x)
    matches(grad(scalar, x, strategy), scalar_gradient(x))
    matches(jacobian(vector, x, strategy), truth)
    matches(div(vector, x, strategy), truth.trace())
    matches(sym_grad(vector, x, strategy), (truth + truth.T) / 2)
    matches(directional(vector, x, x, strategy), truth @ x)
