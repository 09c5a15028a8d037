"""Rank reduction: a layer narrower than the space of its point leaves no more first derivatives than it has outputs.

A Laplacian meets first derivatives D = W₁ᵀ of shape (d, w) only through DᵀD, and DᵀD = LLᵀ with the Cholesky factor L
of shape (w, w). So w derivatives along an orthonormal basis Q of the range, Lᵀ = QᵀD, replace d of them, exactly.
"""

import torch
from torch import Tensor

from pinn.operators.plan import Plan
from pinn.operators.series import Seed, Series

NARROWER = 0.8
"""Reduce to at most this fraction of the directions; above it the cost of the factor eats the gain."""

CONDITION = 1e3
"""Bound on the estimated condition of DᵀD. The adjoint of a Cholesky factor loses that many ε: 2e-13 in float64."""


def reduced(y: Series) -> Series:
    """`y` by fewer streams, where it is affine in the point, asks for a Laplacian alone, and is narrow enough."""
    columns = y.streams[0]
    if not (y.seed.plan.trace_only and y.streams[1] is None and isinstance(columns, Tensor)):
        return y
    n, width = columns.shape[0], columns.shape[1:].numel()
    if width > NARROWER * n or torch.compiler.is_compiling():  # the check below depends on data: no graph holds it
        return y
    D = columns.reshape(n, width)
    L, failed = torch.linalg.cholesky_ex(D.T @ D)
    if not _well_conditioned(L.detach(), failed):
        return y
    seed = Seed(
        Plan((), (width, 0, 0, 0), traces=(tuple(range(width)),)), y.seed.outer, whole=y.seed, batched=y.seed.batched
    )
    # Only a quantity of the other basis asks for Q, so it is solved for there.
    seed.basis = lambda: torch.linalg.solve_triangular(L, D.T, upper=False)
    return Series(seed, y.value, (L.T.reshape(width, *columns.shape[1:]), None))


def _well_conditioned(L: Tensor, failed: Tensor) -> bool:
    pivots = L.diagonal().square()
    try:
        return bool((failed == 0) & (pivots.amin() * CONDITION > pivots.amax()))
    except RuntimeError:  # weights that differ from point to point, under vmap
        return False
