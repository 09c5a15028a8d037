"""Values at scattered points: the smooth spline through all of them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

MOST_POINTS = 3000
_ROUNDED = 1e-6
"""The kernel is (r² + ε²)^(3/2), in parts of the range: it has all derivatives at the points, too."""
_DIRECTIONS = 512


@dataclass(frozen=True, eq=False, repr=False)
class ScatteredTable:
    """The polyharmonic spline Σ w_i r_i³ + a + b·x through `values` (N,) at `points` (N, k), coordinates `axes`.

    Of all functions through the values it has nearly the smallest bending (Duchon 1977), and it gives linear functions
    exactly. It is of class C², each coordinate measured in parts of its range. Raises ValueError for a point that
    occurs twice, points on one line or plane, and more than 3000 points.
    """

    axes: tuple[int, ...]
    points: np.ndarray
    values: np.ndarray
    name: str = "table"

    def __post_init__(self) -> None:
        points = np.asarray(self.points, dtype=np.float64)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "values", np.asarray(self.values, dtype=np.float64))
        if len(points) > MOST_POINTS:
            raise ValueError(
                f"{self.name} has {len(points)} scattered points, at most {MOST_POINTS} are interpolated: give a grid."
            )
        if len(np.unique(points, axis=0)) < len(points):
            raise ValueError(f"{self.name} has two values at the same point.")
        if len(points) <= len(self.axes) or np.linalg.matrix_rank(self._scaled - self._scaled[0], tol=1e-9) < len(
            self.axes
        ):
            raise ValueError(
                f"{self.name}: its {len(points)} points lie on a line or plane, so they determine no function."
            )

    def __str__(self) -> str:
        return f"{self.name}: polyharmonic splines (r³) through {len(self.points)} scattered points, of class C²"

    __repr__ = __str__

    def breaks(self, axis: int) -> np.ndarray:
        """None: it is smooth along every line."""
        return np.zeros(0)

    def misses(self, x: Tensor) -> Tensor:
        """Which points (…, d) lie outside of the convex hull of its points: bool (…).

        In the plane to 2e-5 of its size, by 512 directions; in more dimensions by as many at random.
        """
        k = len(self.axes)
        if k == 2:
            angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
            directions = np.stack([np.cos(angle), np.sin(angle)], 1)
        else:
            directions = np.random.default_rng(0).standard_normal((_DIRECTIONS, k))
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            directions = np.concatenate([directions, np.eye(k), -np.eye(k)])
        reach = torch.from_numpy((self._scaled @ directions.T).max(0)).to(x)
        z = torch.stack([(x[..., a] - low) / size for a, low, size in self._frame], -1)
        return ((z @ torch.from_numpy(directions.T.copy()).to(x)) > reach + 1e-6).any(-1)

    @property
    def range(self) -> dict[int, tuple[float, float]]:
        """Smallest and largest coordinate along each axis."""
        return {a: (low, low + size) for a, low, size in self._frame}

    def at(self, x: Tensor, orders: Sequence[int] = ()) -> Tensor:
        """The values at points (…, d), differentiated along the coordinates `orders`: shape (…)."""
        weights, linear = self._solved
        counts = [[*orders].count(axis) for axis in self.axes]
        z = [(x[..., a] - low) / size for a, low, size in self._frame]
        apart = [c.unsqueeze(-1) - self._like(self._scaled[:, k], x) for k, c in enumerate(z)]
        s = sum(one * one for one in apart) + _ROUNDED**2
        kernel: Tensor | float = 0.0
        for pairs in itertools.product(*(range(n // 2 + 1) for n in counts)):
            # ∂ⁿ/∂zⁿ f(z² + …) = Σ_k n!/(k! (n−2k)!) (2z)^(n−2k) f^(n−k), along each axis.
            power = sum(n - k for n, k in zip(counts, pairs, strict=True))
            factor = math.prod(1.5 - i for i in range(power))
            term = factor * s ** (1.5 - power)
            for n, k, one in zip(counts, pairs, apart, strict=True):
                c = math.factorial(n) / (math.factorial(k) * math.factorial(n - 2 * k))
                term = c * term * (2 * one) ** (n - 2 * k) if n else term
            kernel = kernel + term
        assert not isinstance(kernel, float)
        total = (kernel * self._like(weights, x)).sum(-1)
        if not sum(counts):
            total = total + float(linear[0]) + sum(float(b) * c for b, c in zip(linear[1:], z, strict=True))
        elif sum(counts) == 1:
            total = total + float(linear[1 + counts.index(1)])
        return total / math.prod(size**n for n, (_, _, size) in zip(counts, self._frame, strict=True))

    @cached_property
    def _frame(self) -> list[tuple[int, float, float]]:
        """Axis, lower end and length of the range of each coordinate."""
        low, high = self.points.min(0), self.points.max(0)
        size = np.where(high > low, high - low, 1.0)
        return [(a, float(b), float(c)) for a, b, c in zip(self.axes, low, size, strict=True)]

    @cached_property
    def _scaled(self) -> np.ndarray:
        return np.stack([(self.points[:, k] - low) / size for k, (_, low, size) in enumerate(self._frame)], 1)

    @cached_property
    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        """The weights of the kernels and the linear part."""
        z = self._scaled
        n, k = z.shape
        K = (((z[:, None] - z[None]) ** 2).sum(-1) + _ROUNDED**2) ** 1.5
        P = np.concatenate([np.ones((n, 1)), z], 1)
        matrix = np.block([[K, P], [P.T, np.zeros((k + 1, k + 1))]])
        found = np.linalg.solve(matrix, np.concatenate([self.values, np.zeros(k + 1)]))
        return found[:n], found[n:]

    @staticmethod
    def _like(array: np.ndarray, like: Tensor) -> Tensor:
        return torch.as_tensor(array, dtype=like.dtype, device=like.device)
