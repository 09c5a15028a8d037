"""The linear equations of a slab with frozen coefficients, decoupled by the eigenvectors of the integration matrix."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.optimizers.slabs.basis import Basis
from pinn.optimizers.slabs.radau import Radau
from pinn.optimizers.slabs.rows import Rows

_EPS = 1e-13


class SlabSolver:
    """F with Σ_a L_a (Δt A)^{q − a} F = right-hand side, where q is the order in time and L_a come from `Rows`.

    With A = V Λ V⁻¹ that is one equation in space for each eigenvalue, half of them by conjugation. If there is an
    equation for each component, all of them evolve and nothing else is asked for, the equations are projected on the
    features, and solved by LU decomposition; otherwise they are solved by least squares, by QR decomposition.
    """

    def __init__(
        self, basis: Basis, radau: Radau, rows: Sequence[Rows], orders: Sequence[int], D: Sequence[Tensor], dt: float
    ) -> None:
        self._basis, self._radau, self._rows, self._orders = basis, radau, rows, orders
        operators = [one.operators(d) for one, d in zip(rows, D, strict=True)]
        self._equations = [d.shape[1] for d in D]
        self.projects = len(rows) == 1 and self._equations[0] == len(orders) and min(orders) > 0
        sizes = [axis.size for axis in basis.axes]
        blocks = []
        for one, found, equations in zip(rows, operators, self._equations, strict=True):
            for row in range(equations):
                here = {key[1:]: self._tested(one, row, L) for key, L in found.items() if key[0] == row}
                blocks.append(here)
        heights = [self._height(one, row) for one, k in zip(rows, self._equations, strict=True) for row in range(k)]
        self._solvers: list[tuple[int, Callable[[Tensor], Tensor]]] = []
        values = radau.eigen[0]
        for i in range(radau.stages):
            if values[i].imag < -1e-14:
                continue
            Z = torch.zeros(sum(heights), sum(sizes), dtype=torch.complex128)
            top = 0
            for here, height in zip(blocks, heights, strict=True):
                for (component, order), L in here.items():
                    left = sum(sizes[:component])
                    power = (dt * values[i]) ** (orders[component] - order)
                    Z[top : top + height, left : left + sizes[component]] += power * L
                top += height
            self._solvers.append((i, _lu(Z) if self.projects else _qr(Z)))

    def right(self, residuals: Sequence[Tensor]) -> Tensor:
        """The residuals, each (S·n, k), as one right-hand side for each instant: (S, rows)."""
        S, parts = self._radau.stages, []
        for one, r in zip(self._rows, residuals, strict=True):
            r = r.reshape(S, len(one.sample[0]), -1)
            parts += [self._tested(one, row, r[:, :, row].T).T for row in range(r.shape[2])]
        return torch.cat(parts, 1)

    def solve(self, right: Tensor) -> list[Tensor]:
        """F of each component, (S, K), from a right-hand side."""
        values, V, inverse = self._radau.eigen
        transformed = inverse @ right.to(torch.complex128)
        found = torch.zeros(self._radau.stages, sum(axis.size for axis in self._basis.axes), dtype=torch.complex128)
        for i, solver in self._solvers:
            found[i] = solver(transformed[i])
            if values[i].imag > 1e-14:
                found[int((values - values[i].conj()).abs().argmin())] = found[i].conj()
        F = (V @ found).real
        return list(F.split([axis.size for axis in self._basis.axes], 1))

    def _tested(self, rows: Rows, row: int, values: Tensor) -> Tensor:
        """Values at points as equations: projected, or with the weights of the points."""
        if self.projects:
            return self._basis.axes[row].project @ values
        return rows.roots[:, None] * values

    def _height(self, rows: Rows, row: int) -> int:
        return self._basis.axes[row].size if self.projects else len(rows.sample[0])


def _lu(Z: Tensor) -> Callable[[Tensor], Tensor]:
    LU, pivots = torch.linalg.lu_factor(Z)
    return lambda b: torch.linalg.lu_solve(LU, pivots, b[:, None])[:, 0]


def _qr(Z: Tensor) -> Callable[[Tensor], Tensor]:
    """Least squares in columns of norm 1, slightly damped: a pressure may have a constant that nothing determines."""
    scale = Z.abs().square().sum(0).sqrt()
    scale = torch.where(scale > 0, scale, 1)
    n = Z.shape[1]
    damped = torch.eye(n, dtype=Z.dtype) * _EPS * n**0.5
    Q, R = torch.linalg.qr(torch.cat([Z / scale, damped]))
    top = Q[: len(Z)].mH

    def solve(b: Tensor) -> Tensor:
        return torch.linalg.solve_triangular(R, (top @ b)[:, None], upper=True)[:, 0] / scale

    return solve
