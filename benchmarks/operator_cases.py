"""What the benchmark of the operators times: residuals as fields of one point, and the same by the peers' loop."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from pinn.domains import Box, Domain
from pinn.objective import Objective
from pinn.objective.compilation import Compiled
from pinn.operators import Auto, Eye, ForwardOverReverse, Jet, Rows, Strategy, biharmonic, laplacian, partials
from pinn.pdes import PDE, Condition, interior
from pinn.typing import Field, Params, Points

Batch = Callable[[Points], Tensor]
"""A scalar field as a peer writes it: points of shape (N, d) to values of shape (N,)."""

STRATEGIES: dict[str, Strategy] = {type(s).__name__: s for s in (Rows(), Eye(), ForwardOverReverse(), Jet(), Auto())}

LOOP = "loop"
"""The reference: nested `torch.autograd.grad` on the batch, one call for each coordinate."""


@dataclass(frozen=True)
class Case:
    """A residual in d dimensions, at a point by our operators and on a batch by the loop; both are the same numbers."""

    name: str
    d: int
    residual: Callable[..., Tensor]
    loop: Callable[[Tensor, Points, bool], Tensor]


def cases(name: str, dimensions: list[int]) -> list[Case]:
    """The cases of that name: a Laplacian for each d, the others in the one dimension that they have."""
    if name == "laplacian":
        return [Case("Δu", d, _laplacian, loop_laplacian) for d in dimensions]
    found = {
        "third": Case("u…u_xxx", 1, _third, _loop_third),
        "fourth": Case("u…u_xxxx", 1, _fourth, _loop_fourth),
        "biharmonic": Case("Δ²u", 2, _biharmonic, _loop_biharmonic),
    }
    return [found[name]]


@dataclass(frozen=True)
class Homogeneous(PDE):
    """The equation residual = 0 of a case, without further conditions."""

    case: Case
    domain: Domain
    exact: Field | None = None
    hard: bool = False

    def conditions(self) -> tuple[Condition, ...]:
        return (interior(self.domain, self.case.residual),)


@dataclass(frozen=True)
class Setup:
    """A case, a network from R^d to R¹, and the N points where the residual is taken."""

    case: Case
    network: nn.Module
    points: Points

    def operator(self, name: str, compiled: Compiled | None) -> Callable[[], Tensor]:
        """The residual at all points, without gradients of parameters."""
        params = {key: value.detach() for key, value in self.network.named_parameters()}
        if name == LOOP:

            def residual(params: Params, points: Points) -> Tensor:
                return self.case.loop(self._values(params)(x := points.clone().requires_grad_()), x, False).detach()
        else:

            def residual(params: Params, points: Points) -> Tensor:
                return self._objective(name, None, points).residuals(params)["interior"].reshape(-1).detach()

        if compiled:
            return partial(compiled, residual, params, self.points, key=("operator", name))
        return partial(residual, params, self.points)

    def step(self, name: str, compiled: Compiled | None) -> Callable[[], Params]:
        """A training step but for the optimizer: the parameter gradients of the mean squared residual, by name."""
        params = dict(self.network.named_parameters())
        if name != LOOP:
            objective = self._objective(name, compiled, self.points)
            return lambda: objective.gradient(params)[1]
        if compiled:
            detached = {key: value.detach() for key, value in params.items()}
            return partial(compiled, self._loop_gradient, detached, self.points, key=("step", name))
        return lambda: self._gradient(lambda x: self.network(x)[:, 0], params, self.points)

    def jacobian(self, name: str) -> Callable[[], Tensor]:
        """The Jacobian of the residual by the parameters, (N, P), scaled by 1/√N; the loop is `vmap(jacrev)`."""
        params = {key: value.detach() for key, value in self.network.named_parameters()}
        if name == LOOP:
            return lambda: self._nested_jacobian(params)
        objective = self._objective(name, None, self.points)
        return lambda: objective.jacobian(params)

    def _objective(self, name: str, compiled: Compiled | None, points: Points) -> Objective:
        d = self.case.d
        equation = Homogeneous(self.case, Box((0.0,) * d, (1.0,) * d))
        return Objective(equation, self.network, {"interior": (points,)}, strategy=STRATEGIES[name], compiled=compiled)

    def _values(self, params: Params) -> Batch:
        return lambda x: functional_call(self.network, dict(params), (x,))[:, 0]

    def _loop_gradient(self, params: Params, points: Points) -> dict[str, Tensor]:
        leaves = {key: value.detach().requires_grad_() for key, value in params.items()}
        return {key: value.detach() for key, value in self._gradient(self._values(leaves), leaves, points).items()}

    def _gradient(self, u: Batch, leaves: Params, points: Points) -> dict[str, Tensor]:
        x = points.clone().requires_grad_()
        loss = self.case.loop(u(x), x, True).square().mean()
        gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return dict(zip(leaves, gradients, strict=True))

    def _nested_jacobian(self, params: Params) -> Tensor:
        def residual(params: Params, x: Tensor) -> Tensor:
            def u(y: Tensor) -> Tensor:
                return functional_call(self.network, dict(params), (y[None],))[0, 0]

            return self.case.residual(u, x, strategy=Rows())  # v = e_i: nested VJPs, one for each coordinate

        n = len(self.points)
        blocks = vmap(jacrev(residual), in_dims=(None, 0))(params, self.points)
        return torch.cat([block.reshape(n, -1) for block in blocks.values()], dim=1) / n**0.5


def tanh_network(d: int, width: int, depth: int, like: Tensor) -> nn.Sequential:
    """`depth` hidden layers of `width` neurons, as anybody would write them; dtype and device of `like`."""
    torch.manual_seed(0)
    inputs = [d, *[width] * (depth - 1)]
    hidden = [layer for m in inputs for layer in (nn.Linear(m, width), nn.Tanh())]
    return nn.Sequential(*hidden, nn.Linear(width, 1)).to(like)


def loop_laplacian(u: Tensor, x: Points, create_graph: bool) -> Tensor:
    """Δu from the values u of shape (N,) at x, by the textbook's loop over the coordinates."""
    (u_x,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    second = [
        torch.autograd.grad(u_x[:, k].sum(), x, create_graph=create_graph, retain_graph=True)[0][:, k]
        for k in range(x.shape[1])
    ]
    return torch.stack(second).sum(0)


def loop_derivatives(u: Tensor, x: Points, order: int, create_graph: bool) -> list[Tensor]:
    """u, u_x, … up to that order in one dimension, each from the one before."""
    found = [u]
    for k in range(1, order + 1):
        (next_one,) = torch.autograd.grad(found[-1].sum(), x, create_graph=create_graph or k < order, retain_graph=True)
        found.append(next_one[:, 0])
    return found


def _laplacian(u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
    return laplacian(u, x, strategy)


def _third(u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
    """u u_x + u_xx + u_xxx, the terms of Korteweg–de Vries–Burgers."""
    u0, u_x, u_xx, u_xxx = partials(u, x, [(), (0,), (0,) * 2, (0,) * 3], strategy)
    return u0 * u_x + u_xx + u_xxx


def _loop_third(u: Tensor, x: Points, create_graph: bool) -> Tensor:
    u0, u_x, u_xx, u_xxx = loop_derivatives(u, x, 3, create_graph)
    return u0 * u_x + u_xx + u_xxx


def _fourth(u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
    """u u_x + u_xx + u_xxx + u_xxxx, the terms of the generalised Kuramoto–Sivashinsky equation."""
    u0, u_x, u_xx, u_xxx, u_xxxx = partials(u, x, [(0,) * k for k in range(5)], strategy)
    return u0 * u_x + u_xx + u_xxx + u_xxxx


def _loop_fourth(u: Tensor, x: Points, create_graph: bool) -> Tensor:
    u0, u_x, u_xx, u_xxx, u_xxxx = loop_derivatives(u, x, 4, create_graph)
    return u0 * u_x + u_xx + u_xxx + u_xxxx


def _biharmonic(u: Field, x: Tensor, *, strategy: Strategy) -> Tensor:
    return biharmonic(u, x, strategy)


def _loop_biharmonic(u: Tensor, x: Points, create_graph: bool) -> Tensor:
    return loop_laplacian(loop_laplacian(u, x, True), x, create_graph)
