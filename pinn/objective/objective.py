"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import field
from pinn.objective.compilation import Compiled
from pinn.objective.energies import energies, refuse_energies, refuse_weights
from pinn.objective.jacobian import jacobian_rows, layers_if_any
from pinn.objective.layer_jacobian import PointResidual, detached, kernel, kernel_is_cheaper
from pinn.objective.loss import LossTerms, Sample, chunked, sum_by_name, with_data
from pinn.operators import Auto, Estimate, Jet, RequestCache, Strategy
from pinn.parallel import Ranks
from pinn.pdes import PDE, Ansatz, Condition
from pinn.typing import Field, Params


@dataclass(frozen=True)
class Objective:
    """The nonlinear least-squares problem of a PDE at fixed points.

    r(θ) stacks the residuals r_c of every soft condition c, scaled by √(w_c/N_c), so that

        L(θ) = ‖r(θ)‖² = Σ_c w_c · mean |r_c|².

    All methods are functions of the parameters θ, a dict of tensors by name; M residuals, P parameters. At most
    `chunk_size` points are differentiated at a time, which bounds memory; None takes all at once. `compiled` turns the
    gradient into compiled graphs. Neither changes the numbers beyond rounding. With several `ranks` the rows of r and J
    are those of this rank's share of the points, and losses and gradients are sums over all. ValueError for a
    chunk_size below 1.
    """

    pde: PDE
    network: nn.Module
    samples: Mapping[str, Sample]
    strategy: Strategy = Auto()
    chunk_size: int | None = None
    compiled: Compiled | None = None
    fixed: Params = dataclasses.field(default_factory=dict)
    weights: Mapping[str, Tensor] = dataclasses.field(default_factory=dict)
    ranks: Ranks = Ranks()

    # What does not depend on the parameters, once and ahead: inside a transform of torch.func it could not be kept.
    _ansatz: Ansatz = dataclasses.field(init=False, repr=False)
    _conditions: tuple[Condition, ...] = dataclasses.field(init=False, repr=False)
    # The points of this rank with their data, block by block (one where it is alone), and how many there are on all.
    _blocks: Sequence[Mapping[str, Sample]] = dataclasses.field(init=False, repr=False)
    _points: Mapping[str, int] = dataclasses.field(init=False, repr=False)
    # What each residual asks of a field at a point, learned at its first evaluation.
    _recordings: Mapping[str, RequestCache] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.chunk_size is not None and self.chunk_size < 1:
            raise ValueError(f"Objective needs chunk_size >= 1, or null for all, got chunk_size={self.chunk_size}.")
        object.__setattr__(self, "_ansatz", self.pde.ansatz())
        object.__setattr__(self, "_recordings", {c.name: RequestCache() for c in self.pde.soft_conditions()})
        self._place(self.samples)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The soft conditions that have points."""
        return self._conditions

    def field(self, params: Params) -> Field:
        """The trained field u: the network at `params` with the hard conditions built in."""
        return self._ansatz(field(self.network, {**self.fixed, **params}, self.pde.components))

    def residuals(self, params: Params) -> dict[str, Tensor]:
        """The residual of each condition at all of its points, without weights: shape (N, k)."""
        return (plain := self.on_one_process().weighted({}))._residuals(params, plain._blocks[0])

    def residual(self, params: Params) -> Tensor:
        """The stacked and scaled residual r(θ), shape (M,), at the points of this rank."""
        return torch.cat(self.residual_blocks(params))

    def residual_blocks(self, params: Params) -> list[Tensor]:
        """The same, block by block of the points."""
        return [torch.cat(parts) for parts in self._by_block(Objective._residual, params)]

    def evaluate(self, params: Params) -> LossTerms:
        """The loss L(θ) and its terms, differentiable in θ where there is one rank."""
        return LossTerms.of(self._total([sum_by_name(parts) for parts in self._by_block(Objective._terms, params)]))

    def gradient(self, params: Params) -> tuple[LossTerms, Params]:
        """The loss with its terms, and ∂L/∂θ; zero for a parameter that the loss does not see.

        With `chunk_size` both are summed over chunks of points, whose graphs live one at a time; with `compiled` each
        is one compiled graph.
        """
        found: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []
        for parts in self._by_block(Objective._gradient, detached(params)):
            terms, gradient = (sum_by_name(part[k] for part in parts) for k in range(2))
            found.append((terms, gradient))
        if self.ranks.single_block:
            return LossTerms.of(found[0][0]), found[0][1]
        both = self._total([{**terms, **{f"∂{name}": g for name, g in gradient.items()}} for terms, gradient in found])
        terms = {c.name: both.pop(c.name) for c in self._conditions}
        return LossTerms.of(terms), {name[1:]: value for name, value in both.items()}

    def jvp(self, params: Params, direction: Params) -> Tensor:
        """J·v, shape (M,), where J = ∂r/∂θ."""
        return torch.func.jvp(self.residual, (params,), (direction,))[1]

    def vjp(self, params: Params, cotangent: Tensor) -> Params:
        """Jᵀw for w of shape (M,)."""
        return torch.func.vjp(self.residual, params)[1](cotangent)[0]

    def jacobian(self, params: Params) -> Tensor:
        """J = ∂r/∂θ, shape (M, P), the parameters flattened in their order."""
        return self.linearize(params)[1]

    def linearize(self, params: Params) -> tuple[Tensor, Tensor]:
        """The residual r(θ), shape (M,), and the Jacobian J = ∂r/∂θ, shape (M, P). ValueError for an energy.

        A residual at a point sees no other point, so its row of J is its own gradient, and the rows come as one batch:
        under `Jet` and `Auto` by layers (`pinn.layered`), else from one gradient at each point.
        """
        r, J = self.linearize_blocks(params)
        return (r[0], J[0]) if len(r) == 1 else (torch.cat(r), torch.cat(J))

    def linearize_blocks(self, params: Params) -> tuple[list[Tensor], list[Tensor]]:
        """The same, block by block of the points, as sums over several ranks need them."""
        refuse_energies(self._conditions)
        blocks = self._by_block(Objective._linearize, detached(params))
        r, J = ([_stacked([part[k] for part in parts]) for parts in blocks] for k in range(2))
        return r, J

    def kernel(self, params: Params) -> tuple[Tensor, Tensor]:
        """The residual r(θ), shape (M,), and the tangent kernel K = JJᵀ, shape (M, M).

        Where the objective is one condition on a network of wide layers, K comes from Gram matrices of each layer's
        streams and J is never formed; otherwise from J.
        """
        if len(self._conditions) == 1 and self.chunk_size is None and self.ranks.single_block:
            (condition,) = self._conditions
            sample = self._blocks[0][condition.name]
            found = layers_if_any(self._forward(condition), params, sample)
            size = sum(value.numel() for value in params.values())
            if found is not None and kernel_is_cheaper(found[1], len(sample[0]), size):
                return self._scaled(condition, found[0]), kernel(found[1]) * self._scale(condition) ** 2
        r, J = self.linearize(params)
        return r, J @ J.T

    def at(self, samples: Mapping[str, Sample]) -> "Objective":
        """The same objective at other points, those of all ranks."""
        other = self._but(samples=samples, weights={})
        other._place(samples)
        return other

    def weighted(self, weights: Mapping[str, Tensor]) -> "Objective":
        """The same objective with further weights λ of the squares: by condition one number, or one for each point."""
        if not weights and not self.weights:
            return self
        refuse_weights(self._conditions, weights)
        factors = {name: self.ranks.local_blocks([w.sqrt().expand(self._points[name])]) for name, w in weights.items()}
        plain = [{n: s[:-1] if n in self.weights else s for n, s in block.items()} for block in self._blocks]
        blocks = [
            {n: (*s, *(factors[n][k] if n in factors else ())) for n, s in block.items()}
            for k, block in enumerate(plain)
        ]
        return self._but(weights=weights, _blocks=blocks)

    def only(self, name: str) -> "Objective":
        """The term of one condition."""
        chosen = tuple(condition for condition in self._conditions if condition.name == name)
        return self._but(_conditions=chosen, _blocks=[{n: s for n, s in b.items() if n == name} for b in self._blocks])

    def using(self, strategy: Strategy) -> "Objective":
        """The same objective at the same points with the same data, differentiated by another strategy."""
        return self._but(strategy=strategy)

    def fixing(self, params: Params) -> "Objective":
        """The same objective as a function of the other parameters alone, without compilation."""
        return self._but(fixed=detached(params), compiled=None)

    def on_one_process(self) -> "Objective":
        """The same objective with all points on this rank, for a number that each finds by itself."""
        if self.ranks.single_block:
            return self
        other = self._but(ranks=Ranks(), weights={})
        other._place(self.samples)
        return other.weighted(self.weights)

    def eager(self) -> "Objective":
        """The same objective without compilation, for a number that is wanted once."""
        return self._but(compiled=None)

    def _but(self, **changes: Any) -> "Objective":
        other = copy.copy(self)
        for name, value in changes.items():
            object.__setattr__(other, name, value)
        return other

    def _place(self, samples: Mapping[str, Sample]) -> None:
        """Fetch the data at the points; the ansatz does not depend on them."""
        conditions = tuple(c for c in self.pde.soft_conditions() if c.name in samples)
        shares = [self.ranks.local_blocks(samples[c.name]) for c in conditions]
        blocks = [
            {
                c.name: with_data(s, c.given)
                for c, s in zip(conditions, block, strict=True)
                if self.ranks.single_block or len(s[0])
            }
            for block in zip(*shares, strict=True)
        ]
        object.__setattr__(self, "_conditions", conditions)
        object.__setattr__(self, "_points", {c.name: len(samples[c.name][0]) for c in conditions})
        object.__setattr__(self, "_blocks", blocks)

    def _total(self, blocks: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """The sums by name over the blocks of all ranks, of which some lack some of the conditions."""
        if self.ranks.single_block:
            return dict(blocks[0])
        zero = next(iter(blocks[0].values())).new_zeros(())
        full = [{**{c.name: zero for c in self._conditions}, **block} for block in blocks]
        message = self.ranks.sum([torch.cat([value.reshape(-1) for value in block.values()]) for block in full])
        parts = message.split([value.numel() for value in full[0].values()])
        return {name: part.view(value.shape) for (name, value), part in zip(full[0].items(), parts, strict=True)}

    def _residuals(self, params: Params, data: Mapping[str, Sample]) -> dict[str, Tensor]:
        """The residuals at the points of `data`, of the conditions that have points there."""
        return {
            c.name: vmap(partial(self._at_point, c, self.strategy, params), chunk_size=self.chunk_size)(*data[c.name])
            for c in self._conditions
            if c.name in data
        }

    def _residual(self, params: Params, data: Mapping[str, Sample]) -> Tensor:
        residuals = self._residuals(params, data)
        return torch.cat([self._scaled(c, residuals[c.name]) for c in self._conditions if c.name in data])

    def _terms(self, params: Params, data: Mapping[str, Sample]) -> dict[str, Tensor]:
        """The terms of the loss at the points of `data`."""
        squares = {c.name: c for c in self._conditions if c.energy is None}
        residuals = self._but(_conditions=tuple(squares.values()))._residuals(params, data)
        terms = {name: self._scaled(squares[name], r).square().sum() for name, r in residuals.items()}
        if len(squares) == len(self._conditions):
            return terms
        return terms | energies(self._conditions, self.field(params), data, self._points, self.strategy)

    def _gradient(self, params: Params, data: Mapping[str, Sample]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The terms of the loss at the points of `data`, and the gradient of their sum."""
        with torch.enable_grad():
            leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
            terms, wanted = self._terms(leaves, data), list(leaves.values())
            gradient = torch.autograd.grad(LossTerms.of(terms).loss, wanted, allow_unused=True, materialize_grads=True)
        gradient = {name: value.detach() for name, value in zip(leaves, gradient, strict=True)}
        return {name: term.detach() for name, term in terms.items()}, gradient

    def _by_block(self, function: Callable[..., Any], params: Params) -> list[list[Any]]:
        """A method of params and data on each chunk of each block."""
        return [self._on_chunks(function, params, block) for block in self._blocks]

    def _on_chunks(self, function: Callable[..., Any], params: Params, block: Mapping[str, Sample]) -> list[Any]:
        """A method of params and data on each chunk, compiled where that is wanted."""
        if self.compiled is None:
            return [function(self, params, data) for data in chunked(block, self.chunk_size)]
        strategy, seed = self.strategy, next(iter(params.values())).new_zeros(())
        if isinstance(strategy, Estimate):
            # Its seed changes from step to step: an input of the graph, not a part of it.
            # On the device, since a graph with an input on the host is not captured.
            device = next(iter(params.values())).device
            strategy, seed = dataclasses.replace(strategy, seed=0), torch.as_tensor(strategy.seed, device=device)

        def seeded(params: Params, data: Mapping[str, Sample], seed: Tensor) -> Any:
            at_seed = dataclasses.replace(strategy, seed=seed) if isinstance(strategy, Estimate) else strategy
            return function(self.using(at_seed), params, data)

        # The number of points is in the weights, also where a graph sees a chunk of them.
        sizes = tuple((len(sample), self._points[name]) for name, sample in block.items())
        key = (function.__name__, strategy, tuple(block), sizes)
        return [self.compiled(seeded, params, data, seed, key=key) for data in chunked(block, self.chunk_size)]

    def _at_point(self, condition: Condition, strategy: Strategy, params: Params, *point: Tensor) -> Tensor:
        """The residual of a condition at one of its points, shape (k,). Its operators share propagations."""
        shared = self._recordings[condition.name].sharing(strategy)
        if condition.name not in self.weights:
            return condition.residual(self.field(params), *point, strategy=shared).reshape(-1)
        *sample, factor = point
        return factor * condition.residual(self.field(params), *sample, strategy=shared).reshape(-1)

    def _linearize(self, params: Params, data: Mapping[str, Sample]) -> tuple[Tensor, Tensor]:
        """The scaled residual and its Jacobian at the points of `data`."""
        residuals, jacobians = [], []
        for c in self._conditions:
            if c.name in data:
                at_point = partial(self._at_point, c, self.strategy)
                r, J = jacobian_rows(at_point, self._forward(c), params, data[c.name], self._scale(c))
                residuals.append(self._scaled(c, r))
                jacobians.append(J.flatten(0, 1))
        return torch.cat(residuals), torch.cat(jacobians) if len(jacobians) > 1 else jacobians[0]

    def _forward(self, condition: Condition) -> PointResidual | None:
        """The residual of a condition propagated forward, where the strategy does so."""
        return partial(self._at_point, condition, Jet()) if isinstance(self.strategy, (Jet, Auto)) else None

    def _scaled(self, condition: Condition, residual: Tensor) -> Tensor:
        return residual.reshape(-1) * self._scale(condition)

    def _scale(self, condition: Condition) -> float:
        return (condition.weight / self._points[condition.name]) ** 0.5


def _stacked(parts: list[Tensor]) -> Tensor:
    """The rows of all parts; of a single one without a copy."""
    return torch.cat(parts) if len(parts) > 1 else parts[0]
