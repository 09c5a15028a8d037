"""Half widths of two-sided intervals, in standard deviations: of the normal distribution and of Student's t."""

import math

import torch


def normal(level: float) -> float:
    """z with P(|Z| ≤ z) = level. Raises ValueError unless 0 < level < 1.

    >>> round(normal(0.95), 4)
    1.96
    """
    _check(level)
    return math.sqrt(2) * float(torch.erfinv(torch.tensor(level, dtype=torch.float64)))


def student(level: float, freedom: int) -> float:
    """t with P(|T| ≤ t) = level for Student's t of so many degrees of freedom.

    With θ = arctan(t/√ν), P is a finite sum of powers of cos θ (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4), which
    increases in θ and is solved by bisection. Raises ValueError unless 0 < level < 1 and freedom >= 1.

    >>> [round(student(0.95, freedom), 3) for freedom in (1, 2, 4, 5)]
    [12.706, 4.303, 2.776, 2.571]
    """
    _check(level)
    if freedom < 1:
        raise ValueError(f"Student's t needs freedom >= 1, got {freedom}.")
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < level else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def _within(theta: float, freedom: int) -> float:
    """P(|T| ≤ √ν tan θ)."""
    odd, c = freedom % 2, math.cos(theta)
    term, total = c if odd else 1.0, 0.0
    for k in range(freedom // 2):
        total += term
        term *= c * c * (2 * k + 1 + odd) / (2 * k + 2 + odd)
    return 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"interval needs 0 < level < 1, got level={level}.")
