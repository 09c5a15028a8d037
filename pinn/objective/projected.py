"""The Jacobian in another form, chunk by chunk of its rows: for methods that never hold it as a whole."""

from collections.abc import Callable, Mapping

from torch import Tensor

from pinn.objective.blocks import joined
from pinn.objective.energies import refuse_energies
from pinn.objective.layer_jacobian import detached
from pinn.objective.loss import Sample
from pinn.objective.objective import Objective
from pinn.typing import Params


def linearize_projected(
    objective: Objective, params: Params, project: Callable[[Tensor], Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """The residual r(θ), and `project(J)` in the place of J, block by block as `Objective.linearize_blocks` has them.

    J is taken on at most `chunk_size` points at a time, and forgotten once it is projected. ValueError for an energy.
    """
    refuse_energies(objective.conditions)
    residuals, theta = objective._residuals, detached(params)

    def part(data: Mapping[str, Sample]) -> tuple[Tensor, Tensor]:
        r, J = residuals.linearize(theta, data)
        return r, project(J)

    blocks = [list(parts) for parts in objective._blocks.each(part)]
    r, A = ([joined([part[k] for part in parts]) for parts in blocks] for k in range(2))
    return r, A
