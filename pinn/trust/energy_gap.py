"""An energy that is lower at the points of training than elsewhere: the network has fitted its points.

A mean of squares that vanishes at its points and not at others shows as a residual held out. An energy has no value
that is right, and its integral is known to the statistical error of its points alone. So what training has seen is held
against thousands of other points in three ways: the means, in units of the deviation of their difference; the ranks
(Mann & Whitney 1947); and how many values lie above the largest in training (Rosenbaum 1954), since a field that is
steep between its points has few values, and large ones, that it has not seen.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.objective.energies import energy_densities
from pinn.samplers import Uniform
from pinn.typing import Params

DEVIATIONS = 4.0
"""By chance alone a difference is larger once in thirty thousand looks."""
POINTS = 4000
"""That no training has seen."""
_SEED = 49_979_687
HARMFUL = 0.01
"""Of the mean size of the energy: a smaller gap is an error of the field below a tenth, in the norm of the energy."""


@dataclass(frozen=True)
class EnergyGap:
    """By how much the energy at points held out is above that in training, and how many deviations that is.

    `size` is the mean of the absolute values of what the points give to it, `deviations` the largest one of the three.
    """

    gap: float
    size: float
    deviations: float

    @property
    def overfitted(self) -> bool:
        """Whether the gap is neither chance nor harmless."""
        return self.deviations > DEVIATIONS and self.gap > HARMFUL * self.size

    def __str__(self) -> str:
        return (
            f"the energy is lower at the points of training than at others by {self.gap / self.size:.0%} of its size, "
            f"{self.deviations:.0f} deviations of what chance gives: the network has fitted its points"
        )


def energy_gap(objective: Objective, params: Params) -> EnergyGap | None:
    """The gap between the energy at the points of an objective and that at many others; None if there is no energy."""
    one = objective.on_one_process().eager()
    if all(condition.energy is None for condition in one.conditions):
        return None
    generator, like = torch.Generator().manual_seed(_SEED), next(iter(params.values()))
    others = Uniform(POINTS, POINTS, every=0).sample(one.conditions, generator, like)
    own, unseen = _densities(one, params), _densities(one.at(others), params)
    gap = sum(float(unseen[name].mean() - own[name].mean()) for name in own)
    parts = [part for densities in (own, unseen) for part in densities.values()]
    variance = sum(float(part.var()) / len(part) for part in parts if len(part) > 1)
    by_means = gap / math.sqrt(variance) if variance else 0.0
    by_order = max(test(own[name], unseen[name]) for name in own for test in (_by_ranks, _by_largest))
    size = sum(float(part.abs().mean()) for part in unseen.values())
    return EnergyGap(gap, size or 1.0, max(by_means, by_order))


def _by_ranks(own: Tensor, unseen: Tensor) -> float:
    """By how many deviations the values held out rank above those of training; ties count as half."""
    n, m = len(own), len(unseen)
    ordered = own.sort().values
    above = torch.searchsorted(ordered, unseen) + torch.searchsorted(ordered, unseen, right=True)
    excess = float(above.double().sum()) / 2 - n * m / 2
    return excess / math.sqrt(n * m * (n + m + 1) / 12)


def _by_largest(own: Tensor, unseen: Tensor) -> float:
    """The same for k values above the largest of training, whose probability is at most (m / (n + m))ᵏ = exp(−z²/2)."""
    k = int((unseen > own.max()).sum())
    return math.sqrt(2 * k * math.log1p(len(own) / len(unseen)))


def _densities(one: Objective, params: Params) -> dict[str, Tensor]:
    conditions = [condition for condition in one.conditions if condition.energy is not None]
    data = {condition.name: one.data(condition.name) for condition in conditions}
    with torch.no_grad():
        return energy_densities(conditions, one.field(params), data, one.strategy)
