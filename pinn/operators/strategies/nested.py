"""Higher derivatives as derivatives of derivatives: the Laplacian is the divergence of the gradient."""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.operators.strategies.base import MultiIndex, Strategy
from pinn.typing import Field

Derive = Callable[[Field, Tensor, Sequence[int]], Tensor]
"""`derive(f, x, axes)`: the derivatives of f along `axes`, shape (*m, len(axes))."""


def pullback(f: Field, x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The value f(x), and the map v ↦ vᵀJ for real v; J is complex if f is.

    For real x reverse mode returns Re(v̄ᵀJ), so v gives vᵀ Re J and iv gives vᵀ Im J.
    """
    value, vjp, *_ = torch.func.vjp(f, x)
    if not value.is_complex():
        return value, lambda v: vjp(v)[0]
    return value, lambda v: torch.complex(vjp(v + 0j)[0], vjp(1j * v)[0])


def real_dtype(value: Tensor) -> torch.dtype:
    """The dtype of a cotangent: real, also if the field is complex."""
    return value.real.dtype if value.is_complex() else value.dtype


def unit(value: Tensor, index: int) -> Tensor:
    """The cotangent e_index of the shape of `value`."""
    e = torch.zeros(value.numel(), dtype=real_dtype(value), device=value.device)
    e[index] = 1
    return e.reshape(value.shape)


def check_square(shape: torch.Size, axes: Sequence[int]) -> None:
    """Refuse a divergence whose field does not have one component for each axis."""
    if len(shape) == 0 or shape[-1] != len(axes):
        raise ValueError(
            f"div and diagonal need a field with one component for each of the {len(axes)} axes {tuple(axes)} "
            f"in its last dimension, got a field of shape {tuple(shape)}."
        )


class Nested(Strategy):
    """Second and higher derivatives from repeated first derivatives."""

    @abstractmethod
    def along(self, f: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        """Derivatives along `axes` of a field that is itself a derivative, shape (*m, len(axes))."""

    def hessian(self, u: Field, x: Tensor) -> Tensor:
        return self.along(lambda y: self.gradient(u, y), x, range(x.shape[0]))

    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        index = list(axes)
        return self.diagonal(lambda y: self.gradient(u, y)[..., index], x, axes).sum(-1)

    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.laplacian(lambda y: self.laplacian(u, y, axes), x, axes)

    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        def first(f: Field, y: Tensor, axes: Sequence[int]) -> Tensor:
            return self.gradient(f, y)[..., list(axes)]

        partials = _descend(u, x, set(orders), first, self.along)
        return tuple(partials[order] for order in orders)


def _descend(f: Field, x: Tensor, orders: set[MultiIndex], derive: Derive, higher: Derive) -> dict[MultiIndex, Tensor]:
    """Partial derivatives of f by multi-index, as a tree: derivatives with a common head share it."""
    partials = {(): f(x)} if () in orders else {}
    tails = {head: {o[1:] for o in orders if o[:1] == (head,)} for head in sorted({o[0] for o in orders if o})}
    if wanted := [head for head, rest in tails.items() if () in rest]:
        derivatives = derive(f, x, wanted)
        partials |= {(head,): derivatives[..., k] for k, head in enumerate(wanted)}
    for head, rest in tails.items():
        if deeper := rest - {()}:

            def derivative(y: Tensor, head: int = head) -> Tensor:
                return derive(f, y, [head])[..., 0]

            below = _descend(derivative, x, deeper, higher, higher)
            partials |= {(head, *order): value for order, value in below.items()}
    return partials
