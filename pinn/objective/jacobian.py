"""The parameter Jacobian of a condition: by layers if it has them, else one gradient at each point."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from pinn.objective.layer_jacobian import Layer, NotLayeredError, PointResidual, detached, layers, rows
from pinn.operators import MissingRuleError
from pinn.typing import Params


def jacobian_rows(
    residual: PointResidual, forward: PointResidual | None, params: Params, sample: Sequence[Tensor], scale: float
) -> tuple[Tensor, Tensor]:
    """The residual, shape (N, k), and `scale` times its derivative by the parameters, shape (N, k, P).

    `forward` is the same residual propagated by `Jet`, None if the strategy does not propagate.
    """
    layered = layers_if_any(forward, params, sample)
    if layered is not None:
        return layered[0], rows(layered[1], params, scale)
    r, J = pointwise_rows(residual, params, sample)
    return r, J * scale


def layers_if_any(
    forward: PointResidual | None, params: Params, sample: Sequence[Tensor]
) -> tuple[Tensor, list[Layer]] | None:
    """The residual and the layers on its way; None if it is not made of layers or not propagated forward."""
    if forward is None:
        return None
    try:
        return layers(forward, params, sample)
    except (NotLayeredError, MissingRuleError, TypeError):  # TypeError: the field accepts nothing but tensors
        return None


def pointwise_rows(residual: PointResidual, params: Params, sample: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Residual, shape (N, k), and Jacobian, shape (N, k, P), of any residual: its own gradient at each point."""

    def twice(theta: Params, *point: Tensor) -> tuple[Tensor, Tensor]:
        r = residual(theta, *point)
        return r, r

    theta = detached(params)
    blocks, r = vmap(jacrev(twice, has_aux=True), in_dims=(None, *(0 for _ in sample)))(theta, *sample)
    return r, torch.cat([block.reshape(*r.shape, -1) for block in blocks.values()], dim=2)
