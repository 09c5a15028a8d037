"""What a residual differentiates: the fields under its operators, and the orders of the derivatives it asks for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any

import torch
from torch import Tensor

from pinn.operators import Auto, MultiIndex, Strategy
from pinn.pdes.condition import Condition
from pinn.typing import Field


@dataclass
class Differentiated:
    """A field of so many coordinates under an operator, and the highest order of derivative asked of it, by axis."""

    field: Field
    dim: int
    orders: dict[int, int] = default(default_factory=dict)

    def ask(self, orders: Mapping[int, int]) -> None:
        """Note that derivatives of these orders are asked for, too."""
        for axis, order in orders.items():
            self.orders[axis] = max(order, self.orders.get(axis, 0))


class Witness(Strategy):
    """A strategy that differentiates as another one does, and notes what it is asked for.

    Operators within a field, as the gradient in ∇·(k∇u), are noted like those outside. What the other strategy asks of
    itself is not noted: it is not what the residual says.
    """

    listens = True

    def __init__(self, strategy: Strategy) -> None:
        self._strategy, self._noting = strategy, True
        self.seen: list[Differentiated] = []
        self.orders: Counter[int] = Counter()
        """The highest order along each axis, of operators in the fields of others together."""
        self._outside: Counter[int] = Counter()
        self.nests = strategy.nests  # pyright: ignore[reportAttributeAccessIssue]  (of this one, not of the class)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Note nothing for a while: fields that were noted call this strategy again."""
        before, self._noting = self._noting, False
        try:
            yield
        finally:
            self._noting = before

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        with self._within(u, x, dict.fromkeys(range(x.shape[0]), 1)):
            return self._strategy.gradient(u, x)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        with self._within(v, x, dict.fromkeys(range(x.shape[0]), 1)):
            return self._strategy.jacobian(v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        with self._within(v, x, dict.fromkeys(axes, 1), diagonal=True):
            return self._strategy.diagonal(v, x, axes)

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        with self._within(u, x, dict.fromkeys(range(x.shape[0]), 1)):
            return self._strategy.directional(u, x, direction)

    def hessian(self, u: Field, x: Tensor) -> Tensor:
        with self._within(u, x, dict.fromkeys(range(x.shape[0]), 2)):
            return self._strategy.hessian(u, x)

    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        with self._within(u, x, dict.fromkeys(axes, 2)):
            return self._strategy.laplacian(u, x, axes)

    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        with self._within(u, x, dict.fromkeys(axes, 4)):
            return self._strategy.biharmonic(u, x, axes)

    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        highest = {axis: max(order.count(axis) for order in orders) for axis in {a for order in orders for a in order}}
        with self._within(u, x, highest):
            return self._strategy.partials(u, x, orders)

    def hear(self, f: Field, x: Tensor, orders: Mapping[int, int]) -> None:
        self._note(f, x, orders)

    @contextmanager
    def _within(self, f: Field, x: Tensor, orders: Mapping[int, int], *, diagonal: bool = False) -> Iterator[None]:
        """Note an operator on f, and while it is at work that others in f stand within it."""
        self._note(f, x, orders, diagonal=diagonal)
        before = self._outside
        if self._noting:
            self._outside = before + Counter(orders)
            self.orders |= self._outside
        try:
            yield
        finally:
            self._outside = before

    def _note(self, f: Field, x: Tensor, orders: Mapping[int, int], *, diagonal: bool = False) -> None:
        """`diagonal`: only ∂f_k/∂x_k is asked for, so that f_k may jump across other axes (the flux of ∇·f)."""
        if not self._noting:
            return
        parts = [(_Component(f, k), {axis: 1}) for k, axis in enumerate(orders)] if diagonal else [(f, orders)]
        for part, asked in parts:
            known = next((one for one in self.seen if one.field == part), None)
            if known is None:
                self.seen.append(known := Differentiated(part, x.shape[0]))
            known.ask(asked)


@dataclass(frozen=True)
class _Component:
    """f_…k, equal to itself however often it is made."""

    f: Field
    k: int

    def __call__(self, x: Tensor) -> Tensor:
        return self.f(x)[..., self.k]


def differentiated(
    equation: Condition, u: Field, x: Tensor, strategy: Strategy | None = None
) -> tuple[list[Differentiated], Witness]:
    """The fields that an equation differentiates at u, seen at the point x, and the strategy in them.

    It is evaluated once, at one point, without a transform: a field that stands in it is a function of its
    own point alone.
    """
    witness = Witness(strategy or Auto())
    data: tuple[Any, ...] = ()
    if equation.given is not None:
        data = (equation.given(x),)
    with torch.no_grad():
        equation.residual(u, x, *data, strategy=witness)
    return witness.seen, witness
