"""The residuals of conditions at given points, and what is a sum over points or has a row for each of them."""

import dataclasses
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.objective.blocks import joined
from pinn.objective.energies import energies
from pinn.objective.jacobian import jacobian_rows
from pinn.objective.layer_jacobian import PointResidual
from pinn.objective.loss import LossTerms, Sample
from pinn.operators import Jet, RequestCache, Strategy
from pinn.pdes import Condition
from pinn.typing import Field, Params


@dataclass(frozen=True)
class Residuals:
    """Functions of the parameters θ and of `data`, samples of some of the conditions; none depends on other points.

    `field` gives u at θ, and `points` counts all points of a condition, of which `data` may have a part. A sample of
    one of the `weighted` conditions ends in the factor of its residual. `requests` are what the residuals ask of u, if
    that is recorded: then operators at one point share a propagation.
    """

    field: Callable[[Params], Field]
    conditions: tuple[Condition, ...]
    points: Mapping[str, int]
    weighted: Container[str]
    strategy: Strategy
    requests: Mapping[str, RequestCache]
    chunk_size: int | None

    def by_condition(self, params: Params, data: Mapping[str, Sample]) -> dict[str, Tensor]:
        """The residual of each condition that has points in `data`, shape (N, k)."""
        return {
            c.name: vmap(partial(self._at_point, c, self.strategy, params), chunk_size=self.chunk_size)(*data[c.name])
            for c in self.conditions
            if c.name in data
        }

    def stacked(self, params: Params, data: Mapping[str, Sample]) -> Tensor:
        """The same, scaled, as one vector."""
        residuals = self.by_condition(params, data)
        return torch.cat([self.scaled(c, residuals[c.name]) for c in self.conditions if c.name in data])

    def terms(self, params: Params, data: Mapping[str, Sample]) -> dict[str, Tensor]:
        """The terms of the loss: sums of squares, then energies."""
        squares = {c.name: c for c in self.conditions if c.energy is None}
        residuals = dataclasses.replace(self, conditions=tuple(squares.values())).by_condition(params, data)
        terms = {name: self.scaled(squares[name], r).square().sum() for name, r in residuals.items()}
        if len(squares) == len(self.conditions):
            return terms
        return terms | energies(self.conditions, self.field(params), data, self.points, self.strategy)

    def gradient(self, params: Params, data: Mapping[str, Sample]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The terms of the loss, and the gradient of their sum."""
        with torch.enable_grad():
            leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
            terms, wanted = self.terms(leaves, data), list(leaves.values())
            gradient = torch.autograd.grad(LossTerms.of(terms).loss, wanted, allow_unused=True, materialize_grads=True)
        gradient = {name: value.detach() for name, value in zip(leaves, gradient, strict=True)}
        return {name: term.detach() for name, term in terms.items()}, gradient

    def linearize(self, params: Params, data: Mapping[str, Sample]) -> tuple[Tensor, Tensor]:
        """The scaled residual, shape (M,), and its Jacobian, shape (M, P)."""
        residuals, jacobians = [], []
        for c in self.conditions:
            if c.name in data:
                at_point = partial(self._at_point, c, self.strategy)
                r, J = jacobian_rows(at_point, self.forward(c), params, data[c.name], self.scale(c))
                residuals.append(self.scaled(c, r))
                jacobians.append(J.flatten(0, 1))
        return torch.cat(residuals), joined(jacobians)

    def at_point(self, condition: Condition, params: Params, *point: Tensor) -> Tensor:
        """The residual of a condition at one of its points, shape (k,), without its scale."""
        return self._at_point(condition, self.strategy, params, *point)

    def forward(self, condition: Condition) -> PointResidual | None:
        """The residual of a condition propagated forward, if the strategy does so."""
        return partial(self._at_point, condition, Jet()) if self.strategy.propagates else None

    def scaled(self, condition: Condition, residual: Tensor) -> Tensor:
        """The rows of a condition in the stack."""
        return residual.reshape(-1) * self.scale(condition)

    def scale(self, condition: Condition) -> float:
        """√(w/N) for a condition of weight w at N points."""
        return (condition.weight / self.points[condition.name]) ** 0.5

    def recorded(self, params: Params, data: Mapping[str, Sample]) -> dict[str, RequestCache]:
        """What each of the residuals asks of u at the points of `data`; nothing if the strategy has no use for it."""
        if not self.strategy.propagates:
            return {}

        def evaluate(condition: Condition, shared: Strategy) -> Tensor:
            strategy = self.strategy.sharing(shared)
            return vmap(partial(self._by, strategy, condition, params))(*data[condition.name])

        with torch.no_grad():
            return {c.name: RequestCache.recorded(partial(evaluate, c)) for c in self.conditions if c.name in data}

    def _at_point(self, condition: Condition, strategy: Strategy, params: Params, *point: Tensor) -> Tensor:
        """The residual of a condition at one of its points, shape (k,). Its operators share propagations."""
        requests = self.requests.get(condition.name, RequestCache())
        return self._by(strategy.sharing(requests.evaluation()), condition, params, *point)

    def _by(self, strategy: Strategy, condition: Condition, params: Params, *point: Tensor) -> Tensor:
        """The same by a strategy as it is."""
        if condition.name not in self.weighted:
            return condition.residual(self.field(params), *point, strategy=strategy).reshape(-1)
        *sample, factor = point
        return factor * condition.residual(self.field(params), *sample, strategy=strategy).reshape(-1)
