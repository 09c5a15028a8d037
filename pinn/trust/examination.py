"""Everything that a field can be examined for without its exact solution and without another training."""

import dataclasses
from dataclasses import dataclass

from torch import nn

from pinn.networks import field
from pinn.operators import Strategy
from pinn.pdes import PDE
from pinn.trust.continuity import breaks
from pinn.trust.correction import MOST_COLUMNS
from pinn.trust.error_estimate import RESOLVED, estimate_error
from pinn.trust.undetermined import null_directions

EXPLAINED = 0.8
"""Part of the residual that a small error has to explain for a large residual to be harmless."""


@dataclass(frozen=True)
class Examination:
    """What was found of a field.

    `defect` is the largest jump that the equation does not see, in parts of the range of what jumps, and `breaks` tell
    of those that are not rounding. `estimate` is the relative L2 error by the linearised equation, and `resolved` the
    part of the residual that this explains; NaN if there is no estimate, and `why` says why. `undetermined` are
    directions in which the conditions leave the solution free.
    """

    defect: float
    breaks: list[str] = dataclasses.field(default_factory=list)
    estimate: float = float("nan")
    resolved: float = float("nan")
    why: str = ""
    undetermined: list[str] = dataclasses.field(default_factory=list)

    def small(self, tolerance: float) -> bool:
        """Whether an error below the tolerance explains nearly all of the residual, however large that still is.

        So it is where the equation has no smooth solution, as in a corner whose values contradict it.
        """
        return self.resolved >= EXPLAINED and self.estimate <= tolerance

    @property
    def estimated(self) -> bool:
        """Whether `estimate` is one: a correction that leaves most of the residual says little of the error."""
        return self.resolved >= RESOLVED


def examined(
    pde: PDE, network: nn.Module, strategy: Strategy, *, seed: int = 0, columns: int = MOST_COLUMNS
) -> Examination:
    """Examine the field that `network` is for `pde`: continuity, the error by the linearised equation, uniqueness.

    The error is sought in spaces of so many `columns`, features times components.
    """
    u = pde.ansatz()(field(network, components=pde.components))
    defect, found = breaks(pde, u, next(network.parameters()), seed=seed)
    told, error = [str(one) for one in found], estimate_error(pde, network, strategy, seed=seed, columns=columns)
    if error.why:
        return Examination(defect, told, why=error.why)
    try:
        free = [str(direction) for direction in null_directions(pde, network, strategy, seed=seed)]
    except (ValueError, NotImplementedError, RuntimeError, MemoryError) as reason:
        return Examination(defect, told, why=str(reason).splitlines()[0])
    return Examination(defect, told, error.relative_l2, error.resolved, "", free)
