"""A step of training: how far it has come, and what may be asked of it."""

import copy
import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pinn.objective import Objective
from pinn.training.accuracy import Reference, rms
from pinn.training.guard import GuardEvent
from pinn.training.solution import Solution
from pinn.training.stopping import Reason
from pinn.trust import ErrorEstimate, estimate_error
from pinn.trust.energy_gap import EnergyGap, energy_gap
from pinn.typing import Params


@dataclass(frozen=True)
class Step:
    """Training after `step` steps and `seconds` of wall clock, compilation apart.

    `loss` and `terms` are the objective at the parameters from which the last step started; `params` are those at
    which it ended; `figures` are numbers of the method, such as its damping. `stop` says why training ends here, and is
    None before; `findings` are those of the guard so far. Errors and residuals are computed when they are asked for.
    `state_dict()` is all that training needs to go on from here (`train(…, state=…)`), plain data and tensors to be
    written before the next step is asked for, which may change them.
    """

    step: int
    seconds: float
    method: str
    loss: float
    terms: dict[str, float]
    params: Params
    objective: Objective
    heldout: Objective
    reference: Reference | None
    stop: Reason | None
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict)
    findings: tuple[GuardEvent, ...] = ()
    state_dict: Callable[[], dict[str, Any]] = dict

    @property
    def field(self) -> Solution:
        """The trained solution u, a function of one point of shape (d,), or of many."""
        u = self.objective.pde.solution(self.objective.field(self.params))
        return Solution(u, self.objective.pde.domain.dim, next(iter(self.params.values())))

    def __repr__(self) -> str:
        stop = f", ends by {self.stop}" if self.stop else ""
        return f"Step({self.step}, {self.method}, {self.seconds:.1f} s, loss {self.loss:.3e}{stop})"

    @property
    def compile_s(self) -> float:
        """Seconds spent so far on tracing and compiling."""
        return self.objective.compiled.seconds if self.objective.compiled else 0.0

    @cached_property
    def rel_l2(self) -> float:
        """The relative L2 error against the exact solution; NaN if none is known."""
        return self.reference.relative_l2(self.field) if self.reference else math.nan

    @property
    def reference_error(self) -> float:
        """The relative L2 error of the reference itself, 0 for a closed form."""
        return self.reference.error if self.reference else 0.0

    @cached_property
    def max_error(self) -> float:
        """The largest error against the exact solution; NaN if none is known."""
        return self.reference.max_error(self.field) if self.reference else math.nan

    @cached_property
    def estimated_error(self) -> ErrorEstimate:
        """The relative L2 error by the linearised equation, of each component, whether a solution is known or not."""
        network = copy.deepcopy(self.objective.network)
        network.load_state_dict(self.params, strict=False)
        return estimate_error(self.objective.pde, network, self.objective.strategy)

    @property
    def start_residual(self) -> float:
        """`train_residual` before the last step, which costs nothing; 0 if the loss is something else."""
        energetic = any(c.energy is not None for c in self.objective.conditions)
        return 0.0 if self.objective.weights or energetic else math.sqrt(self.loss)

    @cached_property
    def train_residual(self) -> float:
        """‖r‖, the root mean square residual with the weights of the conditions, at the points of training."""
        return rms(self.objective.on_one_process().weighted({}).eager().residual(self.params))

    @cached_property
    def energy_gap(self) -> EnergyGap | None:
        """By how much the energy is larger at points that training never sees; None if there is no energy."""
        return energy_gap(self.objective, self.params)

    @cached_property
    def heldout_residual(self) -> float:
        """‖r‖ at points that training never sees."""
        return rms(self.heldout.eager().residual(self.params))


def changed(step: Step, **changes: Any) -> Step:
    """The step with other facts, keeping what was computed of it at the same parameters."""
    computed = {name: value for name, value in vars(step).items() if name in _COMPUTED and "params" not in changes}
    other = dataclasses.replace(step, **changes)
    vars(other).update(computed)
    return other


_COMPUTED = ("rel_l2", "max_error", "estimated_error", "train_residual", "heldout_residual")
