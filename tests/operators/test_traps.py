"""Inputs that other systems get wrong in silence: each is right here, or an error that says what to do."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.func import grad as parameter_gradient

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
OPERATORS = [grad, jacobian, diagonal, div, curl, sym_grad, hessian, laplacian, biharmonic]

named = partial(pytest.mark.parametrize, ids=lambda o: getattr(o, "__name__", None))


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=F64)


def equal(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


# Derivatives that vanish are zero, not an error and not None.


def test_second_derivatives_of_a_linear_field_are_zero(strategy_if_diagonal: Strategy) -> None:
    def u(x: Tensor) -> Tensor:
        return 2 * x[0] - x[1] + 3

    equal(hessian(u, X, strategy_if_diagonal), zeros(3, 3))
    equal(laplacian(u, X, strategy_if_diagonal), zeros())
    equal(biharmonic(u, X, strategy_if_diagonal), zeros())
    for derivative in partials(u, X, [(0, 0), (0, 1), (0, 0, 2), (2, 2, 2, 2)], strategy_if_diagonal):
        equal(derivative, zeros())
    equal(vmap(partial(laplacian, u, strategy=strategy_if_diagonal))(X[None]), zeros(1))


@pytest.mark.parametrize("depends", [True, False], ids=["times zero", "ignores x"])
def test_derivatives_of_a_constant_field_are_zero(depends: bool, strategy_if_diagonal: Strategy) -> None:
    def u(x: Tensor) -> Tensor:
        return 0 * x[0] + 3 if depends else torch.tensor(3, dtype=F64)

    equal(grad(u, X, strategy_if_diagonal), zeros(3))
    equal(directional(u, X, X, strategy_if_diagonal), zeros())
    equal(hessian(u, X, strategy_if_diagonal), zeros(3, 3))
    equal(laplacian(u, X, strategy_if_diagonal), zeros())
    equal(biharmonic(u, X, strategy_if_diagonal), zeros())
    value, u_z, u_xy = partials(u, X, [(), (2,), (0, 1)], strategy_if_diagonal)
    equal(value, torch.tensor(3, dtype=F64))
    equal(u_z, zeros())
    equal(u_xy, zeros())
    equal(vmap(partial(laplacian, u, strategy=strategy_if_diagonal))(X.expand(2, 3)), zeros(2))


def test_derivatives_of_a_constant_vector_field_are_zero(strategy_if_diagonal: Strategy) -> None:
    def v(x: Tensor) -> Tensor:
        return torch.ones(3, dtype=F64)

    equal(jacobian(v, X, strategy_if_diagonal), zeros(3, 3))
    equal(diagonal(v, X, strategy_if_diagonal), zeros(3))
    equal(div(v, X, strategy_if_diagonal), zeros())
    equal(curl(v, X, strategy_if_diagonal), zeros(3))


def test_an_unused_bias_has_gradient_zero(strategy: Strategy) -> None:
    """The last bias drops out of Δu."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4, dtype=F64), nn.Tanh(), nn.Linear(4, 1, dtype=F64))

    def residual(params: dict[str, Tensor]) -> Tensor:
        return laplacian(lambda x: functional_call(net, params, (x,))[0], X, strategy)

    gradient = parameter_gradient(residual)({name: p.detach() for name, p in net.named_parameters()})
    equal(gradient["2.bias"], zeros(1))
    assert gradient["2.weight"].abs().max() > 0


# Wrong arguments name what is wrong and what to do.


@named("operator", [*OPERATORS, partial(directional, direction=X), partial(partials, orders=[(0,)])])
def test_a_batch_of_points_is_refused_and_vmap_named(operator) -> None:
    with pytest.raises(ValueError, match=r"one point of shape \(d,\), got a tensor of shape \(4, 3\).*vmap"):
        operator(lambda x: x, torch.ones(4, 3))


@named("operator", [*OPERATORS, partial(directional, direction=X), partial(partials, orders=[(0,)])])
def test_points_that_are_not_real_floating_point_tensors_are_refused(operator) -> None:
    for dtype in (torch.int64, torch.bool, torch.complex64):
        with pytest.raises(TypeError, match=f"floating-point point, got dtype {dtype}"):
            operator(lambda x: x, torch.ones(3, dtype=dtype))
    with pytest.raises(TypeError, match=r"torch\.Tensor of shape \(d,\), got list"):
        operator(lambda x: x, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"got a tensor of shape \(\)"):
        operator(lambda x: x, torch.tensor(1.0))


@named("operator", [*OPERATORS, partial(directional, direction=X), partial(partials, orders=[(0,)])])
def test_a_tensor_in_place_of_a_field_is_refused(operator) -> None:
    with pytest.raises(TypeError, match=r"takes a field.*got Tensor.*pass `u`, not `u\(x\)`"):
        operator(X.sin(), X)


@named("operator", [grad, diagonal, div, curl, sym_grad, laplacian, biharmonic])
@pytest.mark.parametrize("axes", [(3,), (0, -4), 0, (0.5,), ("x",)])
def test_axes_that_x_does_not_have_are_refused(operator, axes) -> None:
    with pytest.raises(ValueError, match=rf"{operator.__name__}: axes must be integers in \[0, 3\)") as caught:
        operator(lambda x: x, X, axes=axes)
    assert repr(axes) in str(caught.value)


