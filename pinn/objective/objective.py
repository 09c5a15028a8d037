"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

import copy
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pinn.networks import field
from pinn.objective.blocks import Blocks, joined, sum_by_name
from pinn.objective.compilation import Compiled
from pinn.objective.energies import refuse_energies, refuse_weights
from pinn.objective.jacobian import layers_if_any
from pinn.objective.layer_jacobian import detached, kernel, kernel_is_cheaper
from pinn.objective.loss import LossTerms, Sample
from pinn.objective.residuals import Residuals
from pinn.operators import Auto, RequestCache, Strategy
from pinn.parallel import Ranks
from pinn.pdes import PDE, Ansatz, Condition
from pinn.typing import Field, Params

T = TypeVar("T")
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Objective:
    """The nonlinear least-squares problem of a PDE at fixed points.

    r(θ) stacks the residuals r_c of every soft condition c, scaled by √(w_c/N_c), so that

        L(θ) = ‖r(θ)‖² = Σ_c w_c · mean |r_c|².

    All methods are functions of the parameters θ, a dict of tensors by name; M residuals, P parameters. At most
    `chunk_size` points are differentiated at a time, which bounds memory; None takes all at once. `compiled` turns the
    gradient into compiled graphs. Neither changes the numbers beyond rounding. With several `ranks` the rows of r and J
    are those of this rank's share of the points, and losses and gradients are sums over all. `points_version` counts
    the changes of points by `at`; `version` is another number for every other function of θ: other points, weights or
    random directions. ValueError for a chunk_size below 1.

    What each residual asks of the field is recorded once, at the first point and with the network as it is then: if
    the strategy propagates derivatives forward, later evaluations propagate each field once for all that is asked.
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
    points_version: int = dataclasses.field(default=0, init=False)
    version: int = dataclasses.field(init=False, compare=False, default_factory=partial(next, _NUMBERS))

    # What does not depend on the parameters, once and ahead: inside a transform of torch.func it could not be kept.
    _ansatz: Ansatz = dataclasses.field(init=False, repr=False)
    _conditions: tuple[Condition, ...] = dataclasses.field(init=False, repr=False)
    _blocks: Blocks = dataclasses.field(init=False, repr=False)
    _requests: Mapping[str, RequestCache] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.chunk_size is not None and self.chunk_size < 1:
            raise ValueError(f"Objective needs chunk_size >= 1, or null for all, got chunk_size={self.chunk_size}.")
        self._set(_ansatz=self.pde.ansatz(), _requests={})
        self._place(self.pde.soft_conditions())

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The soft conditions that have points."""
        return self._conditions

    def field(self, params: Params) -> Field:
        """The trained field u: the network at `params` with the hard conditions built in."""
        return self._ansatz(field(self.network, {**self.fixed, **params}, self.pde.components))

    def data(self, name: str) -> Sample:
        """The points of a condition, followed by the data given there, those of the first block of this rank."""
        return self._blocks.parts[0][name]

    def residuals(self, params: Params) -> dict[str, Tensor]:
        """The residual of each condition at all of its points, without weights: shape (N, k)."""
        plain = self.on_one_process().weighted({})
        return plain._residuals.by_condition(params, plain._blocks.parts[0])

    def residual(self, params: Params) -> Tensor:
        """The stacked and scaled residual r(θ), shape (M,), at the points of this rank."""
        return torch.cat(self.residual_blocks(params))

    def residual_blocks(self, params: Params) -> list[Tensor]:
        """The same, block by block of the points."""
        return [torch.cat(list(parts)) for parts in self._by_block(Residuals.stacked, params)]

    def evaluate(self, params: Params) -> LossTerms:
        """The loss L(θ) and its terms, differentiable in θ if there is one rank."""
        blocks = [sum_by_name(parts) for parts in self._by_block(Residuals.terms, params)]
        return LossTerms.of(self._blocks.total([self._blocks.complete(terms) for terms in blocks]))

    def gradient(self, params: Params) -> tuple[LossTerms, Params]:
        """The loss with its terms, and ∂L/∂θ; zero for a parameter that the loss does not see.

        With `chunk_size` both are summed over chunks of points, whose graphs live one at a time; with `compiled` each
        is one compiled graph.
        """
        blocks: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []
        for parts in self._by_block(Residuals.gradient, detached(params)):
            terms, gradient = {}, {}
            for some_terms, some_gradient in parts:  # summed as they come
                terms, gradient = sum_by_name([terms, some_terms]), sum_by_name([gradient, some_gradient])
            blocks.append((self._blocks.complete(terms), gradient))
        terms, gradient = self._blocks.total(blocks)
        return LossTerms.of(terms), gradient

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
        under `Jet` and `Auto` by layers (`layer_jacobian`), else from one gradient at each point.
        """
        r, J = self.linearize_blocks(params)
        return (r[0], J[0]) if len(r) == 1 else (torch.cat(r), torch.cat(J))

    def linearize_blocks(self, params: Params) -> tuple[list[Tensor], list[Tensor]]:
        """The same, block by block of the points, as sums over several ranks need them."""
        refuse_energies(self._conditions)
        blocks = [list(parts) for parts in self._by_block(Residuals.linearize, detached(params))]
        r, J = ([joined([part[k] for part in parts]) for parts in blocks] for k in range(2))
        return r, J

    def kernel(self, params: Params) -> tuple[Tensor, Tensor]:
        """The residual r(θ), shape (M,), and the tangent kernel K = JJᵀ, shape (M, M).

        If the objective is one condition on a network of wide layers, K comes from Gram matrices of each layer's
        streams and J is never formed; otherwise from J.
        """
        if len(self._conditions) == 1 and self.chunk_size is None and self.ranks.single_block:
            (condition,), residuals = self._conditions, self._residuals
            sample = self._blocks.parts[0][condition.name]
            layered = layers_if_any(residuals.forward(condition), params, sample)
            size = sum(value.numel() for value in params.values())
            if layered is not None and kernel_is_cheaper(layered[1], len(sample[0]), size):
                r, layers = layered
                return residuals.scaled(condition, r), kernel(layers) * residuals.scale(condition) ** 2
        r, J = self.linearize(params)
        return r, J @ J.T

    def at(self, samples: Mapping[str, Sample]) -> "Objective":
        """The same objective at other points, those of all ranks."""
        other = self._changed(samples=samples, weights={}, points_version=self.points_version + 1)
        other._place(self.pde.soft_conditions())
        return other

    def weighted(self, weights: Mapping[str, Tensor]) -> "Objective":
        """The same objective with further weights λ of the squares: by condition one number, or one for each point."""
        if not weights and not self.weights:
            return self
        refuse_weights(self._conditions, weights)
        return self._changed(weights=weights, _blocks=self._blocks.weighted(weights, before=self.weights))

    def only(self, name: str) -> "Objective":
        """The term of one condition."""
        chosen = tuple(condition for condition in self._conditions if condition.name == name)
        return self._changed(_conditions=chosen, _blocks=self._blocks.only(name))

    def using(self, strategy: Strategy) -> "Objective":
        """The same objective at the same points with the same data, differentiated by another strategy."""
        other = self._changed(strategy=strategy)
        other._record()
        return other

    def fixing(self, params: Params) -> "Objective":
        """The same objective as a function of the other parameters alone, without compilation."""
        return self._but(fixed=detached(params), compiled=None)

    def on_one_process(self) -> "Objective":
        """The same objective with all points on this rank, for a number that each finds by itself."""
        if self.ranks.single_block:
            return self
        other = self._but(ranks=Ranks(), weights={})
        other._place(self._conditions)
        return other.weighted(self.weights)

    def eager(self) -> "Objective":
        """The same objective without compilation, for a number that is wanted once."""
        return self._but(compiled=None)

    def _changed(self, **changes: Any) -> "Objective":
        """Another function of θ, and so another version."""
        return self._but(**changes, version=next(_NUMBERS))

    def _but(self, **changes: Any) -> "Objective":
        other = copy.copy(self)
        other._set(**changes)
        return other

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _place(self, conditions: Sequence[Condition]) -> None:
        """Fetch the data of these conditions at their points; the ansatz does not depend on them."""
        conditions = tuple(c for c in conditions if c.name in self.samples)
        self._set(_conditions=conditions)
        self._set(_blocks=Blocks.of(conditions, self.samples, self.ranks, self.chunk_size))
        self._record()

    def _record(self) -> None:
        """Find out what residuals ask of the field, of those of which it is not known yet."""
        firsts = {c.name: self._blocks.first(c.name) for c in self._conditions if c.name not in self._requests}
        new = {name: sample for name, sample in firsts.items() if sample is not None}
        params = detached(dict(self.network.named_parameters()))
        self._set(_requests={**self._requests, **self._residuals.recorded(params, new)})

    @property
    def _residuals(self) -> Residuals:
        """The residuals as functions of the parameters and of any of the points."""
        return Residuals(
            self.field,
            self._conditions,
            self._blocks.points,
            self.weights,
            self.strategy,
            self._requests,
            self.chunk_size,
        )

    def _by_block(self, function: Callable[..., T], params: Params) -> list[Iterator[T]]:
        """A method of `Residuals` on each chunk of each block, compiled if that is wanted."""
        residuals = self._residuals
        if self.compiled is None:
            return self._blocks.each(lambda data: function(residuals, params, data))
        compiled, (strategy, seed) = self.compiled, self.strategy.without_seed()
        # Its seed changes from step to step: an input of the graph, on its device, or it would not be captured.
        seed = seed.to(next(iter(params.values())).device)

        def seeded(params: Params, data: Mapping[str, Sample], seed: Tensor) -> T:
            return function(dataclasses.replace(residuals, strategy=strategy.with_seed(seed)), params, data)

        def run(data: Mapping[str, Sample]) -> T:
            # The number of points is in the weights, also if a graph sees a chunk of them.
            sizes = tuple((name, len(sample), residuals.points[name]) for name, sample in data.items())
            return compiled(seeded, params, data, seed, key=(function.__name__, strategy, sizes))

        return self._blocks.each(run)
