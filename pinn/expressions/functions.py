"""The functions that a formula may call, as torch computes them on tensors and `math` on numbers."""

import math
from collections.abc import Callable
from typing import Any

import torch


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
