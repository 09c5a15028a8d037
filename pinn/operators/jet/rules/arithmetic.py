"""Rules for arithmetic and for products of vectors and matrices."""

import math
from typing import Any

import torch
import torch.nn.functional as F

from pinn.operators.jet.chain_rule import fitted, leibniz, lifted, plus
from pinn.operators.jet.jet_tensor import JetTensor, innermost, jet_or_value, split
from pinn.operators.jet.rank_reduction import reduced
from pinn.operators.jet.registry import apply, rule
from pinn.operators.strategies.base import MissingRuleError


@rule("add", "__add__", "__radd__")
def add(a: Any, b: Any, *, alpha: float = 1) -> Any:
    propagation = innermost(a, b)
    (a0, p), (b0, q) = split(a, propagation), split(b, propagation)
    value = torch.add(a0, b0, alpha=alpha) if alpha != 1 else a0 + b0
    p, q = fitted(p, value, propagation.batched), fitted(q, value, propagation.batched)
    if alpha != 1:
        q = tuple(None if s is None else alpha * s for s in q)
    return jet_or_value(propagation, value, tuple(plus(s, t) for s, t in zip(p, q, strict=True)))


@rule("sub", "subtract", "__sub__")
def sub(a: Any, b: Any, *, alpha: float = 1) -> Any:
    propagation = innermost(a, b)
    (a0, p), (b0, q) = split(a, propagation), split(b, propagation)
    value = a0 - alpha * b0 if alpha != 1 else a0 - b0
    p, q = fitted(p, value, propagation.batched), fitted(q, value, propagation.batched)
    minus = tuple(None if s is None else -alpha * s for s in q)
    return jet_or_value(propagation, value, tuple(plus(s, t) for s, t in zip(p, minus, strict=True)))


@rule("rsub", "__rsub__")
def rsub(a: Any, b: Any, *, alpha: float = 1) -> Any:
    return sub(b, a, alpha=alpha)


@rule("neg", "negative", "__neg__")
def neg(x: JetTensor) -> Any:
    return x.map(torch.neg)


@rule("mul", "multiply", "__mul__", "__rmul__")
def mul(a: Any, b: Any) -> Any:
    propagation = innermost(a, b)
    (a0, p), (b0, q) = split(a, propagation), split(b, propagation)
    value = a0 * b0
    rank = value.dim()
    p, q = tuple(lifted(s, rank) for s in p), tuple(lifted(s, rank) for s in q)
    return jet_or_value(propagation, value, fitted(leibniz(propagation.plan, a0, p, b0, q), value, propagation.batched))


@rule("div", "divide", "true_divide", "__div__", "__truediv__")
def div(a: Any, b: Any) -> Any:
    propagation = innermost(a, b)
    b0, _ = split(b, propagation)
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
    propagation = innermost(x, weight, bias)
    if isinstance(weight, JetTensor) or isinstance(bias, JetTensor) or not isinstance(x, JetTensor):
        y = (
            matmul(x, weight.T)
            if isinstance(weight, JetTensor) or isinstance(x, JetTensor)
            else torch.matmul(x, weight.T)
        )
        return y if bias is None else y + bias
    # One product for all streams of an order: under vmap (N·n, in) × (in, out).
    streams = tuple(None if s is None else F.linear(s, weight) for s in x.streams)
    return reduced(JetTensor(propagation, F.linear(x.value, weight, bias), streams))


@rule("matmul", "mm", "mv", "bmm", "dot", "inner", "vdot", "__matmul__")
def matmul(a: Any, b: Any) -> Any:
    propagation = innermost(a, b)
    (a0, p), (b0, q) = split(a, propagation), split(b, propagation)
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

    return jet_or_value(propagation, value, tuple(None if s is None else product(s) for s in varying))


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


def _contract(a: Any, b: Any) -> Any:
    """a @ b where both vary: a product and a sum."""
    if a.ndim == 1 and b.ndim == 1:
        return (a * b).sum(-1)
    if b.ndim == 1:
        return (a * b).sum(-1)
    if a.ndim == 1:
        return (a.unsqueeze(-1) * b).sum(-2)
    return (a.unsqueeze(-1) * b.unsqueeze(-3)).sum(-2)
