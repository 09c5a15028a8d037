"""How well data determine what was found: credible intervals of unknown numbers, of unknown fields and of the solution.

They are those of the Gauss–Newton covariance at the solution (`pinn.runs.covariance`), the Laplace approximation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from pinn.networks import WithUnknowns
from pinn.objective import Objective
from pinn.pdes import Inverse
from pinn.runs.covariance import Answer
from pinn.runs.quantiles import normal
from pinn.runs.units import component_names
from pinn.typing import Params, Points
from pinn.weighting.by_noise import inverse_within

CONVERGED = 0.3
"""Of its deviation: the part by which a Gauss–Newton step may still move an unknown whose interval is given. The error
is then √(1 + 0.3²), 4 %, larger than the deviation at worst."""
UNDETERMINED = 0.5
"""Of the deviation of an unknown number without data and equation: the part above which these do not determine it."""
SHOWN = 200
"""Points of the equation at which the found fields are looked at."""
AT_ONCE = 2**23
"""Numbers of a matrix of slopes at a time, points times components times parameters: 64 MB."""


@dataclass(frozen=True)
class UnknownEstimate:
    """An unknown number: its value, its standard deviation, and the true one where the data were made from it.

    The deviation is NaN where none can be given, and `why` says why.
    """

    value: float
    deviation: float
    truth: float | None = None
    why: str = ""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The bounds between which the number lies with that probability, if errors are normal.

        Raises ValueError unless 0 < level < 1.
        """
        quantile = normal(level)
        return self.value - quantile * self.deviation, self.value + quantile * self.deviation


@dataclass(frozen=True)
class FoundField:
    """A found field at points of the domain: values and standard deviations, and the true ones where known.

    The deviations are NaN where none can be given, and `why` says why.
    """

    points: Points
    values: Tensor
    deviations: Tensor
    truth: Tensor | None = None
    why: str = ""

    @property
    def error(self) -> float:
        """The relative L2 error; NaN where the truth is not known."""
        return math.nan if self.truth is None else float((self.values - self.truth).norm() / self.truth.norm())

    @property
    def coverage(self) -> float:
        """The share of points where the truth lies within 1.96 deviations; NaN without truth or deviations."""
        if self.truth is None or self.why:
            return math.nan
        return float(((self.values - self.truth).abs() <= 1.96 * self.deviations).double().mean())

    def figures(self) -> dict[str, Any]:
        """The half width of the 95 % band in the median over the points, `why` there is none, error and coverage."""
        width = normal(0.95) * float(self.deviations.median())
        return {"median_half_width": width, "rel_l2": self.error, "coverage": self.coverage, "why": self.why}


@dataclass(frozen=True)
class Findings:
    """What an inverse problem has found: unknown numbers, unknown fields and the solution, the latter at some points.

    All are empty for a problem without unknowns.
    """

    unknowns: Mapping[str, UnknownEstimate]
    fields: Mapping[str, FoundField]
    solution: Mapping[str, FoundField]

    @classmethod
    def of(cls, objective: Objective, params: Params) -> "Findings":
        """Those at some parameters, fields at the first points of the equation."""
        if not isinstance(objective.network, WithUnknowns) or inverse_within(objective.pde) is None:
            return cls(found_unknowns(objective, params), {}, {})
        points, answer = next(iter(objective.samples.values()))[0][:SHOWN], Answer(objective, params)
        return cls(
            found_unknowns(objective, params, answer),
            found_fields(objective, params, points, answer),
            found_solution(objective, params, points, answer),
        )


def found_unknowns(objective: Objective, params: Params, answer: Answer | None = None) -> dict[str, UnknownEstimate]:
    """The unknown numbers of an inverse problem at `params`, with their deviations; fields are left out.

    `answer` is that of the same objective and parameters, if it is there already.
    For another PDE with unknowns, an eigenvalue say, the deviations are 0: nothing is measured.
    """
    network, pde = objective.network, inverse_within(objective.pde)
    if not isinstance(network, WithUnknowns):
        return {}
    values = network.values(params)
    if pde is None or not values:
        return {name: UnknownEstimate(value, 0.0) for name, value in values.items()}
    answer = answer or Answer(objective, params)
    truth = pde.truth if pde.data is None else {}
    found = {}
    for name, value in values.items():
        weight = f"free.{name}.weight"
        if weight not in params:  # it was held at its value
            found[name] = UnknownEstimate(value, 0.0, truth.get(name))
            continue
        slopes = _slopes(network, params, name)
        deviation, step = float(answer.deviations(slopes)), float(answer.steps(slopes))
        why = _undetermined(answer, slopes, name) or _doubt(step, deviation, answer.followed, pde)
        found[name] = UnknownEstimate(value, math.nan if why else deviation, truth.get(name), why)
    return found


