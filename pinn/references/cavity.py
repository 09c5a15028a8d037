"""Steady flow in a square with a moving lid, by Chebyshev collocation of the stream function."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

Lid = Callable[[np.ndarray], np.ndarray]
"""The velocity of the lid at x in [0, 1]."""


def parabolic(x: np.ndarray) -> np.ndarray:
    """4x(1 − x), which joins the walls continuously."""
    return 4 * x * (1 - x)


def constant(x: np.ndarray) -> np.ndarray:
    """1, with a jump at both corners (Ghia, Ghia & Shin 1982)."""
    return np.ones_like(x)


@dataclass(frozen=True)
class CavityFlow:
    """(u, v, p) at (x, y) in the unit square; the lid y = 1 moves, the other walls rest.

    p = 0 at the middle of the floor. The stream function ψ, u = ψ_y and v = −ψ_x, solves

        Δ²ψ = Re (ψ_y ∂_x − ψ_x ∂_y) Δψ

    at the Chebyshev points of `degree` by Newton's method from the flow at rest; ψ = 0 and the tangential velocity hold
    at the walls (Peyret 2002, Section 6.4). ∇p follows from the momentum equation by least squares. The corners of
    the lid are singular, so `error`, the relative L2 difference of the velocity to degree `degree` − 8, falls only
    algebraically, and the pressure, which takes third derivatives of ψ, is good to a few per cent. Raises ValueError
    unless reynolds > 0 and degree >= 16.
    """

    reynolds: float = 100.0
    lid: Lid = parabolic
    degree: int = 40

    def __post_init__(self) -> None:
        if not self.reynolds > 0:
            raise ValueError(f"CavityFlow needs reynolds > 0, got reynolds={self.reynolds}.")
        if self.degree < 16:
            raise ValueError(f"CavityFlow needs degree >= 16, got degree={self.degree}.")

    @property
    def error(self) -> float:
        """The relative L2 difference of the velocity to a computation with fewer points."""
        return _self_convergence(self)

    def __call__(self, x: Tensor) -> Tensor:
        coefficients = torch.from_numpy(_solved(self)).to(x)  # (3, n, n): along x, then y
        along_x, along_y = (_chebyshev(2 * x[..., axis] - 1, self.degree) for axis in range(2))
        fields = [((along_x @ one) * along_y).sum(-1) for one in coefficients.unbind()]
        return torch.stack(fields, -1)


@lru_cache(maxsize=8)
def _solved(flow: CavityFlow) -> np.ndarray:
    """Chebyshev coefficients of u, v and p."""
    D, nodes = _differentiation(flow.degree)
    n = len(nodes)
    one = np.eye(n)
    Dx, Dy = np.kron(D, one), np.kron(one, D)
    laplacian = Dx @ Dx + Dy @ Dy
    bilaplacian = laplacian @ laplacian
    index = np.arange(n * n).reshape(n, n)  # [i, j] is the point (x_i, y_j); nodes run from 1 to 0
    walls = np.unique(np.concatenate([index[0], index[-1], index[:, 0], index[:, -1]]))
    # The normal derivatives take the place of the equation on the lines next to the walls.
    lines = [
        (index[1, 1:-1], index[0, 1:-1], Dx, 0.0),
        (index[-2, 1:-1], index[-1, 1:-1], Dx, 0.0),
        (index[2:-2, 1], index[2:-2, 0], Dy, flow.lid(nodes[2:-2])),
        (index[2:-2, -2], index[2:-2, -1], Dy, 0.0),
    ]
    psi = np.zeros(n * n)
    for _ in range(30):
        u, v, w = Dy @ psi, -Dx @ psi, laplacian @ psi
        residual = bilaplacian @ psi / flow.reynolds - u * (Dx @ w) - v * (Dy @ w)
        advection = u[:, None] * (Dx @ laplacian) + v[:, None] * (Dy @ laplacian)
        jacobian = bilaplacian / flow.reynolds - advection - (Dx @ w)[:, None] * Dy + (Dy @ w)[:, None] * Dx
        for rows, at, operator, value in lines:
            residual[rows] = operator[at] @ psi - value
            jacobian[rows] = operator[at]
        residual[walls] = psi[walls]
        jacobian[walls] = 0
        jacobian[walls, walls] = 1
        step = np.linalg.solve(jacobian, -residual)
        psi += step
        if np.abs(step).max() < 1e-10 * np.abs(psi).max():
            break
    else:
        raise RuntimeError(f"Newton's method did not converge for {flow}.")
    u, v = Dy @ psi, -Dx @ psi
    force = [(laplacian @ c) / flow.reynolds - u * (Dx @ c) - v * (Dy @ c) for c in (u, v)]
    inner = index[1:-1, 1:-1].ravel()
    gradient = np.concatenate([Dx[inner], Dy[inner]])
    p = np.linalg.lstsq(gradient, np.concatenate([f[inner] for f in force]), rcond=1e-10)[0]
    values = np.stack([f.reshape(n, n) for f in (u, v, p)])
    to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(2 * nodes - 1, flow.degree))
    coefficients = np.einsum("ai,cij,bj->cab", to_coefficients, values, to_coefficients)
    middle = [np.polynomial.chebyshev.chebvander(np.array([point]), flow.degree)[0] for point in (0.0, -1.0)]
    coefficients[2, 0, 0] -= middle[0] @ coefficients[2] @ middle[1]
    return coefficients


@lru_cache(maxsize=8)
def _self_convergence(flow: CavityFlow) -> float:
    points = torch.cartesian_prod(*[torch.linspace(0, 1, 41, dtype=torch.float64)] * 2)
    fine, coarse = (f(points)[:, :2] for f in (flow, CavityFlow(flow.reynolds, flow.lid, flow.degree - 8)))
    return float((fine - coarse).norm() / fine.norm())


def _differentiation(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of d/dx at the Chebyshev points of [0, 1], and these points from 1 to 0 (Trefethen 2000, chap. 6)."""
    k = np.arange(degree + 1)
    x = np.cos(np.pi * k / degree)
    c = np.where((k == 0) | (k == degree), 2.0, 1.0) * (-1.0) ** k
    D = np.outer(c, 1 / c) / (x[:, None] - x + np.eye(degree + 1))
    D -= np.diag(D.sum(1))
    return 2 * D, (x + 1) / 2


def _chebyshev(x: Tensor, degree: int) -> Tensor:
    """T_0(x), …, T_degree(x) by their recurrence: (…) to (…, degree + 1)."""
    polynomials = [torch.ones_like(x), x]
    for _ in range(degree - 1):
        polynomials.append(2 * x * polynomials[-1] - polynomials[-2])
    return torch.stack(polynomials, -1)
