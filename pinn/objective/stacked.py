"""The same problem many times over: networks and points of several seeds, evaluated in one batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap

from pinn.objective.jacobian import pointwise_rows
from pinn.objective.loss import LossTerms, Sample
from pinn.objective.objective import Objective
from pinn.pdes import Condition
from pinn.typing import Params


class StackedObjective:
    """S objectives of one problem with points of their own, as functions of stacked parameters.

    Every tensor of `params` has a first axis of length S, and so has every result. `fixed` are the buffers of the
    networks, and the parameters that are not trained, stacked in the same way: they may be random, as the frequencies
    of a Fourier network are.
    """

    def __init__(self, objectives: Sequence[Objective], fixed: Params) -> None:
        self._residuals, self._fixed = objectives[0]._residuals, dict(fixed)
        blocks = [objective._blocks.parts[0] for objective in objectives]
        self._data: dict[str, Sample] = {
            name: tuple(torch.stack(parts) for parts in zip(*(block[name] for block in blocks), strict=True))
            for name in blocks[0]
        }

    def residual(self, params: Params) -> Tensor:
        """The stacked and scaled residuals: shape (S, M)."""
        return self._mapped(self._residual, params)

    def loss(self, params: Params) -> Tensor:
        """The losses: shape (S,)."""
        return self._mapped(self._loss, params)

    def gradient(self, params: Params) -> tuple[LossTerms, Params]:
        """The losses, shape (S,), and their gradients, each with respect to its own parameters."""
        gradient, loss = self._mapped(grad_and_value(self._loss), params)
        return LossTerms(loss, {"loss": loss}), gradient

    def linearize(self, params: Params) -> tuple[Tensor, Tensor]:
        """The residuals, shape (S, M), and their Jacobians, shape (S, M, P)."""
        return self._mapped(self._rows, params)

    def _mapped(self, function: Callable[[Params, Params, Mapping[str, Sample]], Any], params: Params) -> Any:
        return vmap(function)({name: value.detach() for name, value in params.items()}, self._fixed, self._data)

    def _residual(self, own: Params, fixed: Params, data: Mapping[str, Sample]) -> Tensor:
        return self._residuals.stacked({**fixed, **own}, data)

    def _loss(self, own: Params, fixed: Params, data: Mapping[str, Sample]) -> Tensor:
        return LossTerms.of(self._residuals.terms({**fixed, **own}, data)).loss

    def _rows(self, own: Params, fixed: Params, data: Mapping[str, Sample]) -> tuple[Tensor, Tensor]:
        residuals, found, rows = self._residuals, [], []
        for c in residuals.conditions:

            def at_point(theta: Params, *point: Tensor, c: Condition = c) -> Tensor:
                return residuals.at_point(c, {**fixed, **theta}, *point)

            r, J = pointwise_rows(at_point, own, data[c.name])
            found.append(residuals.scaled(c, r))
            rows.append(J.flatten(0, 1) * residuals.scale(c))
        return torch.cat(found), torch.cat(rows)
