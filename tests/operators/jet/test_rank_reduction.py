"""Fewer directions where the first layer is narrow: the same numbers, whatever else the field does with its point."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vmap
from torch.testing import assert_close

from pinn.operators import Jet, Rows, Strategy, div, grad, laplacian
from pinn.operators.jet.jet_tensor import JetTensor, Propagation
from pinn.operators.jet.plan import plan
from pinn.operators.jet.rank_reduction import reduced
from pinn.operators.jet.requests import Laplacian
from pinn.torch_private import make_fx

D, WIDTH = 12, 5
Net = Callable[[Tensor], Tensor]


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Linear(D, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 2)
    ).double()


FIELDS: dict[str, Callable[[Net, Tensor, Strategy], Tensor]] = {
    "network": lambda n, x, s: laplacian(n, x, s),
    "one row": lambda n, x, s: laplacian(lambda x: n(x[None])[0, 0], x, s),
    "normalised": lambda n, x, s: laplacian(lambda x: n((x - 0.5) / 0.3)[0], x, s),
    "hard constraint": lambda n, x, s: laplacian(lambda x: torch.sin(x).sum() + (x * (1 - x)).prod() * n(x)[0], x, s),
    "linear head": lambda n, x, s: laplacian(lambda x: n(x)[0] * (n(2 * x)[1] + x[0]), x, s),
    "along some axes": lambda n, x, s: laplacian(n, x, s, axes=tuple(range(2, D))),
    "nested": lambda n, x, s: div(
        lambda y: laplacian(lambda z: n(z)[0] * y[0] * z[1], y, s) * grad(lambda z: n(z)[1], y, s), x, s
    ),
    "laplacian of laplacian": lambda n, x, s: laplacian(lambda y: y[0] * laplacian(n, y, s)[0], x, s),
}


@pytest.mark.parametrize("name", FIELDS)
def test_reduction_changes_no_number(name: str) -> None:
    net = network()
    params = {k: v.detach() for k, v in net.named_parameters()}
    tangent = {k: torch.randn_like(v) for k, v in params.items()}
    X = torch.rand(2, D, dtype=torch.float64)

    def values(params: dict[str, Tensor], strategy: Strategy) -> Tensor:
        return vmap(lambda x: FIELDS[name](lambda y: functional_call(net, params, (y,)), x, strategy))(X)

    def slopes(strategy: Strategy) -> tuple[Tensor, Tensor]:
        value, slope, *_ = jvp(lambda p: values(p, strategy), (params,), (tangent,))
        return value, slope

    for jet, reverse in zip(slopes(Jet()), slopes(Rows()), strict=True):
        assert_close(jet, reverse, rtol=1e-11, atol=1e-12)


def test_second_derivatives_in_the_parameters_are_exact() -> None:
    net, x = network(), torch.rand(D, dtype=torch.float64)
    params = {k: v.detach() for k, v in net.named_parameters()}
    tangent = {k: torch.randn_like(v) for k, v in params.items()}

    def second(strategy: Strategy) -> Tensor:
        def value(p: dict[str, Tensor]) -> Tensor:
            return laplacian(lambda y: functional_call(net, p, (y,)), x, strategy)

        return jvp(lambda p: jvp(value, (p,), (tangent,))[1], (params,), (tangent,))[1]

    assert_close(second(Jet()), second(Rows()), rtol=1e-10, atol=1e-11)


def test_a_dead_or_repeated_neuron_is_left_unreduced() -> None:
    net, x = network(), torch.rand(D, dtype=torch.float64)
    first = net.get_parameter("0.weight")
    for row in (torch.zeros_like(first[0]), first[0].detach() * (1 + 1e-9)):
        with torch.no_grad():
            first[1] = row
        gradients = [torch.autograd.grad(laplacian(net, x, s).sum(), first)[0] for s in (Jet(), Rows())]
        assert_close(gradients[0], gradients[1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("row", ["random", "dead", "repeated"])
def test_a_traced_gradient_is_reduced_and_exact(row: str) -> None:
    """A graph holds no check of the condition and needs none: dead and repeated neurons give the same gradient."""
    net, x = network(), torch.rand(D, dtype=torch.float64)
    first = net.get_parameter("0.weight")
    with torch.no_grad():
        first[1] = {"random": first[1].clone(), "dead": 0 * first[0], "repeated": first[0] * (1 + 1e-9)}[row]

    def gradient(weight: Tensor, strategy: Strategy) -> Tensor:
        leaf = weight.detach().requires_grad_()
        value = laplacian(lambda y: functional_call(net, {"0.weight": leaf}, (y,)), x, strategy).sum()
        return torch.autograd.grad(value, leaf)[0]

    graph = make_fx(lambda weight: gradient(weight, Jet()))(first.detach())
    assert any("qr" in str(node.target) for node in graph.graph.nodes)
    assert_close(graph(first.detach()), gradient(first, Rows()), rtol=1e-11, atol=1e-12)


def test_weights_of_each_point_are_left_unreduced() -> None:
    x, W = torch.rand(D, dtype=torch.float64), torch.rand(3, WIDTH, D, dtype=torch.float64)

    def at(strategy: Strategy) -> Tensor:
        return vmap(lambda w: laplacian(lambda y: torch.tanh(nn.functional.linear(y, w)), x, strategy))(W)

    assert_close(at(Jet()), at(Rows()), rtol=1e-11, atol=1e-12)


def test_a_narrow_layer_carries_as_many_streams_as_outputs() -> None:
    torch.manual_seed(0)
    streams = (torch.randn(D, WIDTH, dtype=torch.float64), None)
    y = reduced(
        JetTensor(Propagation(plan([Laplacian(tuple(range(D)))])), torch.zeros(WIDTH, dtype=torch.float64), streams)
    )
    assert y.streams[0] is not None
    assert y.streams[0].shape == (WIDTH, WIDTH)
