"""Characteristic scales of a problem, found before training from its data and from its own response to them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import field
from pinn.objective import Objective, Sample
from pinn.operators import Auto
from pinn.optimizers.damped import DampedLeastSquares
from pinn.optimizers.parameters import flatten, unflatten
from pinn.pdes import PDE, Scaled
from pinn.trust.features import RandomFeatures

WIDTH, POINTS = 60, 240
"""Features for each component, and points of each condition: enough for a size."""
FREQUENCY = 5.0
"""Of the smooth fields on [−1, 1]^d whose response is measured."""
DAMPING = 1e-6
"""Of the least squares, in parts of the square of a column: a size, not a solution, is sought."""
PROBES = 8
"""Random fields whose response is averaged."""


@dataclass(frozen=True)
class _Linearised:
    """The residual rows at the field without network, and their derivative by the features of each component.

    `r` is (M,), `J` (M, m, W); `row` numbers the kinds of rows, each a condition with one entry of its residual; `E` are
    the values of the features at points of the domain, (n, W), and `reach` the factor of the network there, (n, m).
    """

    names: list[tuple[str, int]]
    row: Tensor
    r: Tensor
    J: Tensor
    E: Tensor
    reach: Tensor


def scaled(pde: PDE, *, seed: int = 0) -> Scaled:
    """`pde` with the scales that its data and equations have; of a problem that is scaled already, that itself.

    The field without network, which holds the prescribed values that are built in, leaves residuals r. With L their
    derivative, the response e, L e = −r by least squares over smooth random features, has the size and the mean that
    the network has to give. A row of a residual has the size of its terms, of r and of L v for random v as large as e.
    Sizes are powers of two, so that scaling rounds nothing. A component that neither data nor equations say anything
    of keeps the size 1.
    """
    if isinstance(pde, Scaled):
        return pde
    one = _linearised(pde, seed)
    kinds, m = len(one.names), one.J.shape[1]
    counts = torch.bincount(one.row, minlength=kinds).to(one.r)
    r = (torch.zeros(kinds, dtype=one.r.dtype).index_add(0, one.row, one.r.square()) / counts).sqrt()
    probes = torch.randn(PROBES, one.E.shape[1], generator=torch.Generator().manual_seed(seed), dtype=one.r.dtype)
    probes = probes / (one.E @ probes.T).square().mean(0).sqrt()[:, None]
    response = torch.einsum("imw,pw->ipm", one.J, probes).square().mean(1)
    B = (torch.zeros(kinds, m, dtype=one.r.dtype).index_add(0, one.row, response) / counts[:, None]).sqrt()
    size = _balanced(r, B)
    rows = torch.maximum(r, (B * size).amax(1))
    rows = torch.where(rows > 0, rows, 1.0)
    mean = torch.zeros_like(size)
    e = _response(one, rows, size)
    if e is not None:
        spread = e.square().mean(0).sqrt()
        size = torch.where(spread > 1e-4 * size, spread, size)
        mean = torch.where(e.mean(0).abs() > 2 * e.std(0), e.mean(0), 0.0)
        rows = torch.where(rows > 0, torch.maximum(r, (B * torch.where(mean == 0, size, e.std(0))).amax(1)), rows)
        rows = torch.where(rows > 0, rows, 1.0)
        size = torch.where(mean == 0, size, e.std(0).clamp(min=0) + 1e-3 * mean.abs())
    by_name: dict[str, list[float]] = {}
    for (name, _), value in zip(one.names, rows, strict=True):
        by_name.setdefault(name, []).append(_power_of_two(float(value)))
    sizes = [_power_of_two(float(s)) for s in size]
    return Scaled(pde, sizes, [float(o) for o in mean], by_name)


def _power_of_two(value: float) -> float:
    return 2.0 ** round(math.log2(value)) if 0 < value < math.inf else 1.0


def _balanced(r: Tensor, B: Tensor) -> Tensor:
    """Sizes of the components for which the rows with data are balanced, and from those the others by their rows."""
    size = torch.where(B > 0, r[:, None] / B, 0.0).amax(0)
    for _ in range(len(size)):
        if not bool((size == 0).any()):
            break
        known = (B * size).amax(1, keepdim=True)
        more = torch.where(B > 0, known / B, 0.0).amax(0)
        size = torch.where(size == 0, more, size)
    return torch.where((size > 0) & size.isfinite(), size, 1.0)


def _response(one: _Linearised, rows: Tensor, size: Tensor) -> Tensor | None:
    """The values of e at the points of the domain, (n, m), without the factor of the ansatz; None if not finite."""
    weight = 1 / (rows * torch.bincount(one.row, minlength=len(rows)).to(rows).sqrt())
    A = (one.J * size[:, None] * weight[one.row][:, None, None]).flatten(1)
    norms = A.norm(dim=0)
    scale = torch.where(norms > 0, norms, 1)
    try:
        c = DampedLeastSquares(A / scale).solve(DAMPING, -one.r * weight[one.row]) / scale
    except RuntimeError:
        return None
    e = one.E @ c.reshape(one.J.shape[1], -1).T * size
    return e if bool(e.isfinite().all()) else None
