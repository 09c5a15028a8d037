"""Forward propagation: value and derivatives of a field in one pass through its operations, no VJP at all."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

import pinn.operators.jet.rules  # noqa: F401  (importing it registers the rules)
from pinn.operators.jet.directions import polarisation, quartic, unit
from pinn.operators.jet.jet_tensor import JetTensor, Propagation
from pinn.operators.jet.plan import Plan, plan, trace_rows
from pinn.operators.jet.requests import Biharmonic, Laplacian, Request
from pinn.operators.strategies.base import MissingRuleError, MultiIndex, Strategy
from pinn.operators.strategies.nested import check_square
from pinn.typing import Field


class Expansion:
    """What a propagation found: the value of a field at one point and every derivative that the plan carries."""

    def __init__(self, plan: Plan, value: Any, streams: Sequence[Tensor | None]) -> None:
        self.plan = plan
        self.value = value
        self.streams = streams

    def row(self, order: int, index: int) -> Tensor:
        """One stream of the given order."""
        stream = self.streams[order - 1]
        return torch.zeros_like(self.value) if stream is None else stream[index]

    def rows(self, order: int, indices: Sequence[int]) -> Tensor:
        """Several streams of the given order, along a last axis."""
        stream = self.streams[order - 1]
        if stream is None:
            return torch.zeros_like(self.value).unsqueeze(-1).expand(*self.value.shape, len(indices))
        whole = list(indices) == list(range(stream.shape[0]))
        return (stream if whole else stream[list(indices)]).movedim(0, -1)

    def gradient(self, axes: Iterable[int]) -> Tensor:
        return self.rows(1, [self.plan.row_of[unit(a)] for a in axes])

    def partial(self, order: MultiIndex) -> Tensor:
        if not order:
            return self.value
        row = self.plan.row(order)
        if row is not None:
            return self.row(len(order), row)
        return self._weighted(len(order), polarisation(order))

    def laplacian(self, axes: tuple[int, ...]) -> Tensor:
        summed = trace_rows(self.plan.row_of, axes)
        if summed in self.plan.traces:
            return self.row(2, self.plan.counts[1] + len(self.plan.mixed) + self.plan.traces.index(summed))
        return self.rows(2, summed).sum(-1) if summed else torch.zeros_like(self.value)

    def biharmonic(self, axes: tuple[int, ...]) -> Tensor:
        summed = tuple((self.plan.row_of[v], w) for v, w in quartic(axes))
        return self.row(4, self.plan.counts[3] + self.plan.quartics.index(summed))

    def hessian(self, d: int) -> Tensor:
        rows = [self.plan.row((min(i, j), max(i, j))) for i in range(d) for j in range(d)]
        entries = self.rows(2, [row for row in rows if row is not None])
        return entries.reshape(*self.value.shape, d, d)

    def _weighted(self, order: int, terms: Sequence[tuple[Any, float]]) -> Tensor:
        total: Any = 0
        for direction, weight in terms:
            total = total + weight * self.row(order, self.plan.row_of[direction])
        return total


def propagate(u: Field, x: Tensor, plan: Plan, directions: Tensor | None = None) -> Expansion:
    """Send the point through the field with its derivatives along `directions`, by default those of the plan."""
    propagation = Propagation(plan, x.propagation if isinstance(x, JetTensor) else None)
    streams = (plan.matrix(x) if directions is None else directions, *[None] * (plan.order - 1))
    y: Any = u(JetTensor(propagation, x, streams) if plan.directions else x)  # pyright: ignore
    if not isinstance(y, JetTensor) or propagation.inside(y.propagation):
        return Expansion(plan, y, [None] * plan.order)
    if y.propagation.whole is not propagation:
        raise MissingRuleError(
            "A field inside a Jet propagation depends on the outer point while its own point does not. Use Auto() or "
            "Eye() for the outer operator (vjp=auto, vjp=eye)."
        )
    return Expansion(plan, y.value, y.streams)


class Forward(Strategy):
    """Every operator as a reading of one expansion; a subclass says where the expansion comes from."""

    nests: ClassVar[bool] = True
    propagates: ClassVar[bool] = True

    shares: ClassVar[bool] = False
    """Whether several requests at one point take one expansion."""

    @abstractmethod
    def expand(self, u: Field, x: Tensor, requests: frozenset[Request]) -> Expansion:
        """An expansion of u at x that answers `requests`, and perhaps more."""

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        axes = range(x.shape[0])
        return self.expand(u, x, frozenset((a,) for a in axes)).gradient(axes)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self.gradient(v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        columns = self.expand(v, x, frozenset((a,) for a in axes)).gradient(axes)
        check_square(columns.shape[:-1], axes)
        return columns.diagonal(0, -2, -1)

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        return propagate(u, x, Plan((unit(0),), (1, 0, 0, 0)), direction.unsqueeze(0)).row(1, 0)

    def hessian(self, u: Field, x: Tensor) -> Tensor:
        d = x.shape[0]
        return self.expand(u, x, frozenset((i, j) for j in range(d) for i in range(j + 1))).hessian(d)

    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.expand(u, x, frozenset([Laplacian(tuple(axes))])).laplacian(tuple(axes))

    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.expand(u, x, frozenset([Biharmonic(tuple(axes))])).biharmonic(tuple(axes))

    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        expansion = self.expand(u, x, frozenset(orders))
        return tuple(expansion.partial(order) for order in orders)


@dataclass(frozen=True)
class Jet(Forward):
    """Propagates value and derivatives forward: d + 2 streams for a Laplacian, one product for each order and layer.

    Orders up to 4; needs a rule for every torch operation of the field and raises `MissingRuleError` otherwise. First
    derivatives alone are cheaper by a VJP if a field has few components. A first layer narrower than the space
    leaves fewer directions for a Laplacian (`rank_reduction.py`), but in a graph of `torch.compile` itself.

    >>> from pinn.operators import laplacian
    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> laplacian(lambda x: torch.sin(x[0]) * x[1] ** 2, x, strategy=Jet())
    tensor(-1.6829, dtype=torch.float64)
    """

    def sharing(self, shared: Strategy) -> Strategy:
        return shared

    def expand(self, u: Field, x: Tensor, requests: frozenset[Request]) -> Expansion:
        return propagate(u, x, plan(requests))
