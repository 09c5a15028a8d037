"""What `Jet` alone can get wrong: orders, nesting, structural zeros, compilation, and the shape of its products."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp, vmap
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from pinn.operators import (
    Eye,
    Jet,
    MissingRuleError,
    Rows,
    biharmonic,
    div,
    grad,
    hessian,
    jacobian,
    laplacian,
    partials,
)

F64 = torch.float64
JET = Jet()
close = partial(assert_close, rtol=1e-10, atol=1e-12)


def tanh_network(d: int, width: int = 8, dtype: torch.dtype = F64) -> nn.Module:
    torch.manual_seed(d)
    layers = [nn.Linear(d, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)]
    return nn.Sequential(*layers).to(dtype)


def sines(x: Tensor) -> Tensor:
    """u = sin(x₀ + 2x₁)·exp(x₂)."""
    return torch.sin(x[0] + 2 * x[1]) * torch.exp(x[2])


def test_orders_one_to_four_of_sine_and_exponential() -> None:
    x = torch.tensor([0.3, -0.4, 0.7], dtype=F64)
    phase, e = x[0] + 2 * x[1], torch.exp(x[2])
    derivatives = [torch.sin, torch.cos, lambda p: -torch.sin(p), lambda p: -torch.cos(p), torch.sin]
    orders = [(), (0,), (1,), (0, 1), (2, 2), (0, 0, 1), (0, 1, 2), (1, 1, 1), (0, 1, 1, 2), (1, 1, 1, 1), (2, 2, 2, 2)]
    for order, value in zip(orders, partials(sines, x, orders, JET), strict=True):
        k = len(order) - order.count(2)
        close(value, 2.0 ** order.count(1) * derivatives[k](phase) * e)
    close(laplacian(sines, x, JET), -4 * torch.sin(phase) * e)
    close(biharmonic(sines, x, JET), 16 * torch.sin(phase) * e)
    close(biharmonic(sines, x, JET, axes=(0, 1)), 25 * torch.sin(phase) * e)


@pytest.mark.parametrize("d", range(1, 7))
def test_biharmonic_of_a_power_of_the_distance(d: int) -> None:
    """Δ²|x|⁴ = 8d(d + 2) and Δ²|x|⁶ = 24(d + 2)(d + 4)|x|²."""
    x = torch.linspace(0.2, 0.9, d, dtype=F64)
    close(biharmonic(lambda x: (x @ x) ** 2, x, JET), torch.tensor(8.0 * d * (d + 2), dtype=F64))
    close(biharmonic(lambda x: (x @ x) ** 3, x, JET), 24 * (d + 2) * (d + 4) * x @ x)


def test_a_field_linear_or_constant_in_x_has_zero_derivatives() -> None:
    x = torch.tensor([0.5, -0.2], dtype=F64)
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=F64)
    assert_close(laplacian(lambda x: a @ x, x, JET), torch.zeros(3, dtype=F64))
    assert_close(hessian(lambda x: a @ x, x, JET), torch.zeros(3, 2, 2, dtype=F64))
    assert_close(jacobian(lambda x: a[0], x, JET), torch.zeros(2, 2, dtype=F64))
    assert_close(laplacian(lambda x: torch.zeros_like(x), x, JET), torch.zeros(2, dtype=F64))
    assert_close(biharmonic(lambda x: x[0] * 0 + 1.0, x, JET), torch.tensor(0.0, dtype=F64))
    X = torch.rand(4, 2, dtype=F64)
    assert_close(vmap(partial(laplacian, lambda x: a[0, 0], strategy=JET))(X), torch.zeros(4, dtype=F64))


def test_a_complex_field_keeps_its_imaginary_part() -> None:
    """ψ = exp(i k·x): Δψ = −|k|²ψ and ∇|ψ|² = 0."""
    k, x = torch.tensor([2.0, -1.0], dtype=F64), torch.tensor([0.3, 0.4], dtype=F64)

    def wave(x: Tensor) -> Tensor:
        return torch.exp(1j * (k @ x))

    close(laplacian(wave, x, JET), -5 * wave(x))
    close(grad(wave, x, JET), 1j * k * wave(x))
    close(grad(lambda x: torch.abs(wave(x)), x, JET), torch.zeros(2, dtype=F64))
    close(grad(lambda x: wave(x).conj().imag, x, JET), -k * torch.cos(k @ x))

    def parts(x: Tensor) -> Tensor:
        return torch.view_as_real(torch.complex(x[0] ** 2, x[1]) * x[1])

    close(laplacian(parts, x, JET), torch.stack([2 * x[1], torch.full_like(x[0], 2.0)]))


@pytest.mark.parametrize("outer", [JET, Eye()])
def test_operators_nest(outer: Jet | Eye) -> None:
    net, x = tanh_network(3), torch.tensor([0.2, -0.5, 0.4], dtype=F64)

    def u(y: Tensor) -> Tensor:
        return y[0] * net(y)[0]

    def flux(y: Tensor, s: Jet | Eye) -> Tensor:
        return torch.exp(u(y)) * grad(u, y, s)

    close(div(partial(flux, s=JET), x, outer), div(partial(flux, s=Eye()), x, Eye()))
    close(laplacian(lambda y: laplacian(u, y, JET), x, outer), biharmonic(u, x, Eye()))

    def three(s: Jet | Eye) -> Tensor:
        return hessian(lambda z: div(lambda y: u(z) * y[1] * grad(u, y, s), z, s), x, s)

    close(three(JET), three(Eye()))


def test_a_propagation_that_hides_the_outer_point_is_refused() -> None:
    x, centre = torch.tensor([1.0, 2.0], dtype=F64), torch.zeros(2, dtype=F64)
    with pytest.raises(MissingRuleError, match="meet"):
        grad(lambda y: laplacian(lambda z: y[0] * z @ z, centre, JET), x, JET)
    with pytest.raises(MissingRuleError, match="grad by Eye"):
        div(lambda y: grad(sines, y, Eye()), torch.ones(3, dtype=F64), JET)


def test_an_operation_without_a_rule_is_named_with_the_fallback() -> None:
    x = torch.ones(2, dtype=F64)
    with pytest.raises(MissingRuleError, match=r"'lgamma'.*Auto\(\)"):
        grad(lambda x: torch.lgamma(x).sum(), x, JET)
    with pytest.raises(MissingRuleError, match="'__setitem__'"):
        grad(lambda x: x.__setitem__(0, 1.0), x, JET)  # pyright: ignore[reportArgumentType]
    with pytest.raises(MissingRuleError, match="up to order 4"):
        partials(lambda x: x[0] ** 6, x, [(0,) * 5], JET)


def test_the_result_is_differentiable_in_the_parameters() -> None:
    """Reverse mode, forward mode and a directional second derivative of the residual equal those of `Rows`."""
    net, X = tanh_network(2), torch.rand(5, 2, dtype=F64)
    params = {k: v.detach() for k, v in net.named_parameters()}
    tangent = {k: torch.randn_like(v) for k, v in params.items()}

    def residual(params: dict[str, Tensor], strategy: Jet | Rows) -> Tensor:
        return vmap(lambda x: laplacian(lambda y: functional_call(net, params, (y,))[0], x, strategy))(X)

    def second(params: dict[str, Tensor], strategy: Jet | Rows) -> Tensor:
        slope = lambda p: jvp(partial(residual, strategy=strategy), (p,), (tangent,))[1]  # noqa: E731
        return jvp(slope, (params,), (tangent,))[1]

    value, pull, *_ = vjp(partial(residual, strategy=JET), params)
    expected, expected_pull, *_ = vjp(partial(residual, strategy=Rows()), params)
    assert_close(value, expected, rtol=1e-12, atol=1e-13)
    assert_close(pull(value)[0], expected_pull(expected)[0], rtol=1e-12, atol=1e-13)
    close(second(params, JET), second(params, Rows()))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.slow
def test_a_compiled_residual_is_the_eager_one(dtype: torch.dtype) -> None:
    net, X = tanh_network(2, dtype=dtype), torch.rand(7, 2, dtype=dtype)
    params: dict[str, Tensor] = dict(net.named_parameters())

    def loss(params: dict[str, Tensor], X: Tensor) -> Tensor:
        def u(x: Tensor) -> Tensor:
            return x[0] * (1 - x[0]) * functional_call(net, params, (x[None],))[0, 0]

        def residual(x: Tensor) -> Tensor:
            u_t, u_xxx = partials(u, x, [(0,), (1, 1, 1)], JET)
            return u_t + u_xxx + laplacian(u, x, JET) + div(lambda y: u(y) * grad(u, y, JET), x, JET)

        return vmap(residual)(X).square().mean()

    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    eager_value, value = loss(params, X), compiled(params, X)
    assert_close(value, eager_value)
    gradients = [torch.autograd.grad(v, list(params.values()), allow_unused=True) for v in (value, eager_value)]
    assert_close(gradients[0], gradients[1])


class _Products(TorchDispatchMode):
    """Collects the shapes of the left factors of all matrix products."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[str, tuple[int, ...]]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in ("mm", "addmm", "bmm", "baddbmm"):
            self.shapes.append((name, tuple(args[1 if "add" in name else 0].shape)))
        return func(*args, **(kwargs or {}))


