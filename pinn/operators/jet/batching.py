"""Functions written for batches, called once for all points of a `vmap` instead of once within it.

`vmap` hides the batch, and so each of its operations has its own bookkeeping and a layout in which the streams of one
point lie together, (N, n, width). A network takes a batch anyway: here it sees all N points, with streams of shape
(n, N, width). What is the same at all points, such as the directions at the first layer, keeps the size 1 along N.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from pinn.operators.jet.jet_tensor import JetTensor, Propagation
from pinn.torch_private import current_function_mode, innermost_vmap, is_batched
from pinn.typing import Params

Axes = tuple[int, ...]

Batched = Callable[[Any], Any]
"""From x of shape (N, d), a tensor or a JetTensor, to values of shape (N, …)."""


def call_batched(function: Batched, x: Any, params: Params) -> Any:
    """function(x[None])[0] at one point x of shape (d,), by one call for all points of the innermost `vmap`.

    `params` are the tensors that the function depends on. Each point must keep to itself, as in a network without
    BatchNorm. Under other transforms, or if parameters differ from point to point, this is the plain call.
    """
    inputs = list(leaves(x))
    if not _mapped(inputs, params) or any(propagation.basis is not None for propagation in _propagations(x)):
        return function(x[None])[0]
    call = _Call(function, x)
    return call.restored(_WholeBatch.apply(call, *inputs))


def leaves(x: Any) -> Iterator[Tensor]:
    """The tensors of a JetTensor, its value first; JetTensors nest."""
    if not isinstance(x, JetTensor):
        yield x
        return
    yield from leaves(x.value)
    for stream in x.streams:
        if stream is not None:
            yield from leaves(stream)


def rebuilt(x: Any, tensors: Iterator[Tensor], other: Callable[[Propagation], Propagation] = lambda same: same) -> Any:
    """The same JetTensor with other tensors, and other propagations."""
    if not isinstance(x, JetTensor):
        return next(tensors)
    value = rebuilt(x.value, tensors, other)
    streams = tuple(None if stream is None else rebuilt(stream, tensors, other) for stream in x.streams)
    return JetTensor(other(x.propagation), value, streams)


class _Call:
    """One call of a function on a batch: what goes in besides tensors, and how the result is read."""

    def __init__(self, function: Batched, x: Any) -> None:
        self.function = function
        self.x = x
        # A mode that intercepts torch functions is off while it handles one, here the way beneath vmap.
        self.mode = current_function_mode()
        self.result: Any = None
        self.twins: dict[Propagation, Propagation] = {}

    def run(
        self, tensors: Sequence[Tensor], in_dims: Sequence[int | None]
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """The tensors of the result, and the axis of the points in each."""
        axes = list(_axes(self.x))
        nested = max(axes) > 1
        assert in_dims[0] is not None
        points = tensors[0].shape[in_dims[0]]
        placed = [_placed(*given, points if nested else 1) for given in zip(tensors, in_dims, axes, strict=True)]
        x = rebuilt(self.x, iter(placed), lambda propagation: self._twin(propagation, not nested))
        with self.mode if self.mode is not current_function_mode() and self.mode else nullcontext():
            self.result = self.function(x)
        axes, values = tuple(_axes(self.result)), leaves(self.result)
        sized = (t.expand(*t.shape[:axis], points, *t.shape[axis + 1 :]) for t, axis in zip(values, axes, strict=True))
        return tuple(sized), axes

    def restored(self, outputs: tuple[Tensor, ...]) -> Any:
        """The result at one point, from its tensors there."""
        originals = {twin: propagation for propagation, twin in self.twins.items()}

        def original(propagation: Propagation) -> Propagation:
            if propagation not in originals:  # fewer directions than those of the point
                assert propagation.outer is None or propagation.outer in originals
                outer = None if propagation.outer is None else originals[propagation.outer]
                originals[propagation] = Propagation(propagation.plan, outer, whole=originals[propagation.whole])
                originals[propagation].basis = propagation.basis
            return originals[propagation]

        return rebuilt(self.result, iter(outputs), original)

    def _twin(self, propagation: Propagation, batched: bool) -> Propagation:
        if propagation not in self.twins:
            outer = None if propagation.outer is None else self._twin(propagation.outer, batched)
            self.twins[propagation] = Propagation(propagation.plan, outer, batched=batched)
        return self.twins[propagation]


class _WholeBatch(Function):
    """The way to the tensors beneath a `vmap`: its rule for a function receives them."""

    @staticmethod
    def forward(*_: Any) -> Any:
        raise AssertionError("call_batched calls this under vmap alone")

    @staticmethod
    def setup_context(*_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass

    @staticmethod
    def vmap(info: Any, in_dims: Any, *operands: Any) -> Any:
        call, *tensors = operands
        return call.run(tensors, in_dims[1:])


def _mapped(inputs: Sequence[Tensor], params: Params) -> bool:
    """Whether the innermost transform is a vmap over the point, and not over any parameter."""
    if torch.compiler.is_compiling():
        return False
    level = innermost_vmap()
    if level is None:
        return False
    return is_batched(inputs[0], level) and not any(is_batched(value, level) for value in params.values())


def _propagations(x: Any) -> Iterator[Propagation]:
    """The propagations that a point is part of."""
    if isinstance(x, JetTensor):
        yield x.propagation
        for part in (x.value, *x.streams):
            yield from _propagations(part)


def _axes(x: Any, axis: int = 0) -> Iterator[int]:
    """The axis of the points in each tensor of a JetTensor of batches: behind those of its streams."""
    if not isinstance(x, JetTensor):
        yield axis
        return
    yield from _axes(x.value, axis)
    for stream in x.streams:
        if stream is not None:
            yield from _axes(stream, axis + 1)


def _placed(tensor: Tensor, dim: int | None, axis: int, points: int) -> Tensor:
    """The tensor with its points along `axis`; `points` times the same if it is the same at all of them."""
    if dim is not None:
        return tensor.movedim(dim, axis)
    return tensor.unsqueeze(axis).expand(*tensor.shape[:axis], points, *tensor.shape[axis:])
