"""The strong Wolfe line search."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Trial(Generic[T]):
    """A point at distance `alpha` along the search direction: the loss, its slope, and what else is known there."""

    alpha: float
    loss: float
    slope: float
    place: T


def strong_wolfe(
    at: Callable[[float], Trial[T]],
    start: Trial[T],
    first: float,
    longest: float = math.inf,
    *,
    c1: float = 1e-4,
    c2: float = 0.9,
    most: int = 25,
) -> Trial[T] | None:
    """A point with f(α) ≤ f(0) + c₁αf′(0) and |f′(α)| ≤ c₂|f′(0)| (Nocedal & Wright 2006, algorithms 3.5 and 3.6).

    `at(α)` evaluates, `start` is its value at 0, `first` the first α tried, `longest` the largest one. After `most`
    evaluations, or at the largest α, it returns the best point with the first property, or None without one.
    """

    def too_high(trial: Trial[T], low: Trial[T]) -> bool:
        # Written so that NaN is too high.
        return not (trial.loss <= start.loss + c1 * trial.alpha * start.slope and trial.loss < low.loss)

    def flat(trial: Trial[T]) -> bool:
        return abs(trial.slope) <= -c2 * start.slope

    low, high = start, None
    alpha = min(first, longest)
    for _ in range(most):
        trial = at(alpha)
        if too_high(trial, low):
            high = trial
        elif flat(trial):
            return trial
        else:
            # The minimum lies between the lower point and where the slope at it leads down to.
            if trial.slope * ((high.alpha if high else math.inf) - low.alpha) >= 0:
                high = low
            low = trial
            if high is None and alpha >= longest:
                return low
        alpha = _between(low, high) if high else min(2.5 * low.alpha, longest)
    return low if low is not start else None


def _between(low: Trial[T], high: Trial[T]) -> float:
    """The minimiser of the cubic through both points, kept away from the ends of the interval."""
    width = high.alpha - low.alpha
    part = 0.5
    if math.isfinite(high.loss) and math.isfinite(high.slope):
        d1 = low.slope + high.slope - 3 * (high.loss - low.loss) / width
        square = d1**2 - low.slope * high.slope
        if square >= 0:
            d2 = math.copysign(math.sqrt(square), width)
            denominator = high.slope - low.slope + 2 * d2
            if denominator != 0:
                part = 1 - (high.slope + d2 - d1) / denominator
    return low.alpha + min(max(part, 0.1), 0.9) * width
