"""Slabs of time: collocation at Radau points, one slab for each step, each from the end of the one before."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from pinn.networks import SlabFeatures
from pinn.objective import LossTerms, Objective
from pinn.optimizers.optimizer import Iteration, Optimizer, check_steps
from pinn.optimizers.parameters import copied
from pinn.optimizers.slabs.basis import Basis
from pinn.optimizers.slabs.march import Slab, State
from pinn.optimizers.slabs.problem import SlabProblem
from pinn.optimizers.slabs.radau import Radau
from pinn.optimizers.slabs.resolution import finer
from pinn.pdes import Evolving
from pinn.pdes.derived.units import unscaled
from pinn.typing import Params

_SHORTEST = 1e-6
_MOST_TRIES = 60
_NOISE = 1e-4


@dataclass(frozen=True)
class Slabs(Optimizer):
    """Solves an evolution equation slab by slab of time, by frozen features in space (`SlabFeatures`).

    In each slab the weights of the features are polynomials of the network's degree S in time, whose equations hold at
    S Radau points, by Newton's method with the Jacobian averaged over the slab. The initial value of a slab is the end
    of the one before, and costs nothing. Equations of first and second order in time, systems, and algebraic equations
    beside them, such as that of a divergence, are welcome.

    The length of a slab follows from the last coefficients in time, which are held to `tolerance`, or to the misfit of
    the initial value if that is larger; the first one is
    `first` times the duration, and none is longer than `growth` times the one before. Features on subdomains are
    refined where the last Chebyshev coefficients of the field are above `resolution`. Directions of singular values
    below `cut` times the largest are no features. `steps` bounds the number of slabs. Points in space are as many as
    those of the sampler in the domain. Raises ValueError for numbers out of range, at the first step for a network or
    problem of another kind, and if the slabs become too short.
    """

    name: ClassVar[str] = "slabs"
    title: ClassVar[str] = "slabs of time"
    general: ClassVar[bool] = False

    tolerance: float = 1e-11
    resolution: float = 1e-9
    cut: float = 1e-11
    first: float = 0.01
    growth: float = 1.5
    steps: int = 10_000

    def __post_init__(self) -> None:
        check_steps("Slabs", self.steps)
        for key in ("tolerance", "resolution", "cut"):
            if not 0 < getattr(self, key) < 1:
                raise ValueError(f"Slabs needs 0 < {key} < 1, got {key}={getattr(self, key)}.")
        if not 0 < self.first <= 1 or not 1 < self.growth < math.inf:
            raise ValueError(f"Slabs needs 0 < first <= 1 and growth > 1, got {self.first} and {self.growth}.")

    def start(self, params: Params, steps: int) -> Iteration:
        return _March(self, params)


class _March(Iteration):
    name = Slabs.name
    accepts_new_points = False

    def __init__(self, recipe: Slabs, params: Params) -> None:
        self._params = copied(params)
        self._recipe, self._t, self._dt, self._end = recipe, math.nan, math.nan, math.nan
        self._basis: Basis | None = None
        self._state: State | None = None
        self._last: Slab | None = None
        self._solved: list[Tensor] = []  # orthonormal weights of all slabs, which the network's are too large to give
        self._counts = {"newton": 0, "rejected": 0}
        self._heldout = self._fit = self._share = 0.0

    @property
    def params(self) -> Params:
        return self._params

    @property
    def stalled(self) -> bool:
        return False

    @property
    def finished(self) -> bool:
        return self._t >= self._end

    @property
    def figures(self) -> dict[str, float]:
        features = 0 if self._basis is None else sum(axis.size for axis in self._basis.axes)
        slabs = len(self.params["times"]) - 1
        return {"time": self._t, "slabs": slabs, "features": features, "heldout_in_time": self._heldout, **self._counts}

    def reduce_step(self) -> None:
        """Half the length."""
        self._dt /= 2

    def state_dict(self) -> dict[str, Any]:
        last = None if self._last is None else dataclasses.asdict(self._last)
        state = None if self._state is None else dataclasses.asdict(self._state)
        own: dict[str, Any] = {
            "t": self._t,
            "dt": self._dt,
            "end": self._end,
            "heldout": self._heldout,
            "fit": self._fit,
        }
        own["solved"] = self._solved
        return {"params": self.params, "last": _plain(last), "state": _plain(state), "counts": self._counts, **own}

    def load_state_dict(self, state: Mapping[str, Any], objective: Objective) -> None:
        self._params = dict(state["params"])
        self._t, self._dt, self._end = state["t"], state["dt"], state["end"]
        self._heldout, self._fit, self._counts = state["heldout"], state["fit"], dict(state["counts"])
        self._solved = list(state["solved"])
        self._prepare(objective)
        if state["state"] is not None:
            self._state = State(*(tuple(parts) for parts in state["state"].values()))
        if (last := state["last"]) is not None:
            initial = State(*(tuple(parts) for parts in last["initial"].values()))
            self._last = Slab(**{**last, "initial": initial, "F": tuple(last["F"])})

    @torch.no_grad()
    def step(self, objective: Objective) -> LossTerms:
        if self._basis is None:
            self._begin(objective)
        assert self._state is not None
        before = math.inf  # the tail of a longer slab
        for _ in range(_MOST_TRIES):
            slab = self._tried()
            # What a shorter slab does not make smaller is no error in time, but one of the features.
            stands = 0.5 * before < slab.tail < _NOISE
            good = slab.converged and (slab.tail <= 3 * self._tolerance or stands)
            before = slab.tail if slab.converged else math.inf
            if good and not self._refine(objective, self._marcher.end(slab).weights, 30.0):
                break
            self._counts["rejected"] += 1
            if not good:
                rate = (self._tolerance / max(slab.tail, 1e-300)) ** (1 / (self._radau.stages + 1))
                self._dt = slab.duration * (max(0.3, min(0.85 * rate, 0.9)) if slab.converged else 0.5)
                if self._dt < _SHORTEST * self._duration:
                    raise FloatingPointError(
                        f"The slabs become too short at t = {self._t:.6g}: more or other features."
                    )
        else:
            raise FloatingPointError(f"No slab at t = {self._t:.6g} is good enough; more or other features.")
        self._append(objective, slab)
        terms = {"interior": torch.tensor(self._heldout**2, dtype=torch.float64)}
        return LossTerms.of({**terms, "initial": torch.tensor(self._fit**2, dtype=torch.float64)})

    @property
    def _tolerance(self) -> float:
        """What the features have missed of the initial value is noise, which no shorter slab resolves."""
        return max(self._recipe.tolerance, self._fit)

    def _tried(self) -> Slab:
        """The next slab with the length of now, or to the end."""
        left, dt = self._end - self._t, min(self._dt, self._end - self._t)
        if left - dt < 0.3 * dt:
            dt = left / 2 if left > 1.05 * dt else left
        assert self._state is not None
        if self._last is None:
            guess = [torch.zeros(self._radau.stages, len(w), dtype=torch.float64) for w in self._state.weights]
        else:
            guess = self._marcher.predict(self._last, dt)
        slab = self._marcher.solve(self._t, dt, self._state, guess, self._tolerance)
        self._counts["newton"] += slab.iterations
        return slab

    def _append(self, objective: Objective, slab: Slab) -> None:
        """Take a slab into the field, and what follows from it for the next one."""
        assert self._basis is not None
        found = [c[None] for c in self._marcher.coefficients(slab)]
        self._solved = [torch.cat(parts) for parts in zip(self._solved, found, strict=True)] if self._solved else found
        self._write()
        t = slab.start + slab.duration
        t = self._end if abs(t - self._end) < 1e-12 * self._duration else t
        times = self.params["times"]
        self._params["times"] = torch.cat([times[:1] if self._last is None else times, times.new_tensor([t])])
        self._state, self._last, self._t = self._marcher.end(slab), slab, t
        self._heldout = slab.heldout
        ratio = 0.85 * (self._tolerance / max(slab.tail, 1e-300)) ** (1 / (self._radau.stages + 1))
        self._dt = slab.duration * min(self._recipe.growth, max(1.0 if slab.tail > 3 * self._tolerance else 0.5, ratio))
        if not self.finished:
            self._refine(objective, self._state.weights, 1.0)

    def _write(self) -> None:
        """The field of all slabs in the features as the network has them, (slabs, S + 1, m, K)."""
        assert self._basis is not None
        axes = self._basis.axes
        if self._solved:
            raw = [c @ axis.R.T for c, axis in zip(self._solved, axes, strict=True)]
        else:
            raw = [torch.zeros(1, self._radau.stages + 1, len(axis.R), dtype=torch.float64) for axis in axes]
        self._params["weight"] = torch.stack(raw, 2)

    def _refine(self, objective: Objective, weights: Sequence[Tensor], slack: float) -> bool:
        """Finer subdomains if a field of these weights asks for them, and all slabs in their features."""
        before = self._basis
        assert before is not None
        if not before.edges:
            return False
        periodic = before.network.periodic
        if finer(before, weights, slack * self._recipe.resolution, periodic) is None:
            return False
        edges = finer(before, weights, 0.3 * self._recipe.resolution, periodic)
        assert edges is not None
        for k, one in enumerate(edges):
            self._params[f"edges.{k}"] = one
        self._prepare(objective)
        after = self._basis
        assert after is not None
        assert self._state is not None
        moves = [
            axis.project @ before.tables(component, [()], after.points)[0] for component, axis in enumerate(after.axes)
        ]
        self._state = _moved(self._state, moves)
        self._solved = [c @ move.T for c, move in zip(self._solved, moves, strict=False)]  # none before the first
        self._write()
        if self._last is not None:
            F = tuple(one @ move.T for one, move in zip(self._last.F, moves, strict=True))
            self._last = dataclasses.replace(self._last, F=F, initial=_moved(self._last.initial, moves))
        return True

    def _begin(self, objective: Objective) -> None:
        """The initial value in features, which are refined until they resolve it."""
        pde, network = unscaled(objective.pde), objective.network
        if not isinstance(pde, Evolving) or not isinstance(network, SlabFeatures):
            raise ValueError(
                "optimizer=slabs needs an evolution equation (Evolving) and network=slab_sines or another of "
                f"SlabFeatures, got {type(pde).__name__} and {type(network).__name__}."
            )
        if self.params["weight"].dtype != torch.float64 or self.params["weight"].device.type != "cpu":
            raise ValueError("optimizer=slabs works in float64 on a CPU: dtype=float64 device=cpu.")
        self._t, self._end = pde.domain.start, pde.domain.start + pde.domain.duration
        self._dt = self._recipe.first * pde.domain.duration
        self._prepare(objective)
        for _ in range(30):
            self._state, self._fit = self._problem.initial()
            if not self._refine(objective, self._state.weights, 1.0):
                break
        self._state, self._fit = self._problem.initial()

    def _prepare(self, objective: Objective) -> None:
        """Everything that follows from the edges of the subdomains."""
        pde, network = unscaled(objective.pde), objective.network
        assert isinstance(pde, Evolving)
        assert isinstance(network, SlabFeatures)
        edges = [self.params[f"edges.{k}"] for k in range(len(network.features.edges))]
        self._duration, self._radau = pde.domain.duration, Radau(network.degree)
        self._problem = SlabProblem.of(objective, pde, network, self._radau, edges, self._recipe.cut)
        self._basis, self._marcher = self._problem.basis, self._problem.marcher


def _moved(state: State, moves: Sequence[Tensor]) -> State:
    parts = (state.weights, state.rates)
    return State(*(tuple(move @ w for move, w in zip(moves, part, strict=True)) for part in parts))


def _plain(value: Any) -> Any:
    """Tuples as lists, for a checkpoint."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
