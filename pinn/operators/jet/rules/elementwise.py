"""Elementwise functions by their derivatives: each gives (f, f′, f″, f‴, f⁗) at a value, the chain rule does the rest.

Every function takes the value and the order that is needed, and may return more derivatives than asked for. None is a
derivative that is zero everywhere.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pinn.operators.jet.chain_rule import Stream
from pinn.operators.jet.jet_tensor import JetTensor
from pinn.operators.jet.registry import apply, rule
from pinn.operators.jet.rules.pointwise import Derivatives, elementwise


@elementwise("tanh", factored=True, fused=4)
def tanh(v: Tensor, order: int) -> Derivatives:
    # ATen's tanh costs ten times its sigmoid on a CPU; 1 − 2σ(−2v) is the same number to 3e-15.
    t = torch.tanh(v) if v.dtype.is_complex else torch.rsub(torch.sigmoid(-2 * v), 1, alpha=2)
    f = 1 - t * t
    higher = (4 - 6 * f, 24 * t * f - 8 * t, 16 - 120 * f + 120 * f * f) if order > 3 else (4 - 6 * f,)
    return t, f, -2 * t, *(higher if order > 2 else ())


@elementwise("sigmoid", "expit", fused=3)
def sigmoid(v: Tensor, order: int) -> Derivatives:
    s = torch.sigmoid(v)
    return s, *_logistic(s, order)


@elementwise("silu", fused=3)
def silu(v: Tensor, order: int) -> Derivatives:
    s = torch.sigmoid(v)
    f = (s, *_logistic(s, order))
    return v * s, *(k * f[k - 1] + v * f[k] for k in range(1, order + 1))


@elementwise("softplus", fused=3)
def softplus(v: Tensor, order: int, beta: float = 1.0, threshold: float = 20.0) -> Derivatives:
    s = torch.sigmoid(beta * v)
    curved = beta * v <= threshold  # beyond it torch takes softplus(v) = v
    f = (torch.where(curved, s, 1.0), *(torch.where(curved, g, 0.0) for g in _logistic(s, order - 1)))
    return F.softplus(v, beta, threshold), *(beta**k * g for k, g in enumerate(f))


@elementwise("exact_gelu", fused=3)
def exact_gelu(v: Tensor, order: int) -> Derivatives:
    normal = torch.exp(-0.5 * v * v) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + torch.erf(v / math.sqrt(2)))
    s = v * v
    return v * below, below + v * normal, normal * (2 - s), normal * v * (s - 4), normal * (s * (7 - s) - 4)


@elementwise("sin", fused=4)
def sin(v: Tensor, order: int) -> Derivatives:
    s, c = torch.sin(v), torch.cos(v)
    return s, c, -s, -c, s, c


@elementwise("cos", fused=4)
def cos(v: Tensor, order: int) -> Derivatives:
    s, c = torch.sin(v), torch.cos(v)
    return c, -s, -c, s, c, -s


@elementwise("tan")
def tan(v: Tensor, order: int) -> Derivatives:
    t = torch.tan(v)
    f = 1 + t * t
    return t, f, 2 * t * f, f * (6 * f - 4), f * t * (24 * f - 8)


@elementwise("sinh")
def sinh(v: Tensor, order: int) -> Derivatives:
    s, c = torch.sinh(v), torch.cosh(v)
    return s, c, s, c, s


@elementwise("cosh")
def cosh(v: Tensor, order: int) -> Derivatives:
    s, c = torch.sinh(v), torch.cosh(v)
    return c, s, c, s, c


@elementwise("exp")
def exp(v: Tensor, order: int) -> Derivatives:
    e = torch.exp(v)
    return e, e, e, e, e


@elementwise("expm1")
def expm1(v: Tensor, order: int) -> Derivatives:
    e = torch.exp(v)
    return torch.expm1(v), e, e, e, e


@elementwise("log")
def log(v: Tensor, order: int) -> Derivatives:
    return torch.log(v), *_powers(v, -1.0, order)


@elementwise("log1p")
def log1p(v: Tensor, order: int) -> Derivatives:
    return torch.log1p(v), *_powers(1 + v, -1.0, order)


@elementwise("log2")
def log2(v: Tensor, order: int) -> Derivatives:
    return torch.log2(v), *(f / math.log(2) for f in _powers(v, -1.0, order) if f is not None)


@elementwise("log10")
def log10(v: Tensor, order: int) -> Derivatives:
    return torch.log10(v), *(f / math.log(10) for f in _powers(v, -1.0, order) if f is not None)


@elementwise("square")
def square(v: Tensor, order: int) -> Derivatives:
    return v * v, 2 * v, torch.full_like(v, 2.0)


@elementwise("sqrt")
def sqrt(v: Tensor, order: int) -> Derivatives:
    return torch.sqrt(v), *(0.5 * f for f in _powers(v, -0.5, order) if f is not None)


@elementwise("rsqrt")
def rsqrt(v: Tensor, order: int) -> Derivatives:
    return _powers(v, -0.5, order + 1)


@elementwise("reciprocal")
def reciprocal(v: Tensor, order: int) -> Derivatives:
    return _powers(v, -1.0, order + 1)


@elementwise("scalar_power")
def scalar_power(v: Tensor, order: int, exponent: float) -> Derivatives:
    return _powers(v, exponent, order + 1)


@elementwise("atan", "arctan")
def atan(v: Tensor, order: int) -> Derivatives:
    g = 1 / (1 + v * v)
    return torch.atan(v), g, -2 * v * g**2, (6 * v * v - 2) * g**3, 24 * v * (1 - v * v) * g**4


@elementwise("asin", "arcsin")
def asin(v: Tensor, order: int) -> Derivatives:
    g = 1 / (1 - v * v)
    f = torch.sqrt(g)
    return torch.asin(v), f, v * f * g, f * g**2 * (1 + 2 * v * v), f * g**3 * v * (9 + 6 * v * v)


@elementwise("asinh", "arcsinh")
def asinh(v: Tensor, order: int) -> Derivatives:
    f = torch.rsqrt(1 + v * v)
    return torch.asinh(v), f, -v * f**3, (2 * v * v - 1) * f**5, v * (9 - 6 * v * v) * f**7


@elementwise("erf")
def erf(v: Tensor, order: int) -> Derivatives:
    f, s = 2 / math.sqrt(math.pi) * torch.exp(-v * v), v * v
    return torch.erf(v), f, -2 * v * f, (4 * s - 2) * f, (12 - 8 * s) * v * f


@elementwise("elu")
def elu(v: Tensor, order: int, alpha: float = 1.0) -> Derivatives:
    e = torch.where(v > 0, 0.0, alpha * torch.exp(v))
    return F.elu(v, alpha), torch.where(v > 0, 1.0, e), e, e, e


@elementwise("relu")
def relu(v: Tensor, order: int) -> Derivatives:
    return torch.relu(v), (v > 0).to(v.dtype)


@elementwise("leaky_relu")
def leaky_relu(v: Tensor, order: int, negative_slope: float = 0.01) -> Derivatives:
    return F.leaky_relu(v, negative_slope), torch.where(v > 0, torch.ones_like(v), negative_slope)


@elementwise("real_abs")
def real_abs(v: Tensor, order: int) -> Derivatives:
    return torch.abs(v), torch.sign(v)


@rule("gelu")
def gelu(x: JetTensor, approximate: str = "none") -> Any:
    if approximate == "none":
        return apply("exact_gelu", x)
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


@rule("mish")
def mish(x: JetTensor, inplace: bool = False) -> Any:
    return x * apply("tanh", apply("softplus", x))


def _logistic(s: Tensor, order: int) -> tuple[Tensor, ...]:
    """σ′, σ″, σ‴, σ⁗ from σ, as many as asked for."""
    f = s * (1 - s)
    if order < 2:
        return (f,) if order else ()
    g = f * (1 - 2 * s)
    return f, g, *((f * (1 - 6 * f), g * (1 - 12 * f)) if order > 2 else ())


def _powers(v: Tensor, exponent: float, number: int) -> Derivatives:
    """v^p and its derivatives p v^(p−1), p (p−1) v^(p−2), …; zero once a whole p has run out."""
    derivatives: list[Stream] = []
    factor = 1.0
    for k in range(number):
        if factor == 0:
            derivatives.append(None)
        elif exponent == k:
            derivatives.append(torch.full_like(v, factor))
        elif exponent == k + 1:
            derivatives.append(factor * v)
        else:
            derivatives.append(factor * torch.pow(v, exponent - k))
        factor *= exponent - k
    return tuple(derivatives)
