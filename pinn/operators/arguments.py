"""Checks of what a user hands to an operator; strategies trust what passes."""

from collections.abc import Sequence

from torch import Tensor, nn

from pinn.operators.jet.jet_tensor import JetTensor
from pinn.operators.strategies.base import MissingRuleError, MultiIndex, Strategy
from pinn.torch_private import BatchNorm
from pinn.typing import Field


def check_point(x: Tensor, operator: str, strategy: Strategy) -> None:
    """Refuse anything that is not one real point of shape (d,).

    The point may also be a `JetTensor`, if the operator stands in a field that `Jet` propagates.
    """
    if isinstance(x, JetTensor) and not strategy.nests:
        raise MissingRuleError(
            f"{operator} by {type(strategy).__name__} stands in a field that Jet differentiates, which it cannot. "
            "Use Jet() for both, or Auto() or Eye() for the outer operator (vjp=auto, vjp=eye)."
        )
    if not isinstance(x, Tensor | JetTensor):
        raise TypeError(f"{operator} takes a point as a torch.Tensor of shape (d,), got {type(x).__name__}.")
    if x.dim() != 1:
        raise ValueError(
            f"{operator} takes one point of shape (d,), got a tensor of shape {tuple(x.shape)}. "
            f"For many points X of shape (N, d): torch.func.vmap(partial({operator}, u))(X)."
        )
    if not x.dtype.is_floating_point:
        raise TypeError(f"{operator} takes a real floating-point point, got dtype {x.dtype}; use x.double().")


def check_field(u: Field, operator: str) -> None:
    """Refuse fields whose value at one point depends on the other points of a batch."""
    if not callable(u):
        raise TypeError(
            f"{operator} takes a field, a function of one point, got {type(u).__name__}. "
            "A tensor has forgotten its function: pass `u`, not `u(x)`."
        )
    if isinstance(u, nn.Module):
        refuse_batch_norm(u)


def refuse_batch_norm(network: nn.Module) -> None:
    """Raise ValueError if `network` holds a BatchNorm layer that averages over the batch: in training mode, or without
    running statistics."""
    for name, module in network.named_modules():
        if isinstance(module, BatchNorm) and (module.training or module.running_mean is None):
            state = "is in training mode" if module.training else "has no running statistics"
            raise ValueError(
                f"{type(module).__name__} {name!r} {state}: it couples the points of a batch, so the network "
                "is no field and has no derivative at a point. Call network.eval() (it needs running statistics), "
                "or use LayerNorm."
            )


def check_axes(axes: Sequence[int] | None, x: Tensor, operator: str) -> tuple[int, ...]:
    """The axes as distinct non-negative integers; all of them for None."""
    if axes is None:
        return tuple(range(x.shape[0]))
    index = _in_range(axes, x, operator)
    if not index or len(set(index)) < len(index):
        raise ValueError(f"{operator}: axes must name one or more coordinates, each of them once, got {axes!r}.")
    return index


def check_direction(direction: Tensor, x: Tensor) -> Tensor:
    """The direction in the dtype of x."""
    if not isinstance(direction, Tensor | JetTensor) or direction.is_complex():
        raise TypeError(f"directional needs a direction that is a real torch.Tensor, got {direction!r}.")
    if direction.shape != x.shape:
        raise ValueError(f"directional needs a direction of shape {tuple(x.shape)}, got {tuple(direction.shape)}.")
    return direction.to(x)


def check_orders(orders: Sequence[MultiIndex], x: Tensor) -> list[MultiIndex]:
    """Multi-indices with sorted axes: partial derivatives of smooth fields commute."""
    if isinstance(orders, int) or any(isinstance(order, int) for order in orders):
        raise TypeError(f"partials takes a sequence of tuples such as [(), (0,), (1, 1)], got {orders!r}.")
    return [tuple(sorted(_in_range(order, x, "partials"))) for order in orders]


def _in_range(axes: Sequence[int], x: Tensor, operator: str) -> tuple[int, ...]:
    d = x.shape[0]
    if isinstance(axes, int) or not all(isinstance(a, int) and -d <= a < d for a in axes):
        raise ValueError(
            f"{operator}: axes must be integers in [0, {d}) for a point with {d=} coordinates, got {axes!r}."
        )
    return tuple(a % d for a in axes)