def test_streams_of_all_points_are_one_matrix_product() -> None:
    """Under vmap a layer multiplies (N, w), (N·d, w) and (N, w): value, first derivatives, Laplacian."""
    N, d, width = 50, 3, 16
    net, X = tanh_network(d, width), torch.rand(N, d, dtype=F64)
    with _Products() as products, torch.no_grad():
        vmap(partial(laplacian, lambda x: net(x)[0], strategy=JET))(X)
    assert {name for name, _ in products.shapes} <= {"mm", "addmm"}
    assert sorted(shape for _, shape in products.shapes if shape[1] == width) == sorted(
        2 * [(N, width), (N * d, width), (N, width)]
    )


def test_one_pass_serves_any_mixture_of_orders() -> None:
    calls = 0

    def u(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return sines(x)

    orders = [(), (0,), (1, 1), (0, 2), (0, 1, 2), (1, 1, 1, 1)]
    partials(u, torch.ones(3, dtype=F64), orders, JET)
    assert calls == 1


def test_a_hundred_coordinates() -> None:
    d = 100
    net, x = tanh_network(d), torch.linspace(-1, 1, d, dtype=F64)
    close(laplacian(lambda x: net(x)[0], x, JET), laplacian(lambda x: net(x)[0], x, Rows()))
    close(laplacian(lambda x: torch.sin(x).sum() / math.sqrt(d), x, JET), -torch.sin(x).sum() / math.sqrt(d))
