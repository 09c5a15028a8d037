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
from torch._C import _functorch  # pyright: ignore[reportAttributeAccessIssue]
from torch.autograd import Function
from torch.overrides import _get_current_function_mode

from pinn.operators.jet.jet_tensor import JetTensor, Propagation
from pinn.typing import Params

Axes = tuple[int, ...]

Batched = Callable[[Any], Any]
"""From x of shape (N, d), a tensor or a series, to values of shape (N, …)."""


def call_batched(function: Batched, x: Any, params: Params) -> Any:
    """function(x[None])[0] at one point x of shape (d,), by one call for all points of the innermost `vmap`.

    `params` are the tensors that the function depends on. Each point must keep to itself, as in a network without
    BatchNorm. Under other transforms, or where parameters differ from point to point, this is the plain call.
    """
    inputs = list(leaves(x))
    if not _mapped(inputs, params) or any(seed.basis is not None for seed in _seeds(x)):
        return function(x[None])[0]
    call = _Call(function, x)
    return call.restored(_WholeBatch.apply(call, *inputs))


def leaves(x: Any) -> Iterator[Tensor]:
    """The tensors of a series, its value first; series nest."""
    if not isinstance(x, JetTensor):
        yield x
        return
    yield from leaves(x.value)
    for stream in x.streams:
        if stream is not None:
            yield from leaves(stream)


def rebuilt(x: Any, tensors: Iterator[Tensor], seed: Callable[[Propagation], Propagation] = lambda seed: seed) -> Any:
    """The same series with other tensors, and other seeds."""
    if not isinstance(x, JetTensor):
        return next(tensors)
    value = rebuilt(x.value, tensors, seed)
    return JetTensor(seed(x.seed), value, tuple(None if s is None else rebuilt(s, tensors, seed) for s in x.streams))


class _Call:
    """One call of a function on a batch: what goes in besides tensors, and how the result is read."""

    def __init__(self, function: Batched, x: Any) -> None:
        self.function = function
        self.x = x
        # A mode that intercepts torch functions is off while it handles one, here the way beneath vmap.
        self.mode = _get_current_function_mode()
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
        x = rebuilt(self.x, iter(placed), lambda seed: self._twin(seed, not nested))
        with self.mode if self.mode is not _get_current_function_mode() and self.mode else nullcontext():
            self.result = self.function(x)
        axes, found = tuple(_axes(self.result)), leaves(self.result)
        sized = (t.expand(*t.shape[:axis], points, *t.shape[axis + 1 :]) for t, axis in zip(found, axes, strict=True))
        return tuple(sized), axes

    def restored(self, outputs: tuple[Tensor, ...]) -> Any:
        """The result at one point, from its tensors there."""
        originals = {twin: seed for seed, twin in self.twins.items()}

        def original(seed: Propagation) -> Propagation:
            if seed not in originals:  # fewer directions than those of the point
                assert seed.outer is None or seed.outer in originals
                outer = None if seed.outer is None else originals[seed.outer]
                originals[seed] = Propagation(seed.plan, outer, whole=originals[seed.whole])
                originals[seed].basis = seed.basis
            return originals[seed]

        return rebuilt(self.result, iter(outputs), original)

    def _twin(self, seed: Propagation, batched: bool) -> Propagation:
        if seed not in self.twins:
            outer = None if seed.outer is None else self._twin(seed.outer, batched)
            self.twins[seed] = Propagation(seed.plan, outer, batched=batched)
        return self.twins[seed]


class _WholeBatch(Function):
    """The way to the tensors beneath a `vmap`: its rule for a function receives them."""

    @staticmethod
    def forward(*_: Any) -> Any:
        raise AssertionError("on_batch calls this under vmap alone")

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
    transform = _functorch.peek_interpreter_stack()
    if transform is None or transform.key() != _functorch.TransformType.Vmap:
        return False
    level = transform.level()

    def varies(tensor: Tensor) -> bool:
        return _functorch.is_batchedtensor(tensor) and _functorch.maybe_get_level(tensor) == level

    return varies(inputs[0]) and not any(varies(value) for value in params.values())


def _seeds(x: Any) -> Iterator[Propagation]:
    """The propagations that a point is part of."""
    if isinstance(x, JetTensor):
        yield x.seed
        for part in (x.value, *x.streams):
            yield from _seeds(part)


def _axes(x: Any, axis: int = 0) -> Iterator[int]:
    """The axis of the points in each tensor of a series of batches: behind those of its streams."""
    if not isinstance(x, JetTensor):
        yield axis
        return
    yield from _axes(x.value, axis)
    for stream in x.streams:
        if stream is not None:
            yield from _axes(stream, axis + 1)


def _placed(tensor: Tensor, dim: int | None, axis: int, points: int) -> Tensor:
    """The tensor with its points along `axis`; `points` times the same where it is the same at all of them."""
    if dim is not None:
        return tensor.movedim(dim, axis)
    return tensor.unsqueeze(axis).expand(*tensor.shape[:axis], points, *tensor.shape[axis:])
