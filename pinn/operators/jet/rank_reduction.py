"""Rank reduction: a layer narrower than the space of its point leaves no more first derivatives than it has outputs.

A Laplacian meets first derivatives D = W₁ᵀ of shape (d, w) only through DᵀD, and DᵀD = LLᵀ with the Cholesky factor L
of shape (w, w). So w derivatives along an orthonormal basis Q of the range, Lᵀ = QᵀD, replace d of them, exactly.

A graph that is traced for its gradient holds no branch on the condition of DᵀD, and it needs none: with the Q of a QR
factorization as a constant, d(DᵀQQᵀD) = d(DᵀD) for every dD, because QQᵀD = D. Only second derivatives by the weights
would be wrong, and a traced gradient is not differentiated again.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from pinn.operators.jet.jet_tensor import JetTensor, Propagation
from pinn.operators.jet.plan import Plan
from pinn.torch_private import is_tracing

NARROWER = 0.8
"""Reduce to at most this fraction of the directions; above it the cost of the factor eats the gain."""

CONDITION = 1e3
"""Bound on the estimated condition of DᵀD. The adjoint of a Cholesky factor loses that many ε: 2e-13 in float64."""


def reduced(y: JetTensor) -> JetTensor:
    """`y` by fewer streams, if it is affine in the point, asks for a Laplacian alone, and is narrow enough."""
    columns = y.streams[0]
    if not (y.propagation.plan.trace_only and y.streams[1] is None and isinstance(columns, Tensor)):
        return y
    n, width = columns.shape[0], columns.shape[1:].numel()
    if width > NARROWER * n:
        return y
    D = columns.reshape(n, width)
    if is_tracing() and D.is_cpu and y.propagation.outer is None:  # a capture of CUDA graphs takes no QR
        return _along_fixed_basis(y, D)
    if torch.compiler.is_compiling():  # the check below depends on data: no graph holds it
        return y
    L, failed = torch.linalg.cholesky_ex(D.T @ D)
    if not _well_conditioned(L.detach(), failed):
        return y
    # Only a quantity of the other basis asks for Q, so it is solved for there.
    return _along(y, L.T, lambda: torch.linalg.solve_triangular(L, D.T, upper=False))


def _along_fixed_basis(y: JetTensor, D: Tensor) -> JetTensor:
    Q = torch.linalg.qr(D.detach()).Q
    return _along(y, Q.T @ D, lambda: Q.T)


def _along(y: JetTensor, columns: Tensor, basis: Callable[[], Tensor]) -> JetTensor:
    """`y` with first derivatives `columns`, shape (w, w), along the rows of the basis, shape (w, d)."""
    width, directions = len(columns), y.streams[0]
    assert isinstance(directions, Tensor)
    plan = Plan((), (width, 0, 0, 0), traces=(tuple(range(width)),))
    propagation = Propagation(plan, y.propagation.outer, whole=y.propagation, batched=y.propagation.batched)
    propagation.basis = basis
    return JetTensor(propagation, y.value, (columns.reshape(width, *directions.shape[1:]), None))


def _well_conditioned(L: Tensor, failed: Tensor) -> bool:
    pivots = L.diagonal().square()
    try:
        return bool((failed == 0) & (pivots.amin() * CONDITION > pivots.amax()))
    except RuntimeError:  # weights that differ from point to point, under vmap
        return False
