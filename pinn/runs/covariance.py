"""How found parameters answer to noise in the data: the Gauss–Newton covariance at the solution.

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

import torch
from torch import Tensor

from pinn.objective import Objective
from pinn.typing import Params
from pinn.weighting.by_noise import DATA, data_rows

_ROUNDING = 1e-14
"""Singular values below this part of the largest are those of rounding."""
_ROUNDS = 5
"""The noise decides on the degrees of freedom, and these on the noise: a fixed point, reached in two or three."""


class Answer:
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
        filters, sigma, hat = torch.ones_like(self._S), misfit.square().mean(0).sqrt(), misfit.new_zeros(components)
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

    def beforehand(self, slopes: Params) -> Tensor:
        """The deviations if there were no data and no equation, ρ ‖∇g‖: shape (N,)."""
        whole = torch.cat([part.reshape(len(part), -1) for part in slopes.values()], 1)
        return self._rho * whole.double().norm(dim=1)

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