@named("operator", [grad, diagonal, div, curl, sym_grad, laplacian, biharmonic])
@pytest.mark.parametrize("axes", [(), (1, 1), (0, -3)])
def test_axes_that_repeat_or_are_missing_are_refused(operator, axes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one or more coordinates, each of them once") as caught:
        operator(lambda x: x, X, axes=axes)
    assert repr(axes) in str(caught.value)


def test_partials_along_an_axis_that_x_does_not_have_are_refused(strategy_if_diagonal: Strategy) -> None:
    with pytest.raises(ValueError, match=r"partials: axes must be integers in \[0, 3\).*got \(0, 7\)"):
        partials(lambda x: x[0], X, [(0,), (0, 7)], strategy_if_diagonal)


def test_partials_given_axes_in_place_of_tuples_of_axes_are_refused() -> None:
    for orders in (0, (0, 1)):
        with pytest.raises(TypeError, match="sequence of tuples"):
            partials(lambda x: x[0], X, orders)  # pyright: ignore[reportArgumentType]


def test_a_component_index_out_of_range_is_an_index_error(strategy_if_diagonal: Strategy) -> None:
    with pytest.raises(IndexError, match="5"):
        grad(lambda x: x[5], X, strategy_if_diagonal)
    with pytest.raises(IndexError, match="5"):
        laplacian(lambda x: torch.sin(x)[5], X, strategy_if_diagonal)


def test_grad_of_a_vector_field_is_refused(strategy_if_diagonal: Strategy) -> None:
    with pytest.raises(ValueError, match=r"scalar field.*shape \(3,\).*jacobian"):
        grad(torch.sin, X, strategy_if_diagonal)
    # One component is not a scalar: a network needs its last dimension taken.
    with pytest.raises(ValueError, match=r"shape \(1,\).*u\(x\)\[0\]"):
        grad(lambda x: x[:1], X, strategy_if_diagonal)


@pytest.mark.parametrize("operator", [div, diagonal], ids=["div", "diagonal"])
def test_a_divergence_needs_one_component_for_each_axis(operator, strategy_if_diagonal: Strategy) -> None:
    with pytest.raises(ValueError, match=r"each of the 3 axes \(0, 1, 2\).*shape \(2,\)"):
        operator(lambda x: x[:2], X, strategy_if_diagonal)
    with pytest.raises(ValueError, match=r"each of the 2 axes \(0, 2\).*shape \(3,\)"):
        operator(lambda x: x, X, strategy_if_diagonal, axes=(0, 2))
    with pytest.raises(ValueError, match=r"shape \(\)"):
        operator(lambda x: x[0], X, strategy_if_diagonal)


def test_curl_exists_in_two_and_three_dimensions(strategy: Strategy) -> None:
    with pytest.raises(ValueError, match=r"2 or 3 dimensions.*shape \(4,\) over 4 axes"):
        curl(torch.sin, torch.ones(4), strategy)
    with pytest.raises(ValueError, match=r"shape \(\) over 3 axes"):
        curl(lambda x: x[0], X, strategy)
    with pytest.raises(ValueError, match=r"shape \(3,\) over 2 axes"):
        curl(torch.sin, X, strategy, axes=(0, 1))


def test_strain_needs_as_many_components_as_axes(strategy: Strategy) -> None:
    with pytest.raises(ValueError, match=r"3 components, got shape \(2,\)"):
        sym_grad(lambda x: x[:2], X, strategy)


def test_a_direction_has_the_shape_of_the_point(strategy_if_diagonal: Strategy) -> None:
    for direction in (torch.ones(2), torch.ones(1, 3), torch.tensor(1.0)):
        with pytest.raises(ValueError, match=r"direction of shape \(3,\)"):
            directional(lambda x: x[0], X, direction, strategy_if_diagonal)
    for direction in ([1.0, 0.0, 0.0], torch.ones(3, dtype=torch.complex128)):
        with pytest.raises(TypeError, match=r"real torch\.Tensor"):
            directional(lambda x: x[0], X, direction, strategy_if_diagonal)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("dtype", [torch.int64, torch.float32])
def test_a_direction_takes_the_dtype_of_the_point(dtype: torch.dtype, strategy_if_diagonal: Strategy) -> None:
    slope = directional(lambda x: x[0] * x[1], X, torch.tensor([1, 2, 0], dtype=dtype), strategy_if_diagonal)
    torch.testing.assert_close(slope, X[1] + 2 * X[0])


# BatchNorm makes the value at one point depend on the others.


class Normalised(nn.Module):
    """A network for one point whose hidden layer is batch-normalised."""

    def __init__(self, running: bool = True) -> None:
        super().__init__()
        self.hidden = nn.Linear(3, 4, dtype=F64)
        self.norm = nn.BatchNorm1d(4, dtype=F64, track_running_stats=running)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.norm(self.hidden(x)[None])[0]).sum()


@named("operator", [*OPERATORS, partial(directional, direction=X), partial(partials, orders=[(0,)])])
def test_batch_norm_in_training_mode_is_refused(operator) -> None:
    with pytest.raises(ValueError, match=r"BatchNorm1d 'norm' is in training mode.*eval\(\)"):
        operator(Normalised(), X)


def test_batch_norm_without_running_statistics_is_refused() -> None:
    with pytest.raises(ValueError, match="BatchNorm1d 'norm' has no running statistics"):
        grad(Normalised(running=False).eval(), X)


def test_batch_norm_in_evaluation_mode_is_a_field(strategy: Strategy) -> None:
    net = Normalised().eval()
    W, t = net.hidden.weight, torch.tanh(net(X) * 0 + net.hidden(X) / (1 + net.norm.eps) ** 0.5)
    torch.testing.assert_close(grad(net, X, strategy), (1 - t**2) @ W / (1 + net.norm.eps) ** 0.5)
    assert laplacian(net, X, strategy).shape == ()
