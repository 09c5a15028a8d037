"""Everything that a field can be examined for without its exact solution and without another training."""

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import field
from pinn.operators import Strategy
from pinn.pdes import PDE, TimeWindowed
from pinn.trust.continuity import breaks
from pinn.trust.correction import MOST_COLUMNS, Correction, corrected
from pinn.trust.features import points_within
from pinn.trust.undetermined import null_directions
from pinn.typing import Field

POINTS = 4000
RESOLVED = 0.5
"""Part of the residual that a correction has to remove for its size to be an estimate of the error."""


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
    told = [str(one) for one in found]
    if isinstance(pde, TimeWindowed):
        return Examination(defect, told, why="in windows of time each field is penalised to begin where the last ended")
    try:
        correction = corrected(pde, network, strategy, seed=seed, columns=columns)
        free = [str(direction) for direction in null_directions(pde, network, strategy, seed=seed)]
    except (ValueError, NotImplementedError, RuntimeError, MemoryError) as error:
        return Examination(defect, told, why=str(error).splitlines()[0])
    return Examination(defect, told, relative_size(pde, correction), correction.resolved, "", free)


def relative_size(pde: PDE, correction: Correction) -> float:
    """‖e‖ / ‖u + e‖ over the components that errors are of."""
    points = points_within(pde.domain, POINTS, torch.zeros((), dtype=torch.float64))
    before, after = (_values(one, points, pde) for one in (correction.before, correction.after))
    return float((after - before).norm() / after.norm())


def _values(u: Field, points: Tensor, pde: PDE) -> Tensor:
    with torch.no_grad():
        values = torch.cat([vmap(u)(part) for part in points.split(2048)])
    return values if pde.scored is None else values[:, pde.scored]
