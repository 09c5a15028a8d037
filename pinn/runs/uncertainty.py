"""How well data determine what was found: credible intervals from the Gauss–Newton covariance at the solution.

Near the solution the least-squares parameters answer to an error ε of the data as

    δθ = −J⁺ δr,    δr = −√(w/N) ε in the rows of the data, 0 in those of equation and conditions,

with the Jacobian J of the stacked residual. So a quantity g(θ) has the deviation σ √(w/N) ‖∇g J⁺_data‖, σ that of the
noise, estimated from the misfit by σ̂² = Σ misfit² / (n − p) with p the trace of the data's block of JJ⁺ (Seber & Wild
1989, Sections 2.1 and 5.1).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from pinn.networks import WithUnknowns
from pinn.objective import Objective
from pinn.pdes import Inverse, unscaled
from pinn.typing import Params, Points

_CUT = 1e-7
"""Singular values below this part of the largest are those of directions that the residual does not see."""


@dataclass(frozen=True)
class UnknownEstimate:
    """An unknown number: its value, its standard deviation, and the true one where the data were made from it."""

    value: float
    deviation: float
    truth: float | None = None

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The bounds between which the number lies with that probability, if errors are normal.

        Raises ValueError unless 0 < level < 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"interval needs 0 < level < 1, got level={level}.")
        quantile = math.sqrt(2) * float(torch.erfinv(torch.tensor(level, dtype=torch.float64)))
        return self.value - quantile * self.deviation, self.value + quantile * self.deviation


@dataclass(frozen=True)
class FoundField:
    """An unknown field at points of the domain: values and standard deviations, and the true ones where known."""

    points: Points
    values: Tensor
    deviations: Tensor
    truth: Tensor | None = None

    @property
    def error(self) -> float:
        """The relative L2 error; NaN where the truth is not known."""
        return math.nan if self.truth is None else float((self.values - self.truth).norm() / self.truth.norm())

    @property
    def coverage(self) -> float:
        """The share of points where the truth lies within 1.96 deviations; NaN where it is not known."""
        if self.truth is None:
            return math.nan
        return float(((self.values - self.truth).abs() <= 1.96 * self.deviations).double().mean())


def found_unknowns(objective: Objective, params: Params) -> dict[str, UnknownEstimate]:
    """The unknown numbers of an inverse problem at `params`, with their deviations; fields are left out.

    For another PDE with unknowns, an eigenvalue say, the deviations are 0: nothing is measured.
    """
    network, pde = objective.network, unscaled(objective.pde)
    if not isinstance(network, WithUnknowns):
        return {}
    values = network.values(params)
    if not isinstance(pde, Inverse) or not values:
        return {name: UnknownEstimate(value, 0.0) for name, value in values.items()}
    answer = _Answer(objective, params)
    truth = pde.truth if pde.data is None else {}
    found = {}
    for name, value in values.items():
        weight = f"free.{name}.weight"
        if weight not in params:  # it was held at its value
            found[name] = UnknownEstimate(value, 0.0, truth.get(name))
            continue
        slope = jacrev(network.unknowns[name].value)(params[weight].detach())
        deviation = float(answer.deviations({weight: slope.reshape(1, *params[weight].shape)}))
        found[name] = UnknownEstimate(value, deviation, truth.get(name))
    return found


def found_fields(objective: Objective, params: Params, points: Points) -> dict[str, FoundField]:
    """The unknown fields of an inverse problem at points (N, d), with their deviations."""
    network, pde = objective.network, unscaled(objective.pde)
    if not (isinstance(network, WithUnknowns) and isinstance(pde, Inverse)):
        return {}
    theta = {key: tensor.detach() for key, tensor in params.items()}
    found = {}
    for k, name in enumerate(network.unknowns):
        if network.unknowns[name].field:

            def value(theta: Params, x: Tensor, k: int = pde.solved + k) -> Tensor:
                return objective.field(theta)(x)[k]

            values = vmap(value, in_dims=(None, 0))(theta, points)
            slopes = vmap(jacrev(value), in_dims=(None, 0))(theta, points)
            truth = None if pde.data is not None else vmap(pde.true_field(name))(points)
            found[name] = FoundField(points, values, _Answer(objective, params).deviations(slopes), truth)
    return found


class _Answer:
    """How the parameters answer to noise in the data: σ√(w/N) J⁺ in the columns of the data."""

    def __init__(self, objective: Objective, params: Params) -> None:
        plain = objective.weighted({}).eager()
        r, J = plain.linearize(params)
        rows = _rows_of(plain, "data", params)
        U, S, Vh = torch.linalg.svd(J.double(), full_matrices=False)
        kept = _CUT * S[0] < S
        self._U, self._S, self._Vh = U[rows][:, kept], S[kept], Vh[kept]
        misfit = r[rows].double()
        freedom = max(len(misfit) - float(self._U.square().sum()), 1.0)
        # The scale √(w/N) of the rows is in J and in the misfit alike.
        self._sigma = math.sqrt(float(misfit.square().sum()) / freedom)
        self._params = params

    def deviations(self, slopes: Params) -> Tensor:
        """The deviations of N quantities from their slopes (N, *shape) by name of parameter: shape (N,)."""
        n = len(next(iter(slopes.values())))
        parts = [
            slopes[k].reshape(n, -1) if k in slopes else v.new_zeros(n, v.numel()) for k, v in self._params.items()
        ]
        G = torch.cat(parts, 1).double()
        return self._sigma * ((G @ self._Vh.T / self._S) @ self._U.T).norm(dim=1)


def _rows_of(objective: Objective, name: str, params: Params) -> slice:
    """The rows of one condition in the stacked residual."""
    sizes = {key: residual.numel() for key, residual in objective.residuals(params).items()}
    start = sum(size for key, size in sizes.items() if list(sizes).index(key) < list(sizes).index(name))
    return slice(start, start + sizes[name])
