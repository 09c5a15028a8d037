"""Flows with an inlet and a free outlet by Taylor–Hood elements: over a step.

Momentum −νΔu + (u·∇)u + ∇p = f and ∇·u = 0 in weak form; ν∂u/∂n = pn at the outlet is its natural condition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import bmat
from scipy.sparse.linalg import splu
from skfem import Basis, BilinearForm, ElementTriP1, ElementTriP2, ElementVector, LinearForm, MeshQuad, MeshTri, asm
from skfem.helpers import ddot, div, dot, grad

from benchmarks.pinnacle.reference import Array, Reference, relative

GRAD: Any = grad
"""Its stubs may give None."""

NU = 0.01
_NEWTON, _SMALL = 25, 1e-10


@dataclass(frozen=True)
class Flow:
    """Velocity and pressure spaces on a mesh, and the matrices that do not change."""

    velocity: Any
    pressure: Any
    viscous: Any
    divergence: Any

    @classmethod
    def on(cls, mesh: MeshTri) -> "Flow":
        velocity = Basis(mesh, ElementVector(ElementTriP2()), intorder=6)
        pressure = velocity.with_element(ElementTriP1())
        viscous = asm(BilinearForm(lambda u, v, w: NU * ddot(GRAD(u), GRAD(v))), velocity)
        divergence = asm(BilinearForm(lambda u, q, w: div(u) * q), velocity, pressure)
        return cls(velocity, pressure, viscous, divergence)

    def solved(self, known: Array, where: Array, guess: Array) -> Array:
        """Newton's method, with velocities prescribed at `where`: velocities and pressures, one after the other."""
        n = self.velocity.N
        total = n + self.pressure.N
        free = np.setdiff1d(np.arange(total), where)
        state = guess.copy()
        state[where] = known[where]
        for _ in range(_NEWTON):
            u = self.velocity.interpolate(state[:n])
            transport = asm(_TRANSPORT, self.velocity, flow=u)
            matrix = bmat([[self.viscous + transport, -self.divergence.T], [-self.divergence, None]]).tocsc()
            inertia = asm(_INERTIA, self.velocity, flow=u)
            top = self.viscous @ state[:n] + inertia - self.divergence.T @ state[n:]
            residual = np.concatenate([top, -self.divergence @ state[:n]])
            step = splu(matrix[free][:, free]).solve(-residual[free])
            state[free] += step
            if np.linalg.norm(step) < _SMALL * np.linalg.norm(state):
                return state
        raise RuntimeError("Newton's method has not converged.")

    def at(self, where: Callable[[Array], Array]) -> Any:
        """The velocities on facets of the boundary whose midpoints satisfy something."""
        return self.velocity.get_dofs(self.velocity.mesh.facets_satisfying(where, boundaries_only=True))

    def at_vertices(self, state: Array, count: int) -> Array:
        """u, v and p at the first `count` vertices."""
        n = self.velocity.N
        return np.stack(
            [*state[self.velocity.nodal_dofs[:, :count]], state[n + self.pressure.nodal_dofs[0, :count]]], 1
        )


_TRANSPORT = BilinearForm(
    lambda u, v, w: (
        dot(np.einsum("ij...,j...->i...", GRAD(u), w["flow"]), v)
        + dot(np.einsum("ij...,j...->i...", GRAD(w["flow"]), u), v)
    )
)
_INERTIA = LinearForm(lambda v, w: dot(np.einsum("ij...,j...->i...", GRAD(w["flow"]), w["flow"]), v))


def back_step(cells: int = 5, gradings: int = 6) -> Reference:
    """Inflow 4y(1 − y) over a step at (2, 1), Re 100; the mesh is halved towards the corner, and once everywhere."""
    x = np.linspace(0, 4, 4 * cells + 1)
    y = np.linspace(0, 2, 2 * cells + 1)
    squares = MeshQuad.init_tensor(x, y)
    squares = squares.restrict(squares.elements_satisfying(lambda m: (m[0] > 2) | (m[1] < 1)))
    mesh = squares.to_meshtri(style="x")  # no triangle has all its velocities on a wall
    points = mesh.p.T.copy()
    for k in range(gradings):
        near = 0.5 / 2**k
        mesh = mesh.refined(mesh.elements_satisfying(lambda m, r=near: np.hypot(m[0] - 2, m[1] - 1) < r))
    assert np.array_equal(mesh.p.T[: len(points)], points)
    coarse, fine = (_over_step(m, len(points)) for m in (mesh, mesh.refined(1)))
    return Reference(points, fine, relative(coarse, fine))


def _over_step(mesh: MeshTri, count: int) -> Array:
    flow = Flow.on(mesh)
    known = np.zeros(flow.velocity.N + flow.pressure.N)
    walls = flow.at(lambda x: x[0] < 4 - 1e-9).all()
    inlet = flow.at(lambda x: x[0] < 1e-9).all("u^1")
    height = flow.velocity.doflocs[1, inlet]
    known[inlet] = 4 * height * (1 - height)
    return flow.at_vertices(flow.solved(known, walls, np.zeros_like(known)), count)
