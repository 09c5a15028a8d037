"""The strong Wolfe conditions, on functions of one variable."""

import math
from collections.abc import Callable

import pytest

from pinn.optimizers.line_search import Trial, strong_wolfe

FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "parabola": (lambda a: (a - 1) ** 2, lambda a: 2 * (a - 1)),
    "far minimum": (lambda a: (a / 500 - 1) ** 2, lambda a: (a / 500 - 1) / 250),
    "near minimum": (lambda a: (1e4 * a - 1) ** 2, lambda a: 2e4 * (1e4 * a - 1)),
    "quartic": (lambda a: (a - 2) ** 4, lambda a: 4 * (a - 2) ** 3),
    "wiggles": (lambda a: -a + 0.3 * math.sin(20 * a) + a * a, lambda a: -1 + 6 * math.cos(20 * a) + 2 * a),
    "wall": (
        lambda a: -a if a < 0.3 else math.nan,
        lambda a: -1 if a < 0.3 else math.nan,
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("first", [1e-2, 1.0, 30.0])
def test_finds_a_strong_wolfe_point(name: str, first: float) -> None:
    f, slope = FUNCTIONS[name]
    if slope(0) >= 0:
        f, slope = (lambda a, f=f: f(-a)), (lambda a, slope=slope: -slope(-a))
    end = strong_wolfe(lambda a: Trial(a, f(a), slope(a), a), Trial(0.0, f(0), slope(0), 0.0), first)
    assert end is not None
    assert end.place == end.alpha > 0
    assert end.loss <= f(0) + 1e-4 * end.alpha * slope(0)
    if name != "wall":
        assert abs(end.slope) <= 0.9 * abs(slope(0))


def test_none_where_nothing_is_lower() -> None:
    assert strong_wolfe(lambda a: Trial(a, 1.0 + a, -1.0, None), Trial(0.0, 1.0, -1.0, None), 1.0) is None


@pytest.mark.parametrize("longest", [0.5, 100.0])
def test_never_looks_beyond_the_longest_step(longest: float) -> None:
    """A minimum at 500 is out of reach; the end of the allowed interval is the best point of it."""
    f, slope = FUNCTIONS["far minimum"]
    tried = []

    def at(a: float) -> Trial[None]:
        tried.append(a)
        return Trial(a, f(a), slope(a), None)

    end = strong_wolfe(at, at(0.0), 1.0, longest, c2=0.1)
    assert end is not None
    assert end.alpha == max(tried) == longest
