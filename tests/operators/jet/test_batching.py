"""A network called once for all points of a vmap gives what it gives point by point."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, jvp, vmap

from pinn.networks import ACTIVATIONS, MLP, field
from pinn.operators import Jet, Rows, call_batched, div, grad, jacobian, laplacian, partials
from pinn.typing import Field, Params

F64 = torch.float64
X = torch.rand(7, 3, dtype=F64, generator=torch.Generator().manual_seed(1))


def network(outputs: int | None = None, activation: str = "tanh", width: int = 6) -> MLP:
    return MLP(3, outputs, width=width, depth=2, activation=activation, generator=torch.Generator().manual_seed(0)).to(
        F64
    )


def pointwise(module: nn.Module, params: Params | None = None) -> Field:
    """The same field by a call for each point, hidden from `call_batched`."""
    theta: dict[str, Tensor] = dict(module.named_parameters()) if params is None else dict(params)
    return lambda x: functional_call(module, theta, (x,))


OPERATORS = {
    "value": lambda u, x: u(x),
    "gradient": lambda u, x: grad(u, x, Jet()),
    "Laplacian": lambda u, x: laplacian(u, x, Jet()),
    "mixed and third": lambda u, x: torch.stack(partials(u, x, [(0,), (0, 1), (2, 2), (1, 1, 1), (0, 1, 2)], Jet())),
    "fourth": lambda u, x: torch.stack(partials(u, x, [(), (0,) * 4, (1,) * 3, (0, 0, 1, 1)], Jet())),
    "by layers of operators": lambda u, x: div(lambda y: u(y) ** 2 * grad(u, y, Jet()), x, Jet()),
    "of a transformed point": lambda u, x: laplacian(
        lambda y: u(torch.stack([y[0], y[0] * y[1], y.sin()[2]])), x, Jet()
    ),
    "at a fixed point": lambda u, x: u(torch.full_like(x.detach(), 0.5)) * x[0] + u(x),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", OPERATORS)
def test_as_point_by_point_in_value_and_gradient(name: str, activation: str) -> None:
    """Also holds the adjoint that `fused_chain.py` writes by hand against autograd's."""
    module = network(activation=activation)
    found = [vmap(partial(OPERATORS[name], u))(X) for u in (field(module), pointwise(module))]
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-13)
    weights = torch.rand_like(found[0])
    gradients = [torch.autograd.grad((y * weights).sum(), list(module.parameters()), allow_unused=True) for y in found]
    for batched, single in zip(*gradients, strict=True):
        torch.testing.assert_close(batched, single, rtol=1e-11, atol=1e-12)


def test_vector_fields() -> None:
    module = network(outputs=3)
    operator = lambda v, x: jacobian(v, x, Jet()) @ v(x) - laplacian(v, x, Jet())  # noqa: E731
    found = [vmap(partial(operator, v))(X) for v in (field(module, components=3), pointwise(module))]
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-13)


def test_the_adjoint_is_differentiable() -> None:
    """A Hessian-vector product of the parameters goes through `backward` a second time."""
    module = network()
    theta = list(module.parameters())
    products = []
    for u in (field(module), pointwise(module)):
        loss = vmap(partial(laplacian, u, strategy=Jet()))(X).square().sum()
        gradient = torch.autograd.grad(loss, theta, create_graph=True, materialize_grads=True, allow_unused=True)
        total = sum((g * (k + 1)).sum() for k, g in enumerate(gradient))
        assert isinstance(total, Tensor)
        products.append(torch.autograd.grad(total, theta, allow_unused=True, materialize_grads=True))
    for batched, single in zip(*products, strict=True):
        torch.testing.assert_close(batched, single, rtol=1e-10, atol=1e-11)


def test_under_transforms_of_the_parameters() -> None:
    """jvp outside vmap, jacrev inside it, and parameters that differ from point to point."""
    module = network()
    params = {name: value.detach() for name, value in module.named_parameters()}
    tangent = {name: torch.ones_like(value) for name, value in params.items()}

    def residual(make: object, theta: Params) -> Tensor:
        return vmap(lambda x: laplacian(make(module, theta), x, Jet()))(X)  # pyright: ignore

    torch.testing.assert_close(
        jvp(partial(residual, field), (params,), (tangent,)), jvp(partial(residual, pointwise), (params,), (tangent,))
    )
    rows = [
        vmap(jacrev(lambda theta, x: laplacian(make(module, theta), x, Jet())), in_dims=(None, 0))(params, X)  # noqa: B023
        for make in (field, pointwise)
    ]
    for name in params:
        torch.testing.assert_close(rows[0][name], rows[1][name])
    many = {name: value + torch.rand(7, *value.shape, dtype=F64) for name, value in params.items()}
    found = vmap(lambda theta, x: laplacian(field(module, theta), x, Jet()))(many, X)
    one = torch.stack([laplacian(field(module, {n: v[3] for n, v in many.items()}), X[3], Rows())])
    torch.testing.assert_close(found[3:4], one, rtol=1e-11, atol=1e-12)


def test_the_network_is_called_once_with_all_points() -> None:
    shapes = []

    def function(x: Tensor) -> Tensor:
        shapes.append(tuple(x.shape))
        return torch.sin(x).sum(-1)

    vmap(lambda x: laplacian(lambda y: call_batched(function, y, {}), x, Jet()))(X)
    assert shapes == [(7, 3)]
