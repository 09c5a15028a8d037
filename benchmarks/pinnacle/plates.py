"""Poisson, Poisson–Boltzmann and heat on plates with round holes, by quadratic isoparametric finite elements."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, ElementTriP2, FacetBasis, LinearForm, asm, condense, solve
from skfem.models.poisson import laplace, mass

from benchmarks.pinnacle.meshes import Plate
from benchmarks.pinnacle.reference import Array, Reference, relative

CLASSIC = Plate((-0.5, -0.5), (0.5, 0.5), [(x, y, 0.1) for x in (0.3, -0.3) for y in (0.3, -0.3)])
BOLTZMANN = Plate((-1.0, -1.0), (1.0, 1.0), [(0.5, 0.5, 0.2), (0.4, -0.4, 0.4), (-0.2, -0.7, 0.1), (-0.6, 0.5, 0.3)])
_LARGE = [(-4, -3), (4, -3), (-4, 3), (4, 3), (-4, -9), (4, -9), (-4, 9), (4, 9), (0, 0), (0, 6), (0, -6)]
_SMALL = [(-3.2, -6), (-3.2, 6), (3.2, -6), (3.2, 6), (-3.2, 0), (3.2, 0)]
EXCHANGER = Plate((-8.0, -12.0), (8.0, 12.0), [*((x, y, 1.0) for x, y in _LARGE), *((x, y, 0.4) for x, y in _SMALL)])
TIMES = np.arange(1, 11) * 0.3
"""At which the temperature is compared."""


def poisson_classic(edge: float = 0.05, refinements: int = 3) -> Reference:
    """Δu = 0, u = 1 on the square and 0 on the circles."""
    return _steady(CLASSIC, edge, refinements, 0.0, None, frame=1.0, holes=0.0)


def poisson_boltzmann(edge: float = 0.08, refinements: int = 3) -> Reference:
    """−Δu + 64u = f, u = 0.2 on the square and 1 on the circles."""

    def source(x: Array) -> Array:
        a, b = x
        return 10 * (17 + a**2 + b**2) * np.sin(np.pi * a) * np.sin(4 * np.pi * b)

    return _steady(BOLTZMANN, edge, refinements, 64.0, source, frame=0.2, holes=1.0)


def heat_complex(edge: float = 0.5, refinements: int = 1, steps: int = 400) -> Reference:
    """u_t = Δu, ∂u/∂n = g − u with g = 5 on the large circles, 1 on the small ones, 0.1 on the edge; Crank–Nicolson.

    Half as many steps and one refinement less give the error.
    """
    mesh = EXCHANGER.mesh(edge)
    meshes = [mesh]
    for _ in range(refinements):
        meshes.append(EXCHANGER.refined(meshes[-1]))
    coarse, fine = (_cooled(m, mesh.p.shape[1], n) for m, n in ((meshes[-2], steps // 2), (meshes[-1], steps)))
    points = np.concatenate([np.insert(mesh.p.T, 0, t, 1) for t in TIMES])
    return Reference(points, fine.reshape(-1, 1), relative(coarse, fine))


def _steady(
    plate: Plate,
    edge: float,
    refinements: int,
    k: float,
    source: Callable[[Array], Array] | None,
    *,
    frame: float,
    holes: float,
) -> Reference:
    """−Δu + ku = source with values on the frame and on all holes, at the vertices of one refinement."""
    mesh = plate.refined(plate.mesh(edge))
    count = mesh.p.shape[1]
    found = []
    for level in range(refinements):
        mesh = plate.refined(mesh) if level else mesh
        basis: Any = Basis(plate.curved(mesh), ElementTriP2(), intorder=5)
        matrix = asm(laplace, basis) + k * asm(mass, basis)
        load = asm(_load(source), basis) if source else basis.zeros()
        rim = basis.get_dofs().all()
        u = basis.zeros()
        u[rim] = np.where(plate.on_frame(basis.doflocs[:, rim]), frame, holes)
        u = solve(*condense(matrix, load, x=u, D=rim))
        found.append(u[basis.nodal_dofs[0, :count]])
    return Reference(mesh.p.T[:count], found[-1][:, None], relative(found[-2], found[-1]))


def _load(source: Callable[[Array], Array]) -> Any:
    return LinearForm(lambda v, w: source(w.x) * v)


def _cooled(mesh: Any, count: int, steps: int) -> Array:
    """Temperatures (times, count) at the first vertices; the first step is four of backward Euler (Rannacher 1984)."""
    bent = EXCHANGER.curved(mesh)
    basis: Any = Basis(bent, ElementTriP2(), intorder=5)
    rim = FacetBasis(bent, ElementTriP2(), intorder=5)
    large = range(len(_LARGE))

    def outside(x: Array) -> Array:
        return np.select([EXCHANGER.on_frame(x), sum(EXCHANGER.on_hole(k, x) for k in large) > 0], [0.1, 5.0], 1.0)

    m = asm(mass, basis).tocsc()
    a = (asm(laplace, basis) + asm(BilinearForm(lambda u, v, w: u * v), rim)).tocsc()
    g = asm(LinearForm(lambda v, w: outside(w.x) * v), rim)
    dt = TIMES[-1] / steps
    u, start = basis.zeros(), splu(m + dt / 4 * a)
    for _ in range(4):
        u = start.solve(m @ u + dt / 4 * g)
    # The matrix of four quarter steps is not that of the others.
    step, every, found = splu(m + dt / 2 * a), steps // len(TIMES), []
    for k in range(2, steps + 1):
        u = step.solve(m @ u - dt / 2 * (a @ u) + dt * g)
        if k % every == 0:
            found.append(u[basis.nodal_dofs[0, :count]])
    return np.array(found)
