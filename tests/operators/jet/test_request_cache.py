"""One propagation serves a residual at every evaluation after the recorded one, and changes no number."""

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Auto, Jet, RequestCache, Strategy, biharmonic, div, grad, hessian, laplacian, partials

X = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def residual(u, k, x: Tensor, s: Strategy) -> Tensor:
    u_t, u_xx = partials(u, x, [(0,), (1, 1)], s)
    nonlinear = div(lambda y: k(y) * grad(u, y, s), x, s)
    return u_t + u_xx + laplacian(u, x, s) * grad(k, x, s)[0] + hessian(u, x, s)[0, 1] + biharmonic(u, x, s) + nonlinear


@pytest.mark.parametrize("strategy", [Jet(), Auto()], ids=["Jet", "Auto"])
def test_one_recorded_evaluation_serves_all_others(strategy: Strategy) -> None:
    calls = {"u": 0, "k": 0}

    def u(x: Tensor) -> Tensor:
        calls["u"] += 1
        return torch.sin(x[0]) * torch.exp(x[1])

    def k(x: Tensor) -> Tensor:
        calls["k"] += 1
        return 1 + x @ x

    expected = vmap(lambda x: residual(u, k, x, Jet()))(X)
    requests = RequestCache.recorded(lambda s: vmap(lambda x: residual(u, k, x, strategy.sharing(s)))(X[:1]))
    calls.update(u=0, k=0)
    values = [vmap(lambda x: residual(u, k, x, strategy.sharing(requests.evaluation())))(X) for _ in range(2)]
    torch.testing.assert_close(values[0], expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(values[0], values[1]), "an evaluation changed a later one"
    assert calls == {"u": 4, "k": 4}, "u and k at x, and both inside the flux, at each of two evaluations"


def test_a_request_that_was_not_recorded_is_answered_and_not_learned() -> None:
    x, u = X[0], torch.sin

    def at(strategy: Strategy, more: bool) -> Tensor:
        slope = partials(u, x, [(0,)], strategy)[0]
        return slope + laplacian(u, x, strategy) if more else slope

    requests = RequestCache.recorded(lambda s: at(s, more=False))
    before = requests.requests
    for _ in range(2):
        shared = requests.evaluation()
        torch.testing.assert_close(at(shared, more=True), at(Jet(), more=True))
        assert shared.propagations == 2
    assert requests.requests == before


def test_a_recorded_residual_compiles() -> None:
    def pointwise(x: Tensor, strategy: Strategy) -> Tensor:
        u = lambda y: torch.sin(y).prod()  # noqa: E731
        return laplacian(u, x, strategy) + partials(u, x, [(0, 1)], strategy)[0]

    requests = RequestCache.recorded(lambda s: pointwise(X[0], s))

    def loss(X: Tensor) -> Tensor:
        return vmap(lambda x: pointwise(x, requests.evaluation()))(X).sum()

    torch.testing.assert_close(torch.compile(loss, fullgraph=True, backend="aot_eager")(X), loss(X))


def test_what_fails_for_lack_of_a_rule_keeps_its_place() -> None:
    """`Auto` asks, falls back, and goes on: the requests at later fields are still found by their order."""
    rough, smooth = lambda x: torch.special.bessel_j0(x).sum(), lambda x: (x**3).sum()

    def at(strategy: Strategy) -> Tensor:
        x = X[0]
        first = laplacian(rough, x, strategy)
        return first + partials(smooth, x, [(0,)], strategy)[0] + laplacian(smooth, x, strategy)

    requests = RequestCache.recorded(lambda s: at(Auto().sharing(s)))
    shared = requests.evaluation()
    torch.testing.assert_close(at(Auto().sharing(shared)), at(Auto()))
    assert shared.propagations == 2, "one that failed, one for both requests of the second field"
