"""A strategy that tells whether a residual asks it, and it alone, for derivatives."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators import MultiIndex, Rows, Strategy
from pinn.pdes import Residual
from pinn.typing import Field

METHODS = ("gradient", "jacobian", "diagonal", "directional", "hessian", "laplacian", "biharmonic", "partials")


class Spy(Strategy):
    """The derivatives of `Rows`; `asked` are the requests that came to this object, `others` those to any other.

    A field that asks for derivatives while it is being differentiated, as a flux under a divergence does, is watched
    like the residual itself.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.others: list[str] = []
        self._own = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what all other strategies are asked for."""
        with pytest.MonkeyPatch.context() as patch:
            for cls in _strategies(Strategy):
                for name in METHODS:
                    if cls is not Spy and name in vars(cls):
                        patch.setattr(cls, name, self._noting(cls, name))
            yield

    def _noting(self, cls: type[Strategy], name: str) -> Callable[..., Any]:
        method = vars(cls)[name]

        @functools.wraps(method)
        def noting(*arguments: Any, **named: Any) -> Any:
            if not self._own:
                self.others.append(f"{cls.__name__}.{name}")
            return method(*arguments, **named)

        return noting

    def _answer(self, name: str, u: Field, *arguments: Any) -> Any:
        self.asked.append(name)

        def watched(x: Tensor) -> Tensor:
            before, self._own = self._own, False
            try:
                return u(x)
            finally:
                self._own = before

        before, self._own = self._own, True
        try:
            return getattr(Rows(), name)(watched, *arguments)
        finally:
            self._own = before

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        return self._answer("gradient", u, x)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self._answer("jacobian", v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self._answer("diagonal", v, x, axes)

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        return self._answer("directional", u, x, direction)

    def hessian(self, u: Field, x: Tensor) -> Tensor:
        return self._answer("hessian", u, x)

    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self._answer("laplacian", u, x, axes)

    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self._answer("biharmonic", u, x, axes)

    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        return self._answer("partials", u, x, orders)


def check_told(residual: Residual, u: Field, sample: tuple[Tensor, ...]) -> None:
    """Assert that `residual` asks the strategy it is handed for every derivative of u, and no other strategy.

    `sample` are the points with their data, one row for each. That the residual has derivatives at all is seen by
    another field, which has the values of u at every point of the sample and other derivatives.
    """
    spy = Spy()
    with spy.watching():
        value = vmap(functools.partial(residual, u, strategy=spy))(*sample)
    assert not spy.others, f"derivatives were asked of {sorted(set(spy.others))}, not of the strategy handed over"

    def bent(*at: Tensor) -> Tensor:
        def other(x: Tensor) -> Tensor:
            away = x - at[0]
            return u(x) + torch.stack([away**k for k in range(1, 5)]).sum()

        return residual(other, *at, strategy=Rows())

    if sample[0].dim() == 2 and not torch.equal(vmap(bent)(*sample), value):  # else the nodes of an integral
        assert spy.asked, "the residual has derivatives, of which the strategy handed over knows nothing"


def _strategies(cls: type[Strategy]) -> Iterator[type[Strategy]]:
    yield cls
    for sub in cls.__subclasses__():
        yield from _strategies(sub)
