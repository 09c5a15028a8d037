"""Whether features on subdomains resolve a field, by its Chebyshev coefficients on each of them."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from pinn.networks.features.gated import refined
from pinn.optimizers.slabs.basis import Basis

_DEGREE = 18
_LAST = 3
_ACROSS = 24
"""Points along the other coordinates, where the coefficients along one are looked at."""


def unresolved(basis: Basis, weights: Sequence[Tensor]) -> list[Tensor]:
    """For each coordinate and subinterval the largest of the last coefficients over the largest value: (n,) each."""
    space, k = basis.pde.domain.space, np.arange(_DEGREE + 1)
    nodes = np.cos(np.pi * (k + 0.5) / (_DEGREE + 1))
    inverse = torch.from_numpy(np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, _DEGREE)))
    lower, upper = space.bounds
    found = []
    for axis, ends in enumerate(basis.edges):
        middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
        along = (middle[:, None] + half[:, None] * torch.from_numpy(nodes)).reshape(-1)
        others = [_cells(edges) for edges in basis.edges]
        others[axis] = along
        grid = torch.stack(torch.meshgrid(*others, indexing="ij"), -1).reshape(-1, space.dim)
        a, b = torch.tensor(lower, dtype=torch.float64), torch.tensor(upper, dtype=torch.float64)
        points = (a + b) / 2 + (b - a) / 2 * grid
        worst = torch.zeros(len(middle), dtype=torch.float64)
        for component, one in enumerate(weights):
            values = (basis.tables(component, [()], points)[0] @ one).reshape([len(other) for other in others])
            values = values.movedim(axis, -1).reshape(-1, len(middle), _DEGREE + 1)
            size = float(values.abs().max()) + 1e-300
            worst = torch.maximum(worst, (values @ inverse.T)[..., -_LAST:].abs().amax((0, 2)) / size)
        found.append(worst)
    return found


def finer(basis: Basis, weights: Sequence[Tensor], tolerance: float, periodic: Sequence[bool]) -> list[Tensor] | None:
    """Edges that resolve a field to a tolerance better, by halves of what does not; None if nothing has to change."""
    worst = unresolved(basis, weights)
    edges = [refined(e, w > tolerance, periodic=p) for e, w, p in zip(basis.edges, worst, periodic, strict=True)]
    return None if all(len(a) == len(b) for a, b in zip(edges, basis.edges, strict=True)) else edges


def _cells(edges: Tensor) -> Tensor:
    """Points in the cells along a coordinate that is not looked at."""
    each = max(2, math.ceil(_ACROSS / (len(edges) - 1)))
    share = (torch.arange(each, dtype=torch.float64) + 0.5) / each
    return (edges[:-1, None] + (edges[1:] - edges[:-1])[:, None] * share).reshape(-1)
