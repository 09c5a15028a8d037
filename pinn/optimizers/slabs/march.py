"""One slab of time: its collocation equations by Newton's method, and how good they are between the points."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.optimizers.slabs.radau import Radau
from pinn.optimizers.slabs.rows import Rows
from pinn.optimizers.slabs.solver import SlabSolver

_MOST = 40
_EXACT = 1e-13
"""Relative size of a Newton step after which rounding is all that another one would add."""


@dataclass(frozen=True)
class State:
    """The weights of each component at one instant, (K,), with their rates if the equation is of second order."""

    weights: tuple[Tensor, ...]
    rates: tuple[Tensor, ...]


@dataclass(frozen=True)
class Slab:
    """A solved slab: F, the highest derivative in time of the weights of each component at the points, each (S, K).

    `tail` is the error that the last coefficients in time tell of, `heldout` the residual between the points in time,
    both relative; `converged` whether Newton's method has come to its end.
    """

    start: float
    duration: float
    initial: State
    F: tuple[Tensor, ...]
    tail: float
    heldout: float
    iterations: int
    converged: bool


def derivatives(
    radau: Radau, order: int, dt: float, u: Tensor, v: Tensor, F: Tensor, integral: Tensor, value: Tensor
) -> list[Tensor]:
    """The weights and their derivatives in time up to `order` at points of a slab, by two matrices.

    `integral` integrates values at the Radau points up to those points, `value` interpolates them.
    """
    if order <= 0:
        return [value @ F]
    if order == 1:
        return [u + dt * (integral @ F), value @ F]
    rate = v + dt * (radau.A @ F)
    return [u + dt * (integral @ rate), v + dt * (integral @ F), value @ F]


class Marcher:
    """Solves slab after slab with one basis."""

    def __init__(self, radau: Radau, rows: Sequence[Rows], orders: Sequence[int]) -> None:
        self.radau, self.rows, self.orders = radau, rows, orders

    def solve(self, t: float, dt: float, initial: State, guess: Sequence[Tensor], tolerance: float) -> Slab:
        """The slab from t to t + dt, from a guess of F; it may not have converged."""
        radau, F = self.radau, [one.clone() for one in guess]
        known = [rows.known(t + dt * radau.nodes) for rows in self.rows]

        def theta(F: Sequence[Tensor]) -> list[Tensor]:
            weights = self._weights(initial, F, dt, radau.A, torch.eye(radau.stages, dtype=torch.float64))
            return [rows.theta(base, weights) for rows, (base, _) in zip(self.rows, known, strict=True)]

        def residuals(F: Sequence[Tensor]) -> list[Tensor]:
            found = zip(self.rows, theta(F), known, strict=True)
            return [rows.local.value(jets, sample) for rows, jets, (_, sample) in found]

        pairs = zip(self.rows, theta(F), known, strict=True)
        now = [rows.local.derivative(jets, sample) for rows, jets, (_, sample) in pairs]
        solver = SlabSolver(self.rows[0].basis, radau, self.rows, self.orders, [D for _, D in now], dt)
        r, sizes, converged, count = [one for one, _ in now], [], False, 0
        for count in range(1, _MOST + 1):
            change = solver.solve(-solver.right(r))
            F = [a + b for a, b in zip(F, change, strict=True)]
            size = self._relative(initial, F, change, dt)
            if not math.isfinite(size) or (sizes and size > 1e3 * sizes[0] and size > 1):
                break
            best, sizes = min(sizes, default=math.inf), [*sizes, size]
            stands = count > 2 and size > 0.5 * best and size < 0.1 * tolerance + 10 * _EXACT
            if stands or size < max(_EXACT, 1e-3 * tolerance):
                converged = True
                break
            r = residuals(F)
        tail, heldout = self._tail(initial, F, dt), self._heldout(t, dt, initial, F)
        return Slab(t, dt, initial, tuple(F), tail, heldout, count, converged)

    def end(self, slab: Slab) -> State:
        """The weights at the end of a slab, and their rates."""
        one = torch.ones(1, dtype=torch.float64)
        matrices = self.radau.integrals(one), self.radau.interpolation(one)
        weights = self._weights(slab.initial, slab.F, slab.duration, *matrices)
        rates = tuple(w[1][0] if len(w) > 2 else 0 * w[0][0] for w in weights)
        return State(tuple(w[0][0] for w in weights), rates)

    def coefficients(self, slab: Slab) -> list[Tensor]:
        """The Legendre coefficients in time of each component's weights: (S + 1, K)."""
        radau, found = self.radau, []
        for order, u, v, F in zip(self.orders, slab.initial.weights, slab.initial.rates, slab.F, strict=True):
            c = torch.zeros(radau.stages + 1, len(u), dtype=torch.float64)
            if order <= 0:
                c[: radau.stages] = radau.spectrum @ F
            else:
                rate = F if order == 1 else v + slab.duration * (radau.A @ F)
                c = slab.duration * (radau.antiderivative @ rate)
                c[0] += u
            found.append(c)
        return found

    def predict(self, before: Slab, dt: float) -> list[Tensor]:
        """F of the next slab by the polynomials of the one before it."""
        beyond = self.radau.interpolation(1 + self.radau.nodes * dt / before.duration)
        return [beyond @ F for F in before.F]

    def _weights(
        self, initial: State, F: Sequence[Tensor], dt: float, integral: Tensor, value: Tensor
    ) -> list[list[Tensor]]:
        return [
            derivatives(self.radau, order, dt, u, v, one, integral, value)
            for order, u, v, one in zip(self.orders, initial.weights, initial.rates, F, strict=True)
        ]

    def _size(self, initial: State, F: Sequence[Tensor], dt: float) -> float:
        """The root mean square of the weights in the slab."""
        weights = self._weights(initial, F, dt, self.radau.A, torch.eye(self.radau.stages, dtype=torch.float64))
        return math.sqrt(sum(float(one[0].square().sum()) for one in weights) / self.radau.stages) + 1e-300

    def _relative(self, initial: State, F: Sequence[Tensor], change: Sequence[Tensor], dt: float) -> float:
        total = sum(float((dt ** max(q, 0) * d).square().sum()) for q, d in zip(self.orders, change, strict=True))
        return math.sqrt(total / self.radau.stages) / self._size(initial, F, dt)

    def _tail(self, initial: State, F: Sequence[Tensor], dt: float) -> float:
        """The last Legendre coefficients in time of what the weights gain in the slab, algebraic components apart.

        Those follow from the others, with a part of the error in space that no shorter slab makes smaller.
        """
        last = before = 0.0
        for q, one in zip(self.orders, F, strict=True):
            if q < 1:
                continue
            c = dt ** max(q, 0) * (self.radau.spectrum @ one)
            last, before = last + float(c[-1].square().sum()), before + float(c[-2].square().sum())
        ratio = min(1.0, math.sqrt(last / (before + 1e-300)))
        return math.sqrt(last) * ratio / self._size(initial, F, dt)

    def _heldout(self, t: float, dt: float, initial: State, F: Sequence[Tensor]) -> float:
        """The residual of the equation between the points in time, times Δt^q, relative to the field."""
        radau, rows = self.radau, self.rows[0]
        matrices = radau.integrals(radau.between), radau.interpolation(radau.between)
        base, sample = rows.known(t + dt * radau.between)
        theta = rows.theta(base, self._weights(initial, F, dt, *matrices))
        r = rows.local.value(theta, sample)
        value = theta[:, :, rows.local.alphas.index(())]
        return float(dt ** max(self.orders) * r.square().mean().sqrt() / (value.square().mean().sqrt() + 1e-300))
