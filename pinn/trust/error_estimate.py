"""The error of a field that is to solve a problem, estimated without the solution."""

import copy
import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.networks import Windows, field
from pinn.operators import Auto, Strategy
from pinn.pdes import PDE, TimeWindowed, unscaled
from pinn.pdes.derived.around import Around
from pinn.pdes.derived.squares import of_squares
from pinn.pdes.derived.time_windows import by_window
from pinn.trust.correction import MOST_COLUMNS, Correction, corrected
from pinn.trust.features import points_within
from pinn.typing import Field

POINTS = 4000
RESOLVED = 0.5
"""Part of the residual that a correction has to remove for its size to be an estimate of the error."""
_AT_ONCE = 2048


@dataclass(frozen=True)
class ErrorEstimate:
    """The estimated relative L2 error ‖e‖ / ‖u + e‖ of a field u, where L e = −r.

    `relative_l2` is that of all components that errors are of (`PDE.scored`) together, `by_component` that of each of
    them, in the size of that component. `resolved` is the part of the residual at points held out that e explains:
    below one half the error is not resolved, and `known` is False. All are NaN if there is no estimate, and `why` says
    why. `correction` has the fields u and u + e, and so the map of the error.
    """

    relative_l2: float = float("nan")
    by_component: tuple[float, ...] = ()
    resolved: float = float("nan")
    why: str = ""
    correction: Correction | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def known(self) -> bool:
        """Whether the figures are an estimate: a correction that leaves most of the residual says little."""
        return self.resolved >= RESOLVED

    def __str__(self) -> str:
        if self.why:
            return f"no estimate of the error: {self.why}"
        if not self.known:
            explained = f"{max(self.resolved, 0):.0%} of the residual"
            return f"linearised equation: no estimate, since {self.relative_l2:.1e} explains only {explained}"
        return (
            f"linearised equation: relative L2 error {self.relative_l2:.2e}, which explains {self.resolved:.0%} of the "
            "residual"
        )


def estimate_error(
    pde: PDE,
    solution: nn.Module | Field,
    strategy: Strategy | None = None,
    *,
    seed: int = 0,
    columns: int = MOST_COLUMNS,
) -> ErrorEstimate:
    """Estimate the relative L2 error of a field, component by component, where no exact solution is known.

    `solution` is the network that was trained for `pde`, or any field u(x) with the shape of its solution and the
    values that `pde` builds in: `step.objective.network`, `step.objective.field(step.params)`, a formula. In windows of
    time it has to be the network. `pde` should have its scales (`pinn.trust.scales.scaled`), as `step.objective.pde`
    has. Values of the field are coordinates of the space in which the error is sought, so that an error as steep as
    the field is found there.

    The error e solves L e = −r by linear least squares, with L the derivative of all residuals at u, in a space of so
    many random `columns`, functions times components; the cost goes with the square of their number, a few seconds for
    the default. Nothing is trained and `solution` is not changed; the same `seed` gives the same numbers.

    There is no estimate, and no exception either, for what cannot be linearised or does not fit into memory: see
    `ErrorEstimate.why`. An estimate is not a bound: features of the data that no point has met, other solutions of a
    nonlinear equation and jumps that the residual does not see (`pinn.trust.breaks`) are not in it. Raises ValueError
    for a field of another shape.
    """
    if not isinstance(solution, nn.Module):
        _refuse_shape(pde, solution)
    try:
        correction = _correction(pde, solution, strategy or Auto(), seed, columns)
        points = points_within(pde.domain, POINTS, torch.zeros((), dtype=torch.float64))
        before, after = (_values(one, points, pde) for one in (correction.before, correction.after))
    except (ValueError, NotImplementedError, RuntimeError, MemoryError) as error:
        return ErrorEstimate(why=next(iter(str(error).splitlines()), type(error).__name__))
    e = after - before
    by_component = tuple((e.norm(dim=0) / after.norm(dim=0)).tolist())
    return ErrorEstimate(float(e.norm() / after.norm()), by_component, correction.resolved, "", correction)


def _correction(pde: PDE, solution: nn.Module | Field, strategy: Strategy, seed: int, columns: int) -> Correction:
    """The correction of a network, of a field, or of windows of time with the jumps between them."""
    if isinstance(pde, TimeWindowed):
        if not isinstance(solution, Windows):
            raise ValueError(
                "in windows of time the error is that of their networks, a `Windows`, and of no other field"
            )
        networks = copy.deepcopy(solution).cpu().double().networks
        fields = pde.fields([field(one, components=pde.components) for one in networks])
        found = _correction(pde.pde, pde.without_jumps(fields), strategy, seed, columns)
        return dataclasses.replace(found, before=lambda x: by_window(x, pde.starts, [u(x) for u in fields]))
    if not isinstance(solution, nn.Module):
        pde, solution = Around(of_squares(pde), solution), _Carried(pde.components)
    return corrected(pde, solution, strategy, seed=seed, columns=columns)


def _refuse_shape(pde: PDE, u: Field) -> None:
    """Raise ValueError for a field that is not one of so many components."""
    wanted = () if pde.components is None else (pde.components,)
    shape = tuple(u(points_within(pde.domain, 1, torch.zeros((), dtype=torch.float64))[0]).shape)
    if shape != wanted:
        raise ValueError(
            f"The field has shape {shape} at a point; that of {type(unscaled(pde)).__name__} has shape {wanted}."
        )


class _Carried(nn.Module):
    """The network that gives the value that comes with its point (`Around`)."""

    def __init__(self, components: int | None) -> None:
        super().__init__()
        self.components = components
        self.unused = nn.Parameter(torch.zeros((), dtype=torch.float64))  # tells its dtype and device

    def forward(self, x: Tensor) -> Tensor:
        return x[..., -1] if self.components is None else x[..., -self.components :]


def _values(u: Field, points: Tensor, pde: PDE) -> Tensor:
    """The values (n, m) of the components that errors are of."""
    with torch.no_grad():
        values = torch.cat([vmap(u)(part) for part in points.split(_AT_ONCE)])
    values = values if pde.scored is None else values[:, pde.scored]
    return values.reshape(len(values), -1)
