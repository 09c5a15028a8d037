"""Operations that are written in ONNX otherwise than torch 2.13 would do.

Its exporter rounds the numbers of a graph to float32, also where they meet float64. ONNX Runtime knows some functions
in float32 alone; in float64 they are made of others here. Imports onnxscript, which is an extra.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
import torch
from numpy.polynomial import Chebyshev
from onnxscript import opset20

OPSET = 20
op: Any = opset20  # its types are those of eager evaluation
_FLOAT, _DOUBLE = int(ir.DataType.FLOAT), int(ir.DataType.DOUBLE)


def translations() -> Mapping[Callable[..., Any], Callable[..., Any]]:
    """By the operation of torch, the function that writes it."""
    aten = torch.ops.aten
    return {
        aten.scalar_tensor.default: _scalar_tensor,
        aten.full.default: _full,
        aten.full_like.default: _full_like,
        aten.cosh.default: _cosh,
        aten.sinh.default: _sinh,
        aten.softplus.default: _softplus,
        aten.atan.default: _atan,
        aten.erf.default: _erf,
        aten.gelu.default: _gelu,
    }


def _number(value: float, dtype: int) -> Any:
    return op.Constant(value=ir.tensor(value, dtype=ir.DataType(dtype)))


# The names of the arguments are those of torch.


def _scalar_tensor(s: float, dtype: int = _FLOAT, layout: str = "", device: str = "", pin_memory: bool = False) -> Any:
    return _number(s, dtype)


def _full(
    size: Any, fill_value: float, dtype: int = _FLOAT, layout: str = "", device: str = "", pin_memory: bool = False
) -> Any:
    return op.Expand(_number(fill_value, dtype), size)


def _full_like(self: Any, fill_value: float, dtype: int = -1, **_: Any) -> Any:
    return op.Expand(_number(fill_value, self.dtype if dtype == -1 else dtype), op.Shape(self))


def _cosh(self: Any) -> Any:
    return op.Mul(_number(0.5, self.dtype), op.Add(op.Exp(self), op.Exp(op.Neg(self))))


def _sinh(self: Any) -> Any:
    return op.Mul(_number(0.5, self.dtype), op.Sub(op.Exp(self), op.Exp(op.Neg(self))))


def _softplus(self: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + eˣ) = max(x, 0) + log(1 + e⁻|x|), for x times `beta`."""
    one, scale = _number(1.0, self.dtype), _number(beta, self.dtype)
    x = op.Mul(scale, self)
    positive = op.Max(x, _number(0.0, self.dtype))
    return op.Div(op.Add(positive, op.Log(op.Add(one, op.Exp(op.Neg(op.Abs(x)))))), scale)


def _atan(self: Any) -> Any:
    """From a in float32: atan x − a is its own tangent to rounding, (x cos a − sin a)/(cos a + x sin a)."""
    a = op.Cast(op.Atan(op.Cast(self, to=_FLOAT)), to=self.dtype)
    s, c = op.Sin(a), op.Cos(a)
    return op.Add(a, op.Div(op.Sub(op.Mul(self, c), s), op.Add(c, op.Mul(self, s))))


def _erf(self: Any) -> Any:
    return _error_function(self, self.dtype)


def _gelu(self: Any, approximate: str = "none") -> Any:
    half, one = _number(0.5, self.dtype), _number(1.0, self.dtype)
    if approximate == "tanh":
        cubic = op.Add(self, op.Mul(_number(0.044715, self.dtype), op.Mul(self, op.Mul(self, self))))
        cdf = op.Tanh(op.Mul(_number(math.sqrt(2 / math.pi), self.dtype), cubic))
    else:
        cdf = _error_function(op.Mul(_number(math.sqrt(0.5), self.dtype), self), self.dtype)
    return op.Mul(op.Mul(half, self), op.Add(one, cdf))


def _error_function(x: Any, dtype: int) -> Any:
    """sign x (1 − t exp(P(t) − x²)) with t = 2/(2 + |x|) and a polynomial P (Press et al. 2007, eq. 6.2.8)."""
    one, two, four = (_number(value, dtype) for value in (1.0, 2.0, 4.0))
    z = op.Abs(x)
    t = op.Div(two, op.Add(two, z))
    y = op.Sub(op.Mul(four, t), two)  # twice 2t − 1, on which Chebyshev's polynomials live
    first, *others = _erfc_coefficients()
    b, after = _number(0.0, dtype), _number(0.0, dtype)
    for coefficient in reversed(others):  # Clenshaw's recurrence
        b, after = op.Add(op.Sub(op.Mul(y, b), after), _number(coefficient, dtype)), b
    P = op.Add(op.Sub(op.Div(op.Mul(y, b), two), after), _number(first, dtype))
    return op.Mul(op.Sign(x), op.Sub(one, op.Mul(t, op.Exp(op.Sub(P, op.Mul(z, z))))))


def _erfc_coefficients() -> list[float]:
    """P(t) = log(erfc(z) eᶻ²/t) for t in (0, 1], by interpolation, which is good to rounding at this degree."""

    def P(t: np.ndarray) -> np.ndarray:
        t = np.asarray(t)
        return np.log(torch.special.erfcx(torch.from_numpy(2 / t - 2)).numpy() / t)

    return Chebyshev.interpolate(P, 30, domain=[0, 1]).coef.tolist()
