"""Identities of vector calculus on random fields, under every exact strategy."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pinn.operators import Strategy, curl, div, grad, hessian, jacobian, laplacian, partials
from pinn.typing import Field

F64 = torch.float64
number = st.floats(-2, 2)
seed = st.integers(0, 2**31 - 1)


def a_point(d: int) -> st.SearchStrategy[Tensor]:
    return st.lists(number, min_size=d, max_size=d).map(lambda x: torch.tensor(x, dtype=F64))


def a_field(seed: int, d: int, m: int | None = None) -> Field:
    """Polynomials of third degree, sines and a Gaussian, with random coefficients."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=F64)

    k = m or 1
    linear, first, second, cube, wave, phase = *(draw(k, d) for _ in range(5)), draw(k)

    def u(x: Tensor) -> Tensor:
        polynomial = linear @ x + (first @ x) * (second @ x) + (cube @ x) ** 3 / 4
        value = polynomial + torch.sin(wave @ x + phase) + torch.exp(-(x * x).sum() / 4) * phase
        return value if m else value[0]

    return u


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def check(strategy: Strategy, x: Tensor, s: int, t: int, a: float, b: float) -> None:
    """Linearity, products, chains, div grad = Δ, curl grad = 0, div curl = 0, ∇·(uv) = ∇u·v + u∇·v."""
    d = len(x)
    u, w, v = a_field(s, d), a_field(t, d), a_field(s, d, d)
    S = strategy
    for operator in (grad, laplacian, hessian):
        close(operator(lambda y: a * u(y) + b * w(y), x, S), a * operator(u, x, S) + b * operator(w, x, S))
    du, dw = grad(u, x, S), grad(w, x, S)
    close(grad(lambda y: u(y) * w(y), x, S), u(x) * dw + w(x) * du)
    close(laplacian(lambda y: u(y) * w(y), x, S), u(x) * laplacian(w, x, S) + 2 * du @ dw + w(x) * laplacian(u, x, S))
    close(grad(lambda y: torch.sin(u(y)), x, S), torch.cos(u(x)) * du)
    close(laplacian(lambda y: torch.sin(u(y)), x, S), torch.cos(u(x)) * laplacian(u, x, S) - torch.sin(u(x)) * du @ du)
    close(hessian(u, x, S).trace(), laplacian(u, x, S))
    close(hessian(u, x, S), hessian(u, x, S).T)
    close(jacobian(v, x, S).trace(), div(v, x, S))
    close(div(lambda y: u(y) * v(y), x, S), du @ v(x) + u(x) * div(v, x, S))
    close(div(lambda y: grad(u, y, S), x, S), laplacian(u, x, S))
    if d == 3:
        close(curl(lambda y: grad(u, y, S), x, S), torch.zeros(3, dtype=F64))
        close(div(lambda y: curl(v, y, S), x, S), torch.zeros((), dtype=F64))


def often(times: int, d: int, strategy: Strategy) -> None:
    @settings(max_examples=times)
    @given(a_point(d), seed, seed, number, number)
    def hold(x: Tensor, s: int, t: int, a: float, b: float) -> None:
        check(strategy, x, s, t, a, b)

    hold()


@pytest.mark.parametrize("d", [1, 2, 3])
def test_identities(strategy: Strategy, d: int) -> None:
    often(3, d, strategy)


@pytest.mark.nightly
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_identities_often(strategy: Strategy, d: int) -> None:
    often(8, d, strategy)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_all_strategies_agree(exact_anywhere: list[Strategy], d: int) -> None:
    @settings(max_examples=6)
    @given(a_point(d), seed)
    def agree(x: Tensor, s: int) -> None:
        u, v = a_field(s, d), a_field(s, d, d)
        orders = [(), (0,), (0, 0), (d - 1, 0, 0)]
        first, *others = exact_anywhere
        for other in others:
            close(laplacian(u, x, other), laplacian(u, x, first))
            close(jacobian(v, x, other), jacobian(v, x, first))
            close(hessian(u, x, other), hessian(u, x, first))
            for p, q in zip(partials(u, x, orders, other), partials(u, x, orders, first), strict=True):
                close(p, q)

    agree()