def found_fields(
    objective: Objective, params: Params, points: Points, answer: Answer | None = None
) -> dict[str, FoundField]:
    """The unknown fields of an inverse problem at points (N, d), with their deviations."""
    network, pde = objective.network, inverse_within(objective.pde)
    if not isinstance(network, WithUnknowns) or pde is None:
        return {}
    fields = {pde.solved + k: name for k, name in enumerate(network.unknowns) if network.unknowns[name].field}
    if not fields:
        return {}
    answer = answer or Answer(objective, params)
    values, deviations, _ = _at(objective, params, points, answer, [*fields])
    found = {}
    for column, name in enumerate(fields.values()):
        truth = None if pde.data is not None else vmap(pde.true_field(name))(points)
        found[name] = FoundField(points, values[:, column], deviations[:, column], truth)
    return found


def found_solution(
    objective: Objective, params: Params, points: Points, answer: Answer | None = None
) -> dict[str, FoundField]:
    """The components of the solution of an inverse problem at points (N, d), with the deviations that noise gives them.

    The deviation of u(x) is that of the quantity g(θ) = u_θ(x), also where nothing was measured: all parameters answer
    to the noise together, the unknown coefficients among them. It is the error by noise and by what neither data nor
    equation see, not that of a model which is wrong. There is none, and `why` says why, where a Gauss–Newton step would
    move u by a good part of its deviation, in the root mean square over the points, and where an unknown number is not
    determined. Empty for a problem without data.
    """
    network, pde = objective.network, inverse_within(objective.pde)
    if not isinstance(network, WithUnknowns) or pde is None:
        return {}
    answer = answer or Answer(objective, params)
    values, deviations, steps = _at(objective, params, points, answer, range(pde.solved))
    truth = None if pde.exact is None else vmap(pde.exact)(points)
    free = [name for name in network.values(params) if f"free.{name}.weight" in params]
    loose = next(filter(None, (_undetermined(answer, _slopes(network, params, name), name) for name in free)), "")
    found = {}
    for k, name in enumerate(component_names(pde, pde.components)[: pde.solved]):
        typical, step = (float(one[:, k].square().mean().sqrt()) for one in (deviations, steps))
        why = loose or _doubt(step, typical, answer.followed, pde)
        spread = deviations[:, k].new_full((len(points),), math.nan) if why else deviations[:, k]
        found[name] = FoundField(points, values[:, k], spread, None if truth is None else truth[:, k], why)
    return found


def band_in_words(name: str, figures: Mapping[str, Any]) -> str:
    """A line on the band of a component, from `FoundField.figures` or from the summary of a run."""
    if why := figures.get("why"):
        return f"{name}: no band ({why})"
    width, coverage = (
        value if isinstance(value, (int, float)) and math.isfinite(value) else None
        for value in map(figures.get, ("median_half_width", "coverage"))
    )
    held = "" if coverage is None else f", holds the true value at {coverage:.0%} of the points"
    return f"{name}: no band" if width is None else f"{name}: 95 % band ± {width:.1e} in the median{held}"


def _at(
    objective: Objective, params: Params, points: Points, answer: Answer, components: Sequence[int]
) -> tuple[Tensor, Tensor, Tensor]:
    """Values of components of the field at points, their deviations, and Gauss–Newton steps: shape (N, m) each."""
    theta = {key: tensor.detach() for key, tensor in params.items()}
    chosen = list(components)

    def value(theta: Params, x: Tensor) -> Tensor:
        return objective.field(theta)(x)[chosen]

    m, size = len(chosen), sum(tensor.numel() for tensor in theta.values())
    parts = []
    for some in points.split(max(1, AT_ONCE // (m * size))):
        slopes = vmap(jacrev(value), in_dims=(None, 0))(theta, some)
        flat = {key: slope.reshape(len(some) * m, *theta[key].shape) for key, slope in slopes.items()}
        of_noise = (one(flat).reshape(len(some), m) for one in (answer.deviations, answer.steps))
        parts.append((vmap(value, in_dims=(None, 0))(theta, some), *of_noise))
    values, deviations, steps = (torch.cat(columns) for columns in zip(*parts, strict=True))
    return values, deviations, steps


def _slopes(network: WithUnknowns, params: Params, name: str) -> Params:
    """The derivative of an unknown number by its free number, for `Answer`."""
    weight = params[f"free.{name}.weight"]
    slope = jacrev(network.unknowns[name].value)(weight.detach())
    return {f"free.{name}.weight": slope.reshape(1, *weight.shape)}


def _undetermined(answer: Answer, slopes: Params, name: str) -> str:
    """Why an unknown number has no interval if neither data nor equation have narrowed it; empty if they have."""
    if float(answer.deviations(slopes)) <= UNDETERMINED * float(answer.beforehand(slopes)):
        return ""
    return f"the data do not determine {name}: near what was found, nothing depends on it"


def _doubt(step: float, deviation: float, followed: float, pde: Inverse) -> str:
    """Why an interval would say nothing; empty if it does."""
    if not abs(step) <= CONVERGED * deviation:
        return (
            f"training has not converged: the linearised problem would move it by {step:.1e}, where noise accounts for "
            f"{deviation:.1e}"
        )
    values = pde.measurements[1].numel()
    if pde.weight is not None and not any(u.field for u in pde.unknowns.values()) and followed > 0.1 * values:
        return (
            f"with pde.weight={pde.weight:g} the solution follows the noise, {followed:.0f} of {values} values: "
            "pde.weight=null finds a weight"
        )
    return ""
