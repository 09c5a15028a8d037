"""The objective: the residuals of all conditions at given points, stacked into one vector r(θ)."""

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap

from pinn.networks import field
from pinn.operators import Auto, Strategy
from pinn.pdes import PDE, Ansatz, Condition
from pinn.typing import Field, Params

Sample = tuple[Tensor, ...]
"""What a region yields: `(x,)`, `(x, normal)`, …, one row for each point."""


@dataclass(frozen=True)
class Evaluation:
    """The objective at some parameters: the loss, and the weighted mean square of each condition."""

    loss: Tensor
    terms: dict[str, Tensor]


@dataclass(frozen=True)
class Objective:
    """The nonlinear least-squares problem of a PDE at fixed points.

    r(θ) stacks the residuals r_c of every soft condition c, scaled by √(w_c/N_c), so that

        L(θ) = ‖r(θ)‖² = Σ_c w_c · mean |r_c|².

    All methods are functions of the parameters θ, a dict of tensors by name; M residuals, P parameters.
    """

    pde: PDE
    network: nn.Module
    samples: Mapping[str, Sample]
    strategy: Strategy = Auto()

    # What does not depend on the parameters, once and ahead: inside a transform of torch.func it could not be kept.
    _ansatz: Ansatz = dataclasses.field(init=False, repr=False)
    _conditions: tuple[Condition, ...] = dataclasses.field(init=False, repr=False)
    _complete: Mapping[str, Sample] = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ansatz", self.pde.ansatz())
        self._place(self.samples)

    def field(self, params: Params) -> Field:
        """The trained field u: the network at `params` with the hard conditions built in."""
        return self._ansatz(field(self.network, params, self.pde.components))

    def residuals(self, params: Params) -> dict[str, Tensor]:
        """The residual of each condition at its points, without weights: shape (N, k)."""
        u = self.field(params)
        return {condition.name: self._at_points(condition, u) for condition in self._conditions}

    def residual(self, params: Params) -> Tensor:
        """The stacked and scaled residual r(θ), shape (M,)."""
        residuals = self.residuals(params)
        return torch.cat([self._scaled(condition, residuals[condition.name]) for condition in self._conditions])

    def evaluate(self, params: Params) -> Evaluation:
        """The loss L(θ) and its terms, differentiable in θ."""
        residuals = self.residuals(params)
        terms = {c.name: self._scaled(c, residuals[c.name]).square().sum() for c in self._conditions}
        return Evaluation(torch.stack(list(terms.values())).sum(), terms)

    def gradient(self, params: Params) -> tuple[Evaluation, Params]:
        """The loss with its terms, and ∂L/∂θ; zero for a parameter that the loss does not see."""
        leaves = {name: value.detach().requires_grad_() for name, value in params.items()}
        evaluation = self.evaluate(leaves)
        gradients = torch.autograd.grad(
            evaluation.loss, list(leaves.values()), allow_unused=True, materialize_grads=True
        )
        terms = {name: term.detach() for name, term in evaluation.terms.items()}
        return Evaluation(evaluation.loss.detach(), terms), dict(zip(leaves, gradients, strict=True))

    def jvp(self, params: Params, direction: Params) -> Tensor:
        """J·v, shape (M,), where J = ∂r/∂θ."""
        return torch.func.jvp(self.residual, (params,), (direction,))[1]

    def vjp(self, params: Params, cotangent: Tensor) -> Params:
        """Jᵀw for w of shape (M,)."""
        return torch.func.vjp(self.residual, params)[1](cotangent)[0]

    def jacobian(self, params: Params) -> Tensor:
        """J = ∂r/∂θ, shape (M, P), the parameters flattened in their order."""
        blocks = jacrev(self.residual)(params)
        rows = next(iter(blocks.values())).shape[0]
        return torch.cat([block.reshape(rows, -1) for block in blocks.values()], dim=1)

    def at(self, samples: Mapping[str, Sample]) -> "Objective":
        """The same objective at other points."""
        other = copy.copy(self)
        object.__setattr__(other, "samples", samples)
        other._place(samples)
        return other

    def using(self, strategy: Strategy) -> "Objective":
        """The same objective at the same points with the same data, differentiated by another strategy."""
        other = copy.copy(self)
        object.__setattr__(other, "strategy", strategy)
        return other

    def _place(self, samples: Mapping[str, Sample]) -> None:
        """Fetch the data at the points; the ansatz does not depend on them."""
        conditions = tuple(c for c in self.pde.soft_conditions() if c.name in samples)
        object.__setattr__(self, "_conditions", conditions)
        object.__setattr__(self, "_complete", {c.name: _with_data(c, samples[c.name]) for c in conditions})

    def _at_points(self, condition: Condition, u: Field) -> Tensor:
        def at_point(*sample: Tensor) -> Tensor:
            return condition.residual(u, *sample, strategy=self.strategy)

        residual = vmap(at_point)(*self._complete[condition.name])
        return residual.reshape(residual.shape[0], -1)

    def _scaled(self, condition: Condition, residual: Tensor) -> Tensor:
        return residual.reshape(-1) * (condition.weight / residual.shape[0]) ** 0.5


def _with_data(condition: Condition, sample: Sample) -> Sample:
    """The sample, followed by the data given there."""
    return sample if condition.given is None else (*sample, vmap(condition.given)(sample[0]).detach())
