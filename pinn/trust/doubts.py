"""What speaks against a field when its training ends, whatever its loss says."""

import torch

from pinn.objective import Objective
from pinn.trust.continuity import breaks
from pinn.trust.energy_gap import energy_gap
from pinn.trust.narrow import missed
from pinn.typing import Params

UNSOLVED = 0.1
"""A residual, in parts of the size of its terms, that is no solution's."""
STALLED = 0.1
"""Of the residual over that of the first step: a training that stops by itself above it has solved nothing."""


def doubts(
    objective: Objective,
    params: Params,
    *,
    stalled: bool,
    first_loss: float,
    last_loss: float,
    heldout: Objective | None = None,
    residual: float = 0.0,
) -> list[str]:
    """Reasons not to believe a trained field, in words; none for a sound one.

    Jumps in what the equation differentiates, which no pointwise residual sees; data that neither the points of
    training nor those of `heldout` have seen; an energy that is lower at the points of training than elsewhere; for a
    training that has `stalled` rather than come to its bounds, a loss, the square of the residual, near that of its
    first step; and a final `residual` at held-out points that is as large as the terms of the equation, of which it is
    a part.
    """
    like = next(iter(params.values()))
    with torch.no_grad():
        _, found = breaks(objective.pde, objective.field(params), like)
    told = [str(one) for one in (*found[:1], *missed(objective, heldout))]
    gap = energy_gap(objective, params)
    if gap and gap.overfitted:
        told.append(str(gap))
    if stalled and last_loss > STALLED**2 * first_loss:
        told.append(
            f"training has stalled with a residual of {last_loss**0.5:.1e}, where it was {first_loss**0.5:.1e} at its "
            "first step"
        )
    if residual > UNSOLVED:
        told.append(
            f"its residual at held-out points is still {residual:.0%} of the size of its terms: the equation is not "
            "solved. Give it more time (budget_s), or look whether it has a solution"
        )
    return told
