"""The functions that a formula may call, as torch computes them on tensors and `math` on numbers."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def _sign(value: float) -> float:
    return math.copysign(1.0, value) if value else 0.0


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "sin": (torch.sin, math.sin),
    "cos": (torch.cos, math.cos),
    "tan": (torch.tan, math.tan),
    "exp": (torch.exp, math.exp),
    "log": (torch.log, math.log),
    "sqrt": (torch.sqrt, math.sqrt),
    "abs": (torch.abs, abs),
    "sign": (torch.sign, _sign),
    "tanh": (torch.tanh, math.tanh),
    "sinh": (torch.sinh, math.sinh),
    "cosh": (torch.cosh, math.cosh),
}
"""By name: the function of tensors, and the same of numbers."""


def _tensors(a: Any, b: Any) -> tuple[Any, Any]:
    """Both as tensors; one of them is one."""
    if isinstance(a, float):
        return torch.full_like(b, a), b
    return (a, torch.full_like(a, b)) if isinstance(b, float) else (a, b)


def _where(condition: Any, a: Any, b: Any) -> Any:
    a, b = (torch.full_like(condition, c) if isinstance(c, float) else c for c in (a, b))
    return torch.where(condition > 0.5, a, b)


def _positive(a: Tensor) -> Tensor:
    return (a > 0).to(a.dtype)


def _nonnegative(a: Tensor) -> Tensor:
    return (a >= 0).to(a.dtype)


CHOICES: dict[str, Callable[..., Any]] = {
    "positive": _positive,
    "nonnegative": _nonnegative,
    "and": lambda a, b: a * b,
    "or": lambda a, b: a + b - a * b,
    "not": lambda a: 1 - a,
    "where": _where,
    "min": lambda a, b: torch.minimum(*_tensors(a, b)),
    "max": lambda a, b: torch.maximum(*_tensors(a, b)),
}
"""What chooses, as torch computes it: truths, which are 1 or 0, and values by them. Not a number means not a number."""
TRUTHS = ("positive", "nonnegative", "and", "or", "not")
"""Those that are 1 where something holds and 0 elsewhere: a > 0, a ≥ 0, and what is made of such."""
