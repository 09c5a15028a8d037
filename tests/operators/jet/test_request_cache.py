"""One propagation serves a residual, from the second evaluation on, and changes no number."""

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import Jet, RequestCache, Strategy, biharmonic, div, grad, hessian, laplacian, partials

X = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def residual(u, k, x: Tensor, s: Strategy) -> Tensor:
    u_t, u_xx = partials(u, x, [(0,), (1, 1)], s)
    nonlinear = div(lambda y: k(y) * grad(u, y, s), x, s)
    return u_t + u_xx + laplacian(u, x, s) * grad(k, x, s)[0] + hessian(u, x, s)[0, 1] + biharmonic(u, x, s) + nonlinear


def test_a_recording_learns_in_one_evaluation() -> None:
    calls = {"u": 0, "k": 0}

    def u(x: Tensor) -> Tensor:
        calls["u"] += 1
        return torch.sin(x[0]) * torch.exp(x[1])

    def k(x: Tensor) -> Tensor:
        calls["k"] += 1
        return 1 + x @ x

    expected = vmap(lambda x: residual(u, k, x, Jet()))(X)
    recording = RequestCache()
    first = vmap(lambda x: residual(u, k, x, recording.evaluation()))(X)
    calls.update(u=0, k=0)
    second = vmap(lambda x: residual(u, k, x, recording.evaluation()))(X)
    torch.testing.assert_close(first, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(second, expected, rtol=1e-12, atol=1e-12)
    assert calls == {"u": 2, "k": 2}, "u and k at x, and both inside the flux"


def test_a_request_that_was_not_learned_is_answered() -> None:
    recording, x = RequestCache(), X[0]
    u = torch.sin

    def at(strategy: Strategy, more: bool) -> Tensor:
        slope = partials(u, x, [(0,)], strategy)[0]
        return slope + laplacian(u, x, strategy) if more else slope

    at(recording.evaluation(), more=False)
    torch.testing.assert_close(at(recording.evaluation(), more=True), at(Jet(), more=True))


def test_a_learned_recording_compiles() -> None:
    recording = RequestCache()

    def loss(X: Tensor) -> Tensor:
        def pointwise(x: Tensor) -> Tensor:
            shared = recording.evaluation()
            u = lambda y: torch.sin(y).prod()  # noqa: E731
            return laplacian(u, x, shared) + partials(u, x, [(0, 1)], shared)[0]

        return vmap(pointwise)(X).sum()

    expected = loss(X)
    torch.testing.assert_close(torch.compile(loss, fullgraph=True, backend="aot_eager")(X), expected)
