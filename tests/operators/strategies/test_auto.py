"""`Auto` takes `Jet` where every operation has a rule, another exact strategy elsewhere, and says so once."""

import logging

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Auto, Eye, Strategy, div, grad, laplacian
from pinn.operators.strategies import auto

X = torch.tensor([0.4, 1.3, 0.8], dtype=torch.float64)


def ruled(x: Tensor) -> Tensor:
    return torch.sin(x).prod()


def unruled(x: Tensor) -> Tensor:
    return torch.lgamma(x).prod()


def particular(x: Tensor) -> Tensor:
    """A field that accepts nothing but tensors."""
    if not isinstance(x, Tensor):
        raise TypeError("this field takes a tensor")
    return torch.sin(x).prod()


@pytest.mark.parametrize("u", [ruled, unruled, particular])
def test_auto_is_exact_with_and_without_rules(u) -> None:
    def nested(s: Strategy) -> Tensor:
        return laplacian(lambda y: div(lambda z: z[0] * grad(u, z, s), y, s), X, s)

    torch.testing.assert_close(laplacian(u, X, Auto()), laplacian(u, X, Eye()))
    torch.testing.assert_close(nested(Auto()), nested(Eye()))
    points = torch.stack([X, 2 * X])
    torch.testing.assert_close(vmap(lambda x: grad(u, x))(points), vmap(lambda x: grad(u, x, Eye()))(points))


def test_auto_falls_back_where_propagations_cannot_be_ordered() -> None:
    def mixed(s: Strategy) -> Tensor:
        return grad(lambda y: laplacian(lambda z: y[0] * z @ z, torch.ones_like(X), s), X, s)

    torch.testing.assert_close(mixed(Auto()), mixed(Eye()))


def test_the_choice_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    auto._report_once.cache_clear()
    with caplog.at_level(logging.INFO, "pinn"):
        for _ in range(3):
            laplacian(unruled, X, Auto())
            laplacian(ruled, X, Auto())
    assert [r.getMessage().split(":")[0] for r in caplog.records] == ["vjp=auto chose Eye", "vjp=auto chose Jet"]
    assert "'lgamma'" in caplog.text


def test_an_error_of_the_field_is_not_hidden() -> None:
    def broken(x: Tensor) -> Tensor:
        raise TypeError("broken field")

    with pytest.raises(TypeError, match="broken field"):
        laplacian(broken, X, Auto())


@pytest.mark.parametrize("u", [ruled, unruled])
def test_auto_compiles(u) -> None:
    def total(points: Tensor, scale: Tensor) -> Tensor:
        field = lambda x: u(scale * x)  # noqa: E731
        return vmap(lambda x: laplacian(field, x) + grad(field, x)[1])(points).sum()

    points, scale = torch.stack([X, 2 * X]), torch.ones_like(X, requires_grad=True)
    compiled = torch.compile(total, fullgraph=True, backend="aot_eager")
    values = compiled(points, scale), total(points, scale)
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*(torch.autograd.grad(v, scale)[0] for v in values))
