"""Hessian, Laplacian, Δ² and partial derivatives of any order against derivatives by hand."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from pinn.operators import (
    Auto,
    Eye,
    Rows,
    Strategy,
    biharmonic,
    div,
    grad,
    hessian,
    jacobian,
    laplacian,
    partials,
)

F64 = torch.float64
X = torch.tensor([0.3, -0.7, 1.1], dtype=F64)

close = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)


def scalar(x: Tensor) -> Tensor:
    """u = x³y² + sin(2y) exp(z)."""
    return x[0] ** 3 * x[1] ** 2 + torch.sin(2 * x[1]) * torch.exp(x[2])


def scalar_hessian(p: Tensor) -> Tensor:
    x, y, z = p
    s, c, e, zero = torch.sin(2 * y), torch.cos(2 * y), torch.exp(z), torch.zeros_like(x)
    return torch.stack(
        [
            torch.stack([6 * x * y**2, 6 * x**2 * y, zero]),
            torch.stack([6 * x**2 * y, 2 * x**3 - 4 * s * e, 2 * c * e]),
            torch.stack([zero, 2 * c * e, s * e]),
        ]
    )


def vector(x: Tensor) -> Tensor:
    """v = (u, xyz, exp(xy))."""
    return torch.stack([scalar(x), x.prod(), torch.exp(x[0] * x[1])])


def vector_laplacian(p: Tensor) -> Tensor:
    x, y, _ = p
    return torch.stack([scalar_hessian(p).trace(), torch.zeros_like(x), (x**2 + y**2) * torch.exp(x * y)])


def separable(x: Tensor) -> Tensor:
    """u = Σ sin(x_k) + x_k⁴, whose Hessian is diagonal."""
    return (torch.sin(x) + x**4).sum()


# Analytic truth.


def test_hessian(strategy_if_diagonal: Strategy) -> None:
    close(hessian(scalar, X, strategy_if_diagonal), scalar_hessian(X))


def test_hessian_of_a_vector_field(strategy: Strategy) -> None:
    H = hessian(vector, X, strategy)
    assert H.shape == (3, 3, 3)
    close(H[0], scalar_hessian(X))
    close(H[1], torch.stack([torch.stack([X[0] * 0, X[2], X[1]]), torch.stack([X[2], X[0] * 0, X[0]]), H[1, 2]]))
    close(H[1, 2], torch.stack([X[1], X[0], X[0] * 0]))


def test_laplacian(strategy: Strategy) -> None:
    close(laplacian(scalar, X, strategy), scalar_hessian(X).trace())


def test_laplacian_of_vector_and_tensor_fields(strategy: Strategy) -> None:
    close(laplacian(vector, X, strategy), vector_laplacian(X))
    tensor = laplacian(lambda x: torch.stack([vector(x), 2 * vector(x)]), X, strategy)
    close(tensor, torch.stack([vector_laplacian(X), 2 * vector_laplacian(X)]))


def test_laplacian_along_chosen_axes(strategy: Strategy) -> None:
    H = scalar_hessian(X)
    close(laplacian(scalar, X, strategy, axes=(1, 2)), H[1, 1] + H[2, 2])
    close(laplacian(scalar, X, strategy, axes=(-1,)), H[2, 2])


def test_where_the_hessian_is_diagonal(strategy_if_diagonal: Strategy) -> None:
    close(laplacian(separable, X, strategy_if_diagonal), (12 * X**2 - torch.sin(X)).sum())
    close(laplacian(separable, X, strategy_if_diagonal, axes=(0, 2)), (12 * X**2 - torch.sin(X))[[0, 2]].sum())
    close(biharmonic(separable, X, strategy_if_diagonal), (24 + torch.sin(X)).sum())
    many = laplacian(lambda x: torch.stack([separable(x), (x**3).sum()]), X, strategy_if_diagonal)
    close(many, torch.stack([(12 * X**2 - torch.sin(X)).sum(), (6 * X).sum()]))


def test_biharmonic(strategy: Strategy) -> None:
    """Δ²(|x|⁴) = 8 d (d + 2), and Δ²(x²y² + sin y exp z) = 8 + sin y exp z (1 − 2 + 1)."""
    close(biharmonic(lambda x: (x @ x) ** 2, X, strategy), torch.tensor(120.0, dtype=F64))
    close(
        biharmonic(lambda x: x[0] ** 2 * x[1] ** 2 + torch.sin(x[1]) * torch.exp(x[2]), X, strategy),
        torch.tensor(8.0, dtype=F64),
    )


def test_biharmonic_along_chosen_axes_and_of_a_vector_field(strategy: Strategy) -> None:
    close(biharmonic(lambda x: x[0] ** 4 * x[1] ** 4 * x[2], X, strategy, axes=(0,)), 24 * X[1] ** 4 * X[2])
    both = biharmonic(lambda x: torch.stack([x[0] ** 4 * x[2], torch.sin(2 * x[1])]), X, strategy)
    close(both, torch.stack([24 * X[2], 16 * torch.sin(2 * X[1])]))


# Identities.


def test_div_of_grad_is_the_laplacian(strategy: Strategy) -> None:
    close(div(partial(grad, scalar, strategy=strategy), X, strategy), laplacian(scalar, X, strategy))


def test_hessian_is_the_jacobian_of_grad_and_symmetric(strategy: Strategy) -> None:
    H = hessian(scalar, X, strategy)
    close(jacobian(partial(grad, scalar, strategy=strategy), X, strategy), H)
    close(H, H.T)


def test_laplacian_is_the_trace_of_the_hessian(strategy: Strategy) -> None:
    H = hessian(vector, X, strategy)
    close(laplacian(vector, X, strategy), H.diagonal(dim1=-2, dim2=-1).sum(-1))


def test_biharmonic_is_the_laplacian_of_the_laplacian(strategy: Strategy) -> None:
    def u(x: Tensor) -> Tensor:
        return torch.sin(x[0] * x[1]) * torch.exp(x[2])

    twice = laplacian(partial(laplacian, u, strategy=strategy), X, strategy)
    close(biharmonic(u, X, strategy), twice)
    assert twice.abs() > 0.1


@pytest.mark.parametrize("operator", [hessian, laplacian, biharmonic], ids=lambda o: o.__name__)
def test_linearity(operator, strategy: Strategy) -> None:
    def w(x: Tensor) -> Tensor:
        return torch.cos(x.sum()) * x[1]

    combined = operator(lambda x: 2 * scalar(x) - 3 * w(x), X, strategy)
    close(combined, 2 * operator(scalar, X, strategy) - 3 * operator(w, X, strategy))


def test_the_laplacian_is_invariant_under_rotations(strategy: Strategy) -> None:
    generator = torch.Generator().manual_seed(0)
    Q, _ = torch.linalg.qr(torch.randn(3, 3, dtype=F64, generator=generator))
    turned = laplacian(lambda x: scalar(Q @ x), Q.T @ X, strategy)
    close(turned, laplacian(scalar, X, strategy))
    close(biharmonic(lambda x: scalar(Q @ x), Q.T @ X, strategy), biharmonic(scalar, X, strategy))


# Compositions, networks, many points, dtypes.


def test_elasticity_of_a_displacement(strategy: Strategy) -> None:
    """∇·(∇v + ∇vᵀ) = Δv + ∇(∇·v)."""

    def stress(x: Tensor) -> Tensor:
        J = jacobian(vector, x, strategy)
        return J + J.T

    grad_div = grad(partial(div, vector, strategy=strategy), X, strategy)
    close(div(stress, X, strategy), vector_laplacian(X) + grad_div)


def test_a_network_as_a_field_and_its_parameters_by_functional_call(strategy: Strategy) -> None:
    """Δ of W₂ tanh(W₁x + b): W₂ (tanh'' ∘ Σ_k W₁_k²)."""
    torch.manual_seed(0)
    first, last = nn.Linear(3, 5, dtype=F64), nn.Linear(5, 2, dtype=F64)
    net = nn.Sequential(first, nn.Tanh(), last)
    t = torch.tanh(first(X))
    truth = last.weight @ (-2 * t * (1 - t**2) * (first.weight**2).sum(1))
    close(laplacian(net, X, strategy), truth)
    doubled = {name: p * 2 if name.startswith("2.") else p for name, p in net.named_parameters()}
    close(laplacian(lambda x: functional_call(net, doubled, (x,)), X, strategy), 2 * truth)


@pytest.mark.parametrize("operator", [hessian, laplacian, biharmonic], ids=lambda o: o.__name__)
def test_many_points(operator, strategy: Strategy) -> None:
    points = torch.rand(4, 3, dtype=F64, generator=torch.Generator().manual_seed(0))
    together = vmap(partial(operator, scalar, strategy=strategy))(points)
    close(together, torch.stack([operator(scalar, x, strategy) for x in points]))


def test_many_coordinates(strategy: Strategy) -> None:
    """Δ(exp(a·x)) = |a|² exp(a·x) in 40 dimensions, beyond where `Auto` changes its choice."""
    a = torch.linspace(-1, 1, 40, dtype=F64)
    close(laplacian(lambda x: torch.exp(a @ x), a / 9, strategy), a @ a * torch.exp(a @ a / 9))


def test_auto_falls_back_to_rows_beyond_its_bound() -> None:
    assert Auto(batched=3).fallback(X) == Eye()
    assert Auto(batched=2).fallback(X) == Rows()
    close(laplacian(vector, X, Auto(batched=2)), vector_laplacian(X))


@pytest.mark.parametrize("chunk_size", [1, 2, 5])
def test_chunks_of_v_equal_to_identity_change_no_number(chunk_size: int) -> None:
    chunked = Eye(chunk_size=chunk_size)
    close(hessian(vector, X, chunked), hessian(vector, X, Rows()))
    close(vmap(partial(laplacian, vector, strategy=chunked))(X[None]), vector_laplacian(X)[None])


def test_chunks_of_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="chunk_size"):
        jacobian(vector, X, Eye(chunk_size=0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_results_have_the_dtype_of_the_point(dtype: torch.dtype, strategy: Strategy) -> None:
    x = X.to(dtype)
    matches = partial(torch.testing.assert_close, rtol=1e-4, atol=1e-5) if dtype is torch.float32 else close
    H = scalar_hessian(x)
    matches(hessian(scalar, x, strategy), H)
    matches(laplacian(scalar, x, strategy), H.trace())
    matches(biharmonic(lambda x: (x @ x) ** 2, x, strategy), x.new_tensor(120.0))
    matches(partials(scalar, x, [(0, 1)], strategy)[0], H[0, 1])
