"""How good a field is: its error against the exact solution at points no training has seen."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain
from pinn.typing import Field, Points


def grid(domain: Domain, n: int, like: Tensor) -> Points:
    """The nodes of a regular grid over the bounding box: shape (n, …, n, d), dtype and device of `like`."""
    lower, upper = domain.bounds
    axes = [torch.linspace(a, b, n, dtype=like.dtype, device=like.device) for a, b in zip(lower, upper, strict=True)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


def evaluation_points(domain: Domain, like: Tensor) -> Points:
    """About 10⁴ points for an error: a regular grid within the domain up to d = 3, quasi-random points above.

    The same for every run: 1001, 101² or 31³ nodes, or 2¹⁴ points of a scrambled Sobol sequence.
    """
    if domain.dim <= 3:
        nodes = grid(domain, {1: 1001, 2: 101, 3: 31}[domain.dim], like).reshape(-1, domain.dim)
        return nodes[domain.contains(nodes)]
    sobol = torch.quasirandom.SobolEngine(domain.interior_numbers, scramble=True, seed=0)
    points = domain.interior(sobol.draw(2**14, dtype=like.dtype).to(like.device))
    return points[~points.isnan().any(dim=1)]


def relative_l2(u: Tensor, exact: Tensor) -> float:
    """‖u − exact‖₂ / ‖exact‖₂ over points and components."""
    return float((u - exact).norm() / exact.norm())


def max_error(u: Tensor, exact: Tensor) -> float:
    """max |u − exact| over points and components."""
    return float((u - exact).abs().max())


@dataclass(frozen=True)
class Reference:
    """The exact solution at the test points."""

    points: Points
    values: Tensor

    @classmethod
    def of(cls, domain: Domain, exact: Field, like: Tensor) -> "Reference":
        """The values of `exact` at the test points of `domain`."""
        points = evaluation_points(domain, like)
        return cls(points, vmap(exact)(points))

    def relative_l2(self, u: Field) -> float:
        """The relative L2 error of a field."""
        return relative_l2(self._values(u), self.values)

    def max_error(self, u: Field) -> float:
        """The largest error of a field."""
        return max_error(self._values(u), self.values)

    def _values(self, u: Field) -> Tensor:
        with torch.no_grad():
            return vmap(u)(self.points)


def rms(residual: Tensor) -> float:
    """The root of the sum of squares of a stacked residual, whose scaling makes it a weighted root mean square."""
    return math.sqrt(float(residual.square().sum()))
