"""Problems on rectangles with coefficients that vary or jump, by biquadratic finite elements."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, ElementQuad2, FacetBasis, LinearForm, MeshQuad, asm, solve

from benchmarks.pinnacle import media
from benchmarks.pinnacle.reference import Array, Reference, relative

SHARED = 25
"""Squares along each side, at whose corners solutions are compared."""
INSTANTS = 10
_ORDER = 6


def poisson_many_area(refinements: int = 3) -> Reference:
    """−∇·(a∇u) = f on 25 areas, ∂u/∂n + u = 0; elements end where the areas do."""

    def solved(cells: int) -> tuple[Array, Array]:
        basis = _basis((-10.0, 10.0), cells)
        rim = FacetBasis(basis.mesh, ElementQuad2(), intorder=_ORDER)
        matrix = asm(_stiffness(lambda x: media.areas(media.CONDUCTIVITIES, *x)), basis)
        matrix += asm(BilinearForm(lambda u, v, w: media.areas(media.CONDUCTIVITIES, *w.x) * u * v), rim)
        u = solve(matrix, asm(LinearForm(lambda v, w: _source(w.x) * v), basis))
        return _nodes(basis, cells)[0], u[_nodes(basis, cells)[1]]

    def _source(x: Array) -> Array:
        waves = abs(np.sin(np.pi * (x[0] + 10) / 4) * np.sin(np.pi * (x[1] + 10) / 4))
        return media.areas(media.SOURCES, *x) + media.areas(media.WAVES, *x) * waves

    points, fine = solved(SHARED * 2 ** (refinements - 1))
    coarse = solved(SHARED * 2 ** (refinements - 2))[1]
    return Reference(points, fine[:, None], relative(coarse, fine))


def heat_varying(cells: int = 50, steps: int = 200) -> Reference:
    """u_t − ∇·(a∇u) = 200 sin πx sin 5πy sin πt, u = 0 at first and on the boundary, t ≤ 5; Crank–Nicolson."""

    def solved(cells: int, steps: int) -> tuple[Array, Array]:
        basis = _basis((0.0, 1.0), cells)
        m = asm(BilinearForm(lambda u, v, w: u * v), basis)
        a = asm(_stiffness(lambda x: np.exp(media.gaussian(0, *x))), basis)
        f = asm(LinearForm(lambda v, w: 200 * np.sin(np.pi * w.x[0]) * np.sin(5 * np.pi * w.x[1]) * v), basis)
        inside = basis.complement_dofs(basis.get_dofs())
        m, a, f, dt = m[inside][:, inside].tocsc(), a[inside][:, inside].tocsc(), f[inside], 5 / steps
        place, shared = _nodes(basis, cells)
        step, u, found = splu(m + dt / 2 * a), np.zeros(len(inside)), []
        for k in range(1, steps + 1):
            drive = np.sin(np.pi * dt * (k - 1)) + np.sin(np.pi * dt * k)
            u = step.solve(m @ u - dt / 2 * (a @ u) + dt / 2 * drive * f)
            if k % (steps // INSTANTS) == 0:
                whole = basis.zeros()
                whole[inside] = u
                found.append(whole[shared])
        return place, np.array(found)

    return _in_time(solved, cells, steps, 5.0)


def wave_heterogeneous(cells: int = 100, steps: int = 1000) -> Reference:
    """u_tt/c = Δu, c = 12 or 1, no flux; the trapezoidal rule, extrapolated from two lengths of step (Richardson)."""

    def run(basis: Any, steps: int) -> Array:
        m = asm(BilinearForm(lambda u, v, w: u * v / _speed(w.x)), basis).tocsc()
        a, dt = asm(_stiffness(lambda x: np.ones_like(x[0])), basis).tocsc(), 5 / steps
        x, y = basis.doflocs
        u = np.exp(-((x + 0.5) ** 2 + y**2) / (2 * 0.3**2))
        v, step, found = np.zeros_like(u), splu(m + dt**2 / 4 * a), []
        for k in range(1, steps + 1):
            # With the means of u and v over the step: m Δv = −dt a ū, Δu = dt v̄.
            new = step.solve(m @ (u + dt * v) - dt**2 / 4 * (a @ u))
            v = 2 * (new - u) / dt - v
            u = new
            if k % (steps // INSTANTS) == 0:
                found.append(u)
        return np.array(found)

    def solved(cells: int, steps: int) -> tuple[Array, Array]:
        basis = _basis((-1.0, 1.0), cells)
        place, shared = _nodes(basis, cells)
        fine, coarse = (run(basis, n)[:, shared] for n in (steps, steps // 2))
        return place, fine + (fine - coarse) / 3

    return _in_time(solved, cells, steps, 5.0)


def _speed(x: Array) -> Array:
    return np.where(media.gaussian(1, (x[0] + 1) / 2, (x[1] + 1) / 2) > 0, 12.0, 1.0)


def _in_time(solved: Callable[[int, int], tuple[Array, Array]], cells: int, steps: int, end: float) -> Reference:
    place, fine = solved(cells, steps)
    coarse = solved(cells // 2, steps // 2)[1]
    times = end * np.arange(1, INSTANTS + 1) / INSTANTS
    points = np.concatenate([np.insert(place, 0, t, 1) for t in times])
    return Reference(points, fine.reshape(-1, 1), relative(coarse, fine))


def _basis(side: tuple[float, float], cells: int) -> Any:
    nodes = np.linspace(*side, cells + 1)
    return Basis(MeshQuad.init_tensor(nodes, nodes), ElementQuad2(), intorder=_ORDER)


def _nodes(basis: Any, cells: int) -> tuple[Array, Array]:
    """The corners of the shared squares, (N, 2), and their numbers among the degrees of freedom."""
    a, b = basis.mesh.p.min(), basis.mesh.p.max()
    place = (basis.mesh.p - a) / (b - a) * SHARED
    chosen = np.flatnonzero((abs(place - place.round()) < 1e-6).all(0))
    chosen = chosen[np.lexsort(place[:, chosen].round())]
    return basis.mesh.p[:, chosen].T, basis.nodal_dofs[0, chosen]


def _stiffness(a: Callable[[Array], Array]) -> Any:
    return BilinearForm(lambda u, v, w: a(w.x) * (u.grad[0] * v.grad[0] + u.grad[1] * v.grad[1]))
