"""Rules for joining, choosing and reducing; operations built from others are written as such."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from pinn.operators.jet.chain_rule import fitted
from pinn.operators.jet.jet_tensor import JetTensor, innermost, jet_or_value, split
from pinn.operators.jet.registry import apply, rule
from pinn.operators.strategies.base import MissingRuleError


@rule("cat", "concat", "concatenate")
def cat(parts: Sequence[Any], dim: int = 0, *, axis: int | None = None) -> Any:
    return _join(torch.cat, parts, dim if axis is None else axis)


@rule("stack")
def stack(parts: Sequence[Any], dim: int = 0) -> Any:
    return _join(torch.stack, parts, dim)


@rule("hstack")
def hstack(parts: Sequence[Any]) -> Any:
    return cat([p if p.ndim else p.unsqueeze(0) for p in parts], -1 if parts[0].ndim < 2 else 1)


@rule("where")
def where(condition: Any, a: Any, b: Any) -> Any:
    while isinstance(condition, JetTensor):
        condition = condition.value
    propagation = innermost(a, b)
    (a0, p), (b0, q) = split(a, propagation), split(b, propagation)
    value = torch.where(condition, a0, b0)
    p, q = fitted(p, value, propagation.batched), fitted(q, value, propagation.batched)
    streams = [
        None if s is None and t is None else torch.where(condition, 0.0 if s is None else s, 0.0 if t is None else t)
        for s, t in zip(p, q, strict=True)
    ]
    return jet_or_value(propagation, value, tuple(streams))


@rule("maximum", "fmax")
def maximum(a: Any, b: Any) -> Any:
    return where(a > b, a, b)


@rule("minimum", "fmin")
def minimum(a: Any, b: Any) -> Any:
    return where(a < b, a, b)


@rule("clamp", "clip")
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    x = x if min is None else where(x < min, min, x)
    return x if max is None else torch.where(_plain(x > max), max, x)


@rule("abs", "absolute", "__abs__")
def absolute(x: JetTensor) -> Any:
    return torch.sqrt(x.real * x.real + x.imag * x.imag) if x.dtype.is_complex else apply("real_abs", x)


@rule("prod")
def prod(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    x, dim = (x.reshape(-1), 0) if dim is None else (x, dim)
    while (n := x.shape[dim]) > 1:
        half = n // 2
        y = x.narrow(dim, 0, half) * x.narrow(dim, half, half)
        x = torch.cat([y, x.narrow(dim, n - 1, 1)], dim) if n % 2 else y
    return x if keepdim else x.select(dim, 0)


@rule("norm", "vector_norm", "linalg_norm", "linalg_vector_norm")
def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, *, ord: Any = None, **_: Any) -> Any:
    kind = p if ord is None else ord
    if kind not in (2, 2.0, None, "fro"):
        raise MissingRuleError(f"Jet has a rule for the 2-norm alone, got ord={kind!r}; use abs and sum.")
    size = absolute(x) if x.dtype.is_complex else x
    return torch.sqrt((size * size).sum(dim, keepdim))


@rule("softmax")
def softmax(x: Any, dim: int = -1, *args: Any, **kwargs: Any) -> Any:
    e = torch.exp(x - _plain(x).amax(dim, True))
    return e / e.sum(dim, True)


@rule("layer_norm")
def layer_norm(x: Any, shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    dims = list(range(-len(shape), 0))
    centred = x - x.mean(dims, True)
    y = centred * torch.rsqrt((centred * centred).mean(dims, True) + eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@rule("batch_norm")
def batch_norm(x: Any, mean: Any, var: Any, *, weight: Any, bias: Any, training: bool, eps: float, **_: Any) -> Any:
    if training or mean is None:
        raise MissingRuleError(
            "BatchNorm in training mode couples points, so the network is not a field: network.eval()."
        )
    scale = torch.rsqrt(var + eps) if weight is None else weight * torch.rsqrt(var + eps)
    channels = (-1, *[1] * (x.ndim - 2))  # the channels are dimension 1
    y = (x - mean.reshape(channels)) * scale.reshape(channels)
    return y if bias is None else y + bias.reshape(channels)


@rule("detach")
def detach(x: JetTensor) -> Any:
    return x.value.detach()


def _constant(name: str) -> None:
    """Register an operation that is piecewise constant or asks for properties: it acts on the value alone."""

    def act(*args: Any, **kwargs: Any) -> Any:
        args = tuple(a.value if isinstance(a, JetTensor) else a for a in args)
        function = getattr(torch, name, None)
        return function(*args, **kwargs) if function else getattr(args[0], name)(*args[1:], **kwargs)

    rule(name, f"__{name}__")(act)


for _name in (
    *("lt", "le", "gt", "ge", "eq", "ne", "less", "greater", "isnan", "isfinite", "sign", "floor", "ceil", "round"),
    *("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros", "new_ones"),
    *("new_full", "new_tensor", "new_empty", "heaviside", "dim", "size", "numel", "is_complex", "is_floating_point"),
    *("argmax", "argmin", "any", "all", "logical_and", "logical_or", "allclose"),
):
    _constant(_name)


def _plain(x: Any) -> Any:
    """The value beneath all propagations."""
    while isinstance(x, JetTensor):
        x = x.value
    return x


def _join(function: Any, parts: Sequence[Any], dim: int) -> Any:
    """cat or stack: a constant part has zero streams."""
    propagation = innermost(*parts)
    values, streams = zip(*(split(p, propagation) for p in parts), strict=True)
    if propagation.batched:
        streams = tuple(fitted(s, v) for v, s in zip(values, streams, strict=True))
    value = function(list(values), dim)
    joined: list[Tensor | None] = []
    for k in range(propagation.plan.order):
        present = [stream for s in streams for stream in s[k : k + 1] if stream is not None]
        if not present:
            joined.append(None)
            continue
        n, like = present[0].shape[0], present[0]
        filled = [
            torch.zeros(n, *v.shape, dtype=like.dtype, device=like.device) if s[k] is None else s[k]
            for v, s in zip(values, streams, strict=True)
        ]
        joined.append(function(filled, dim + 1 if dim >= 0 else dim))
    return jet_or_value(propagation, value, tuple(joined))
