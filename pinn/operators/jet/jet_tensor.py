"""A quantity on its way through a field: its value and the derivatives that a `Plan` asks for.

`JetTensor` is a plain object, not a Tensor. torch hands it every operation by `__torch_function__`, and the rule
registered under the operation's name propagates the streams. A rule written in torch operations may itself meet a
`JetTensor`, so operators nest: the value and the streams of an inner propagation are JetTensors of the outer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.operators.jet.chain_rule import Streams, fitted
from pinn.operators.jet.plan import Plan
from pinn.operators.jet.registry import apply
from pinn.operators.strategies.base import MissingRuleError


class Propagation:
    """One propagation: what it carries, and the propagation it runs inside, if any.

    Some quantities of a propagation may be carried along fewer directions, `basis()` (rows, orthonormal) of those of
    the `whole`. Where it is `batched`, the first axis of every value is that of points, and streams that are the same
    at all of them have size 1 there.
    """

    def __init__(
        self, plan: Plan, outer: Propagation | None = None, whole: Propagation | None = None, *, batched: bool = False
    ) -> None:
        self.plan = plan
        self.batched = batched
        self.outer = outer
        self.whole: Propagation = whole or self
        self.basis: Callable[[], Tensor] | None = None

    def inside(self, other: Propagation) -> bool:
        """Whether this propagation runs inside `other`."""
        propagation = self.outer
        while propagation is not None:
            if propagation.whole is other.whole:
                return True
            propagation = propagation.outer
        return False


class JetTensor:
    """A value of shape S and streams of shape (n, *S), order by order; None is a structural zero."""

    def __init__(self, propagation: Propagation, value: Any, streams: Streams) -> None:
        self.propagation = propagation
        self.value = value
        self.streams = streams

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        return apply(func.__name__, *args, **(kwargs or {}))

    def map(self, f: Callable[[Tensor], Tensor]) -> Any:
        """A linear operation, written for a tensor with one more leading axis."""
        value = f(self.value[None])[0]
        streams = fitted(self.streams, self.value) if self.propagation.batched else self.streams
        return jet_or_value(self.propagation, value, tuple(None if s is None else f(s) for s in streams))

    @property
    def shape(self) -> torch.Size:
        return self.value.shape

    @property
    def ndim(self) -> int:
        return self.value.dim()

    @property
    def dtype(self) -> torch.dtype:
        return self.value.dtype

    @property
    def device(self) -> torch.device:
        return self.value.device

    @property
    def requires_grad(self) -> bool:
        return self.value.requires_grad

    @property
    def T(self) -> Any:
        return self.t()

    @property
    def mT(self) -> Any:
        return self.transpose(-2, -1)

    @property
    def real(self) -> Any:
        return apply("real", self)

    @property
    def imag(self) -> Any:
        return apply("imag", self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__") or not hasattr(Tensor, name):
            raise AttributeError(f"A point that Jet propagates has no attribute {name!r}.")
        return lambda *args, **kwargs: apply(name, self, *args, **kwargs)

    def __len__(self) -> int:
        return self.value.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, index: Any) -> Any:
        return apply("__getitem__", self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        apply("__setitem__", self, index, value)

    def __neg__(self) -> Any:
        return apply("neg", self)

    def __abs__(self) -> Any:
        return apply("abs", self)

    def __add__(self, other: Any) -> Any:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return apply("div", other, self)

    def __pow__(self, other: Any) -> Any:
        return apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return apply("pow", other, self)

    def __matmul__(self, other: Any) -> Any:
        return apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return apply("matmul", other, self)

    def __lt__(self, other: Any) -> Any:
        return apply("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return apply("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return apply("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return apply("ge", self, other)

    def __eq__(self, other: Any) -> Any:
        return apply("eq", self, other)

    def __ne__(self, other: Any) -> Any:
        return apply("ne", self, other)

    __hash__ = object.__hash__


def jet_or_value(propagation: Propagation, value: Any, streams: Streams) -> Any:
    """A JetTensor, or its value alone if every derivative is a structural zero."""
    if all(s is None for s in streams):
        return value
    # Derivatives of a real part of a complex value are real until here.
    dtype = value.dtype
    return JetTensor(propagation, value, tuple(s if s is None or s.dtype == dtype else s.to(dtype) for s in streams))


def innermost(*args: Any) -> Propagation:
    """The innermost propagation among the arguments; quantities of the others are constants to it."""
    propagations = [a.propagation for a in args if isinstance(a, JetTensor)]
    inner = propagations[0]
    for propagation in propagations[1:]:
        if propagation.inside(inner):
            inner = propagation
        elif propagation.whole is inner.whole:
            inner = propagation if propagation is inner else inner.whole
        elif not inner.inside(propagation):
            raise MissingRuleError(
                "Two nested Jet propagations meet, and neither point depends on the other, so that neither is the "
                "inner one. Use Auto() or Eye() for the outer operator (vjp=auto, vjp=eye)."
            )
    return inner


def split(a: Any, propagation: Propagation) -> tuple[Any, Streams]:
    """The value and the streams of an argument; a constant has none."""
    if isinstance(a, JetTensor):
        own = a.propagation
        if own is propagation:
            return a.value, a.streams
        if own.whole is propagation and own.basis is not None and a.streams[0] is not None:
            first = torch.matmul(a.streams[0].movedim(0, -1), own.basis()).movedim(-1, 0)
            return a.value, (first, *a.streams[1:])
    return a, (None,) * propagation.plan.order
