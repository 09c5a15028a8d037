"""Rules for arithmetic, products, joining and choosing; operations built from others are written as such."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pinn.operators.chain import leibniz, plus
from pinn.operators.series import Series, apply, fitted, innermost, lifted, rule, series, split
from pinn.operators.strategy import MissingRuleError


@rule("add", "__add__", "__radd__")
def add(a: Any, b: Any, *, alpha: float = 1) -> Any:
    seed = innermost(a, b)
    (a0, p), (b0, q) = split(a, seed), split(b, seed)
    value = torch.add(a0, b0, alpha=alpha) if alpha != 1 else a0 + b0
    p, q = fitted(p, value), fitted(q, value)
    if alpha != 1:
        q = tuple(None if s is None else alpha * s for s in q)
    return series(seed, value, tuple(plus(s, t) for s, t in zip(p, q, strict=True)))


@rule("sub", "subtract", "__sub__")
def sub(a: Any, b: Any, *, alpha: float = 1) -> Any:
    seed = innermost(a, b)
    (a0, p), (b0, q) = split(a, seed), split(b, seed)
    value = a0 - alpha * b0 if alpha != 1 else a0 - b0
    p, q = fitted(p, value), fitted(q, value)
    minus = tuple(None if s is None else -alpha * s for s in q)
    return series(seed, value, tuple(plus(s, t) for s, t in zip(p, minus, strict=True)))


@rule("rsub", "__rsub__")
def rsub(a: Any, b: Any) -> Any:
    return sub(b, a)


@rule("neg", "negative", "__neg__")
def neg(x: Series) -> Any:
    return x.map(torch.neg)


@rule("mul", "multiply", "__mul__", "__rmul__")
def mul(a: Any, b: Any) -> Any:
    seed = innermost(a, b)
    (a0, p), (b0, q) = split(a, seed), split(b, seed)
    value = a0 * b0
    rank = value.dim()
    p, q = tuple(lifted(s, rank) for s in p), tuple(lifted(s, rank) for s in q)
    return series(seed, value, fitted(leibniz(seed.plan, a0, p, b0, q), value))


@rule("div", "divide", "true_divide", "__div__", "__truediv__")
def div(a: Any, b: Any) -> Any:
    seed = innermost(a, b)
    b0, _ = split(b, seed)
    if b0 is not b:
        return a * apply("reciprocal", b)
    return mul(a, 1 / b)


@rule("__rdiv__", "__rtruediv__")
def rdiv(a: Any, b: Any) -> Any:
    return div(b, a)


@rule("pow", "__pow__", "float_power")
def power(a: Any, b: Any) -> Any:
    if isinstance(b, int | float):
        return a * a if b == 2 else apply("scalar_power", a, b)
    if isinstance(a, int | float):
        return apply("exp", math.log(a) * b)
    return torch.exp(torch.log(a) * b)


@rule("__rpow__")
def rpow(a: Any, b: Any) -> Any:
    return power(b, a)


@rule("addcmul")
def addcmul(x: Any, a: Any, b: Any, *, value: float = 1) -> Any:
    return x + value * (a * b)


@rule("lerp")
def lerp(a: Any, b: Any, weight: Any) -> Any:
    return a + weight * (b - a)


@rule("linear")
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    seed = innermost(x, weight, bias)
    if isinstance(weight, Series) or isinstance(bias, Series) or not isinstance(x, Series):
        y = matmul(x, weight.T) if isinstance(weight, Series) or isinstance(x, Series) else torch.matmul(x, weight.T)
        return y if bias is None else y + bias
    return series(
        seed,
        F.linear(x.value, weight, bias),
        # One product for all streams of an order: under vmap (N·n, in) × (in, out).
        tuple(None if s is None else F.linear(s, weight) for s in x.streams),
    )


@rule("matmul", "mm", "mv", "bmm", "dot", "inner", "vdot", "__matmul__")
def matmul(a: Any, b: Any) -> Any:
    seed = innermost(a, b)
    (a0, p), (b0, q) = split(a, seed), split(b, seed)
    if a0 is not a and b0 is not b:
        return _contract(a, b)
    value = torch.matmul(a0, b0)
    varying, constant = (p, b0) if b0 is b else (q, a0)
    if constant.ndim > 2 and (a0 if b0 is b else b0).ndim < 2:
        raise MissingRuleError("Jet has no rule for the product of a vector and a batch of matrices; use a sum.")

    def product(s: Any) -> Any:
        s = lifted(s, constant.ndim if constant.ndim > 2 else 0)
        if b0 is b:
            return torch.matmul(s, b0)
        if b0.ndim > 1:
            return torch.matmul(a0, s)
        return torch.matmul(s, torch.transpose(a0, 0, 1) if a0.ndim > 1 else a0)

    return series(seed, value, tuple(None if s is None else product(s) for s in varying))


@rule("__rmatmul__")
def rmatmul(a: Any, b: Any) -> Any:
    return matmul(b, a)


@rule("outer", "ger")
def outer(a: Any, b: Any) -> Any:
    return a.unsqueeze(-1) * b.unsqueeze(0)


@rule("cross", "linalg_cross")
def cross(a: Any, b: Any, *, dim: int = -1) -> Any:
    (a1, a2, a3), (b1, b2, b3) = a.unbind(dim), b.unbind(dim)
    return torch.stack([a2 * b3 - a3 * b2, a3 * b1 - a1 * b3, a1 * b2 - a2 * b1], dim)


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
    while isinstance(condition, Series):
        condition = condition.value
    seed = innermost(a, b)
    (a0, p), (b0, q) = split(a, seed), split(b, seed)
    value = torch.where(condition, a0, b0)
    p, q = fitted(p, value), fitted(q, value)
    streams = [
        None if s is None and t is None else torch.where(condition, 0.0 if s is None else s, 0.0 if t is None else t)
        for s, t in zip(p, q, strict=True)
    ]
    return series(seed, value, tuple(streams))


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
def absolute(x: Series) -> Any:
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
def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, *, ord: Any = None, dtype: Any = None) -> Any:
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


@rule("detach")
def detach(x: Series) -> Any:
    return x.value.detach()


def _constant(name: str) -> None:
    """Register an operation that is piecewise constant or asks for properties: it acts on the value alone."""

    def act(*args: Any, **kwargs: Any) -> Any:
        args = tuple(a.value if isinstance(a, Series) else a for a in args)
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
    while isinstance(x, Series):
        x = x.value
    return x


def _contract(a: Any, b: Any) -> Any:
    """a @ b where both vary: a product and a sum."""
    if a.ndim == 1 and b.ndim == 1:
        return (a * b).sum(-1)
    if b.ndim == 1:
        return (a * b).sum(-1)
    if a.ndim == 1:
        return (a.unsqueeze(-1) * b).sum(-2)
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)


def _join(function: Any, parts: Sequence[Any], dim: int) -> Any:
    """cat or stack: a constant part has zero streams."""
    seed = innermost(*parts)
    values, streams = zip(*(split(p, seed) for p in parts), strict=True)
    value = function(list(values), dim)
    joined: list[Tensor | None] = []
    for k in range(seed.plan.order):
        present = [s[k] for s in streams if s[k] is not None]
        if not present:
            joined.append(None)
            continue
        n, like = present[0].shape[0], present[0]
        filled = [
            torch.zeros(n, *v.shape, dtype=like.dtype, device=like.device) if s[k] is None else s[k]
            for v, s in zip(values, streams, strict=True)
        ]
        joined.append(function(filled, dim + 1 if dim >= 0 else dim))
    return series(seed, value, tuple(joined))
