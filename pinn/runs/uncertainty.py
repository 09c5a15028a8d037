"""How well data determine what was found: credible intervals from the Gauss–Newton covariance at the solution.

Near the solution the least-squares parameters answer to an error ε of the data as

    δθ = −J⁺ δr,    δr = −√(w/N) ε in the rows of the data, 0 in those of equation and conditions,

with the Jacobian J of the stacked residual. So a quantity g(θ) has the deviation σ √(w/N) ‖∇g J⁺_data‖, σ that of the
noise, estimated from the misfit by σ̂² = Σ misfit² / (n − p) with p the trace of the data's block of JJ⁺ (Seber & Wild
1989, Sections 2.1 and 5.1), for each measured component. All this is at a minimum: where a Gauss–Newton step would
still move the quantity by a good part of its deviation, there is no interval.

A network has directions that the residual hardly sees. Along them noise would move the parameters, in the linear model,
by thousands of times their own size, which they never do. So J⁺ is that of ridge regression,

    J⁺ = (JᵀJ + μ²)⁻¹Jᵀ,    μ = s/ρ,    s² = w σ²/N,

which is the posterior mean where each parameter has the deviation ρ, its root mean square, beforehand (MacKay 1992).
What the quantity may move by within ρ along directions that J⁺ leaves out is the smoothing error (Rodgers 2000, eq.
3.30), ρ ‖∇g (1 − J⁺J)‖: where it is a good part of the deviation or more, the data do not determine the quantity.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from pinn.networks import WithUnknowns
from pinn.objective import Objective
from pinn.pdes import Inverse
from pinn.typing import Params, Points
from pinn.weighting.by_noise import DATA, data_rows, inverse_within

CONVERGED = 0.3
"""Of its deviation: the part by which a Gauss–Newton step may still move an unknown whose interval is given. The error
is then √(1 + 0.3²), 4 %, larger than the deviation at worst."""
_ROUNDING = 1e-14
"""Singular values below this part of the largest are those of rounding."""
_ROUNDS = 5
"""The noise decides on the degrees of freedom, and these on the noise: a fixed point, reached in two or three."""


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
    network, pde = objective.network, inverse_within(objective.pde)
    if not isinstance(network, WithUnknowns):
        return {}
    values = network.values(params)
    if pde is None or not values:
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
        slopes = {weight: slope.reshape(1, *params[weight].shape)}
        deviation, step = float(answer.deviations(slopes)), float(answer.steps(slopes))
        why = _doubt(step, deviation, answer.followed, pde)
        found[name] = UnknownEstimate(value, math.nan if why else deviation, truth.get(name), why)
    return found


def found_fields(objective: Objective, params: Params, points: Points) -> dict[str, FoundField]:
    """The unknown fields of an inverse problem at points (N, d), with their deviations."""
    network, pde = objective.network, inverse_within(objective.pde)
    if not isinstance(network, WithUnknowns) or pde is None:
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


class _Answer:
    """How the parameters answer to noise in the data, at the weights with which they were trained.

    The noise has a deviation of its own for each measured component, from misfits and degrees of freedom.
    """

    def __init__(self, objective: Objective, params: Params) -> None:
        plain = objective.on_one_process().eager()
        rows, J = data_rows(plain, params)
        r = plain.residual(params).detach().double()
        U, S, Vh = torch.linalg.svd(J.double(), full_matrices=False)
        seen = _ROUNDING * S[0] < S
        U, self._S, self._Vh = U[:, seen], S[seen], Vh[seen]
        self._data = U[rows]
        components = plain.residuals(params)[DATA].shape[1]
        # The scale √(w/N) of the rows is in J and in the misfit alike.
        misfit = r[rows].reshape(-1, components)
        self._rho = float(torch.cat([v.detach().reshape(-1) for v in params.values()]).double().square().mean().sqrt())
        filters, hat, sigma = torch.ones_like(self._S), misfit.new_zeros(components), misfit.square().mean(0).sqrt()
        for _ in range(_ROUNDS):
            mu = sigma.square().mean().sqrt() / self._rho
            filters = self._S.square() / (self._S.square() + mu.square())
            hat = (self._data.square() @ filters).reshape(-1, components).sum(0)
            sigma = (misfit.square().sum(0) / (len(misfit) - hat).clamp(min=1.0)).sqrt()
        self._filters, self._sigma = filters, sigma.repeat(len(misfit))
        self._step = -(U.T @ r) * filters / self._S
        self.followed = float(hat.sum())
        """Degrees of freedom with which the fit follows the data."""
        self._params = params

    def deviations(self, slopes: Params) -> Tensor:
        """The deviations of N quantities from their slopes (N, *shape) by name of parameter: shape (N,)."""
        by_noise = (self._rows(slopes) * (self._filters / self._S)) @ self._data.T * self._sigma
        return torch.hypot(by_noise.norm(dim=1), self.smoothing(slopes))

    def smoothing(self, slopes: Params) -> Tensor:
        """By what each quantity may differ along directions that the residual does not see: shape (N,)."""
        rows = self._rows(slopes)
        whole = torch.cat([part.reshape(len(rows), -1) for part in slopes.values()], 1).double().square().sum(1)
        unseen = (whole - rows.square().sum(1)).clamp(min=0.0)
        return self._rho * ((rows * (1 - self._filters)).square().sum(1) + unseen).sqrt()

    def steps(self, slopes: Params) -> Tensor:
        """How far a Gauss–Newton step from here would move each quantity: shape (N,), 0 once training has converged."""
        return self._rows(slopes) @ self._step

    def _rows(self, slopes: Params) -> Tensor:
        """The slopes in the singular directions, (N, rank)."""
        n = len(next(iter(slopes.values())))
        parts = [
            slopes[k].reshape(n, -1) if k in slopes else v.new_zeros(n, v.numel()) for k, v in self._params.items()
        ]
        return torch.cat(parts, 1).double() @ self._Vh.T
