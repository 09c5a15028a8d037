"""Damped linear least squares, min ‖Jx − b‖² + λ‖x‖², for one J and many λ and b."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.parallel import Ranks, triangular

_ONE = Ranks()
_BLOCK = 128  # columns of a product at a time; 64 to 350 measured alike
_WRONG = 0.1  # a first solution with a larger relative error is not worth correcting


class DampedLeastSquares:
    """The minimiser x of ‖Jx − b‖² + λ‖x‖², by the smaller side of J, whose shape is (M, P).

    With A = J if M ≥ P (primal) or A = Jᵀ (dual), and C = AᵀA + λI of side n = min(M, P),

        x = C⁻¹Jᵀb  (primal)        x = JᵀC⁻¹b  (dual).

    RᵀR = C comes from Cholesky, or from the QR decomposition of [A; √λI], which costs three times as much but does
    not square the condition number. Each solution is corrected once by its residual in terms of A, not of C: the
    corrected semi-normal equations (Björck 1987). The size of the correction is the error of the first solution, and
    if that is too large, or Cholesky breaks down, QR takes its place. With several `ranks` J and b are lists of
    blocks of their rows, and the form is always the primal one.
    """

    def __init__(self, jacobian: Tensor | Sequence[Tensor], ranks: Ranks = _ONE) -> None:
        blocks = [jacobian] if isinstance(jacobian, Tensor) else list(jacobian)
        self._ranks = ranks
        self._primal = blocks[0].shape[0] >= blocks[0].shape[1] or not ranks.single_block
        self._A = blocks if self._primal else [blocks[0].T]
        self._gram: Tensor | None = None
        self._squared = False

    def solve(self, damping: float, b: Tensor | Sequence[Tensor], *, squared: bool = True) -> Tensor:
        """The solution for λ = `damping` > 0, shape (P,); `squared=False` goes to QR at once."""
        return self.solve_and_test(damping, b, None, squared=squared)[0]

    def solve_and_test(
        self,
        damping: float,
        b: Tensor | Sequence[Tensor],
        test: Callable[[Tensor], Tensor] | None,
        *,
        squared: bool = True,
    ) -> tuple[Tensor, bool]:
        """The solution, and whether it passes a test, whose answer has shape (): on a GPU the host waits once for both.

        If Cholesky is not good enough, it waits once more.
        """
        self._damping = damping
        if squared:
            failed = self._cholesky()
            x, sizes = self._corrected(b)
            passed = sizes.new_ones(()) if test is None else test(x).to(sizes)
            size, wrong, broken, passed = torch.stack([*sizes, failed.to(sizes), passed]).cpu().tolist()
            if not broken and (wrong / size if size > 0 else 0.0) <= _WRONG:
                return x, bool(passed)
        self._qr()
        x = self._corrected(b)[0]
        return x, test is None or bool(test(x))

    def solve_again(self, b: Tensor | Sequence[Tensor]) -> Tensor:
        """The solution for another b, and the λ of the last `solve`."""
        return self._corrected(b)[0]

    @property
    def squared(self) -> bool:
        """Whether the last solution came from Cholesky, and so from a squared condition number."""
        return self._squared

    def _cholesky(self) -> Tensor:
        """Factor C; other than 0 if that breaks down, shape ()."""
        if self._gram is None:
            self._gram = self._ranks.sum([gram(A) for A in self._A])
        C = self._gram.clone()
        C.diagonal().add_(self._damping)
        L, failed = torch.linalg.cholesky_ex(C)
        self._R, self._squared = L.mT, True
        return failed

    def _qr(self) -> None:
        A = self._A[0] if self._ranks.single_block else triangular(self._A, self._ranks)
        root = torch.zeros(A.shape[1], A.shape[1], dtype=A.dtype, device=A.device)
        root.diagonal().fill_(self._damping**0.5)
        self._R, self._squared = torch.linalg.qr(torch.cat([A, root]), mode="r").R, False

    def _corrected(self, b: Tensor | Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The solution, and its size and that of its correction, shape (2,)."""
        parts, damping = [b] if isinstance(b, Tensor) else list(b), self._damping
        if self._primal:
            x = self._normal(self._transposed(parts))
            rest = [part - A @ x for A, part in zip(self._A, parts, strict=True)]
            correction = self._normal(self._transposed(rest) - damping * x)
        else:
            (A,), (right,) = self._A, parts
            y = self._normal(right)
            x = A @ y
            correction = A @ self._normal(right - A.T @ x - damping * y)
        return x + correction, torch.stack([x.norm(), correction.norm()])

    def _transposed(self, parts: Sequence[Tensor]) -> Tensor:
        """Aᵀb over all blocks."""
        return self._ranks.sum([A.T @ part for A, part in zip(self._A, parts, strict=True)])

    def _normal(self, b: Tensor) -> Tensor:
        """C⁻¹b = R⁻¹R⁻ᵀb."""
        y = torch.linalg.solve_triangular(self._R.mT, b[:, None], upper=False)
        return torch.linalg.solve_triangular(self._R, y, upper=True)[:, 0]


def gram(A: Tensor) -> Tensor:
    """AᵀA; on a CPU only its lower triangle is right, which is all that Cholesky reads.

    BLAS's symmetric rank-k update is out of torch's reach, so the triangle is built from blocks of rows: 54 ms against
    74 ms for all of it (A of shape (2000, 1300), float64, one core of a Xeon, 2026-11-23).
    """
    if A.device.type != "cpu":
        return A.T @ A
    n = A.shape[1]
    C = A.new_zeros(n, n)
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        C[rows, : start + _BLOCK] = A[:, rows].T @ A[:, : start + _BLOCK]
    return C
