"""Steady flow in a square with a moving lid: the lid's corners in closed form, the rest by Chebyshev collocation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor

from pinn.references.lid_corner import LidCorners

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

        Δ²ψ = Re (ψ_y ∂_x − ψ_x ∂_y) Δψ,      ψ = s + φ,

    where s has the singularity of the lid's corners in closed form (`LidCorners`) and φ is a polynomial in the
    Chebyshev points of `degree`, found by Newton's method; ψ = 0 and the tangential velocity hold at the walls (Peyret
    2002, Section 6.4). ∇p follows from the momentum equation by least squares, its logarithm at the corners in closed
    form; it takes third derivatives of ψ and is good to a per cent. `error` is the relative L2 difference of the
    velocity to degree `degree` − 8. Raises ValueError unless reynolds > 0 and degree >= 16.
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

    @property
    def corners(self) -> LidCorners:
        """What is singular in the flow, a field of (u, v, p) too."""
        ends, h = np.array([0.0, 1.0]), 1e-3
        # One-sided differences of fourth order: exact for a lid that is a polynomial of that degree.
        weights = np.array([-25, 48, -36, 16, -3]) / (12 * h)
        slopes = [float(weights @ self.lid(np.abs(end - h * np.arange(5)))) for end in ends]
        left, right = map(float, self.lid(ends))
        return LidCorners((left, right), (slopes[0], slopes[1]), self.reynolds)

    def __call__(self, x: Tensor) -> Tensor:
        coefficients = torch.from_numpy(_solved(self)).to(x)  # (3, n, n): along x, then y
        along_x, along_y = (_chebyshev(2 * x[..., axis] - 1, self.degree) for axis in range(2))
        fields = [((along_x @ one) * along_y).sum(-1) for one in coefficients.unbind()]
        return torch.stack(fields, -1) + self.corners(x)


@lru_cache(maxsize=8)
def _solved(flow: CavityFlow) -> np.ndarray:
    """Chebyshev coefficients of u, v and p, each without what `LidCorners` has of it."""
    D, nodes = _differentiation(flow.degree)
    n = len(nodes)
    one = np.eye(n)
    Dx, Dy = np.kron(D, one), np.kron(one, D)
    laplacian = Dx @ Dx + Dy @ Dy
    bilaplacian = laplacian @ laplacian
    index = np.arange(n * n).reshape(n, n)  # [i, j] is the point (x_i, y_j); nodes run from 1 to 0
    walls = np.unique(np.concatenate([index[0], index[-1], index[:, 0], index[:, -1]]))
    points = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)
    corners = flow.corners.derivatives(torch.from_numpy(points))
    known = SimpleNamespace(**{name: part.numpy() for name, part in corners._asdict().items()})
    lid = np.zeros(n * n)
    lid[index[:, 0]] = flow.lid(nodes)
    # The normal derivatives take the place of the equation on the lines next to the walls.
    lines = [
        (index[1, 1:-1], index[0, 1:-1], Dx, -known.psi_x),
        (index[-2, 1:-1], index[-1, 1:-1], Dx, -known.psi_x),
        (index[2:-2, 1], index[2:-2, 0], Dy, lid - known.psi_y),
        (index[2:-2, -2], index[2:-2, -1], Dy, -known.psi_y),
    ]
    laplacian_x, laplacian_y = Dx @ laplacian, Dy @ laplacian
    phi = np.zeros(n * n)
    for _ in range(30):
        u, v = Dy @ phi + known.psi_y, -Dx @ phi - known.psi_x
        w = laplacian @ phi
        w_x, w_y = Dx @ w + known.omega_x, Dy @ w + known.omega_y
        residual = bilaplacian @ phi / flow.reynolds - u * w_x - v * w_y
        advection = u[:, None] * laplacian_x + v[:, None] * laplacian_y
        jacobian = bilaplacian / flow.reynolds - advection - w_x[:, None] * Dy + w_y[:, None] * Dx
        for rows, at, operator, value in lines:
            residual[rows] = operator[at] @ phi - value[at]
            jacobian[rows] = operator[at]
        residual[walls] = (phi + known.psi)[walls]
        jacobian[walls] = 0
        jacobian[walls, walls] = 1
        step = np.linalg.solve(jacobian, -residual)
        phi += step
        if np.abs(step).max() < 1e-10 * np.abs(phi).max():
            break
    else:
        raise RuntimeError(f"Newton's method did not converge for {flow}.")
    rest = Dy @ phi, -Dx @ phi
    u, v = rest[0] + known.psi_y, rest[1] - known.psi_x
    slopes = [(known.psi_xy, known.psi_yy), (-known.psi_xx, -known.psi_xy)]
    force = [
        (laplacian @ c) / flow.reynolds - u * (Dx @ c + c_x) - v * (Dy @ c + c_y)
        for c, (c_x, c_y) in zip(rest, slopes, strict=True)
    ]
    inner = index[1:-1, 1:-1].ravel()
    gradient = np.concatenate([Dx[inner], Dy[inner]])
    p = np.linalg.lstsq(gradient, np.concatenate([f[inner] for f in force]), rcond=1e-10)[0]
    values = np.stack([f.reshape(n, n) for f in (*rest, p)])
    to_coefficients = np.linalg.inv(np.polynomial.chebyshev.chebvander(2 * nodes - 1, flow.degree))
    coefficients = np.einsum("ai,cij,bj->cab", to_coefficients, values, to_coefficients)
    middle = [np.polynomial.chebyshev.chebvander(np.array([point]), flow.degree)[0] for point in (0.0, -1.0)]
    coefficients[2, 0, 0] -= middle[0] @ coefficients[2] @ middle[1]
    coefficients[2, 0, 0] -= float(flow.corners(torch.tensor([0.5, 0.0], dtype=torch.float64))[2])
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
