"""Rules for operations linear in one argument that act on its shape: each acts on every stream, one axis further in."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.operators.jet.chain_rule import lifted
from pinn.operators.jet.jet_tensor import JetTensor
from pinn.operators.jet.registry import rule
from pinn.operators.strategies.base import MissingRuleError


@rule("__getitem__")
def getitem(x: JetTensor, index: Any) -> Any:
    index = index if isinstance(index, tuple) else (index,)
    if sum(isinstance(i, list | Tensor) for i in index) > 1:
        raise MissingRuleError("Jet has no rule for indexing by several lists or tensors at once; index step by step.")
    return x.map(lambda s: s[(slice(None), *index)])


@rule("index_select")
def index_select(x: JetTensor, dim: int, index: Tensor) -> Any:
    return x.map(lambda s: s.index_select(_in(dim), index))


@rule("select")
def select(x: JetTensor, dim: int, index: int) -> Any:
    return x.map(lambda s: s.select(_in(dim), index))


@rule("narrow")
def narrow(x: JetTensor, dim: int, start: int, length: int) -> Any:
    return x.map(lambda s: s.narrow(_in(dim), start, length))


@rule("reshape", "view")
def reshape(x: JetTensor, *shape: Any) -> Any:
    return x.map(lambda s: s.reshape(s.shape[0], *_flat(shape)))


@rule("flatten", "ravel")
def flatten(x: JetTensor, start_dim: int = 0, end_dim: int = -1) -> Any:
    return x.map(lambda s: s.unsqueeze(1) if s.dim() == 1 else s.flatten(_in(start_dim), _in(end_dim)))


@rule("unsqueeze")
def unsqueeze(x: JetTensor, dim: int) -> Any:
    return x.map(lambda s: s.unsqueeze(_in(dim)))


@rule("squeeze")
def squeeze(x: JetTensor, dim: Any = None) -> Any:
    dims = tuple(range(x.ndim)) if dim is None else _flat((dim,))
    return reshape(x, *(n for i, n in enumerate(x.shape) if not (n == 1 and (i in dims or i - x.ndim in dims))))


@rule("transpose", "swapaxes")
def transpose(x: JetTensor, dim0: int, dim1: int) -> Any:
    return x.map(lambda s: s.transpose(_in(dim0), _in(dim1)))


@rule("t")
def t(x: JetTensor) -> Any:
    return x if x.ndim < 2 else transpose(x, 0, 1)


@rule("permute")
def permute(x: JetTensor, *dims: Any) -> Any:
    return x.map(lambda s: s.permute(0, *(d % x.ndim + 1 for d in _flat(dims))))


@rule("movedim", "moveaxis")
def movedim(x: JetTensor, source: int, destination: int) -> Any:
    return x.map(lambda s: s.movedim(_in(source), _in(destination)))


@rule("flip")
def flip(x: JetTensor, *dims: Any) -> Any:
    return x.map(lambda s: s.flip([_in(d) for d in _flat(dims)]))


@rule("roll")
def roll(x: JetTensor, shifts: Any, dims: Any = None) -> Any:
    if dims is None:
        return x.map(lambda s: s.reshape(s.shape[0], -1).roll(shifts, 1).reshape(s.shape))
    return x.map(lambda s: s.roll(shifts, [_in(d) for d in _flat((dims,))]))


@rule("expand", "broadcast_to")
def expand(x: JetTensor, *shape: Any) -> Any:
    sizes = _flat(shape)

    def wide(s: Tensor) -> Tensor:
        s = lifted(s, len(sizes))  # pyright: ignore[reportAssignmentType]
        return s.expand(s.shape[0], *sizes)

    return x.map(wide)


@rule("expand_as")
def expand_as(x: JetTensor, other: Tensor) -> Any:
    return expand(x, *other.shape)


@rule("repeat", "tile")
def repeat(x: JetTensor, *counts: Any) -> Any:
    counts = _flat(counts)
    return expand(x, *(1,) * (len(counts) - x.ndim), *x.shape).map(lambda s: s.repeat(1, *counts))


@rule("diagonal")
def diagonal(x: JetTensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    return x.map(lambda s: s.diagonal(offset, _in(dim1), _in(dim2)))


@rule("trace")
def trace(x: JetTensor) -> Any:
    return diagonal(x).sum(-1)


@rule("diag_embed")
def diag_embed(x: JetTensor) -> Any:
    return x.map(torch.diag_embed)


@rule("sum")
def total(x: JetTensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None) -> Any:
    dims = _dims(x, axis if dim is None else dim)
    return x.map(lambda s: s.sum(dims, keepdim) if dims else s)


@rule("mean")
def mean(x: JetTensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None) -> Any:
    dims = _dims(x, axis if dim is None else dim)
    return x.map(lambda s: s.mean(dims, keepdim) if dims else s)


@rule("cumsum")
def cumsum(x: JetTensor, dim: int) -> Any:
    return x.map(lambda s: s.cumsum(_in(dim)))


@rule("unbind")
def unbind(x: JetTensor, dim: int = 0) -> tuple[Any, ...]:
    return tuple(select(x, dim, i) for i in range(x.shape[dim]))


@rule("split")
def split(x: JetTensor, size: int | Sequence[int], dim: int = 0) -> tuple[Any, ...]:
    n = x.shape[dim]
    sizes = [min(size, n - start) for start in range(0, n, size)] if isinstance(size, int) else list(size)
    return tuple(narrow(x, dim, sum(sizes[:i]), length) for i, length in enumerate(sizes))


@rule("chunk")
def chunk(x: JetTensor, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    return split(x, -(-x.shape[dim] // chunks), dim)


@rule("clone", "contiguous")
def same(x: JetTensor, *args: Any, **kwargs: Any) -> JetTensor:
    return x


@rule("dropout", "alpha_dropout")
def dropout(x: JetTensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> JetTensor:
    if training and p > 0:
        raise MissingRuleError(
            "Dropout in training mode is random, so the network is not a field. Call network.eval()."
        )
    return x


@rule("to")
def to(x: Any, *args: Any, **kwargs: Any) -> Any:
    args = tuple(a.dtype if isinstance(a, JetTensor) else a for a in args)  # x.to(other)
    return x.map(lambda s: s.to(*args, **kwargs)) if isinstance(x, JetTensor) else x.to(*args, **kwargs)


@rule("type_as")
def type_as(x: Any, other: Any) -> Any:
    return x.to(other.dtype)


@rule("double")
def double(x: JetTensor) -> Any:
    return x.map(Tensor.double)


@rule("conj")
def conj(x: JetTensor) -> Any:
    return x.map(torch.conj)


@rule("real")
def real(x: JetTensor) -> Any:
    return x.map(torch.real) if x.dtype.is_complex else x


@rule("imag")
def imag(x: JetTensor) -> Any:
    return x.map(torch.imag)


@rule("view_as_real")
def view_as_real(x: JetTensor) -> Any:
    return x.map(torch.view_as_real)


@rule("complex")
def complex_(re: Any, im: Any) -> Any:
    return re + 1j * im


def _in(dim: int) -> int:
    """A dimension of a value as a dimension of its streams, which have one more leading axis."""
    return dim + 1 if dim >= 0 else dim


def _flat(sizes: Sequence[Any]) -> tuple[int, ...]:
    """Sizes given one by one, or as one sequence."""
    return tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else tuple(sizes)


def _dims(x: JetTensor, dim: Any) -> list[int]:
    """The dimensions that a reduction removes, within the streams."""
    chosen = range(x.ndim) if dim is None else _flat((dim,))
    return [_in(d) for d in chosen] if x.ndim else []
