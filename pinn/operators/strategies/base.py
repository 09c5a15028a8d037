"""What a strategy must be able to differentiate; how it does so is its own business."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from pinn.typing import Field

MultiIndex = tuple[int, ...]
"""The axes of one partial derivative in any order: `()` is the value, `(1, 1)` is ∂²/∂x₁²."""


class NotDiagonalError(ValueError):
    """The strategy `Ones` met a Jacobian that is not diagonal, whose diagonal is not Jᵀ1."""


class MissingRuleError(NotImplementedError):
    """The strategy `Jet` met an operation or an order of derivative that it cannot propagate; others can."""


class Strategy(ABC):
    """A way to differentiate a field u at one point x of shape (d,).

    `axes` are the coordinates that take part, e.g. the spatial ones of a space-time point. All exact
    strategies return the same numbers to rounding; they differ in cost, memory and in what they accept.
    """

    nests: ClassVar[bool] = False
    """Whether x may be a quantity on its way through `Jet`, so that the operator may stand in a field of another."""
    propagates: ClassVar[bool] = False
    """Whether derivatives are propagated through the field as `Jet` does: such operators can share a propagation, and
    the parameter Jacobian can be had by layers."""

    diagonal_only: ClassVar[bool] = False
    """Whether derivatives are exact only if the Jacobian is diagonal."""
    random: ClassVar[bool] = False
    """Whether derivatives are estimates, which follow from a seed."""

    listens: ClassVar[bool] = False
    """Whether it wants to `hear` of what an equation differentiates by means of its own."""

    def hear(self, f: Field, x: Tensor, orders: Mapping[int, int]) -> None:
        """An equation has derivatives of f, up to these orders by axis, for which it asks no operator."""
        raise NotImplementedError(f"{type(self).__name__} does not listen.")

    def sharing(self, shared: "Strategy") -> "Strategy":
        """This strategy for one evaluation of a residual, with what it propagates taken from `shared`."""
        return self

    def reseeded(self, seed: int, step: int) -> "Strategy":
        """The strategy of a step of a run with this seed: itself, unless it is random."""
        return self

    def without_seed(self) -> tuple["Strategy", Tensor]:
        """What a compiled graph may depend on, and the seed, which is one of the graph's inputs."""
        return self, torch.zeros(())

    def with_seed(self, seed: Tensor) -> "Strategy":
        """The strategy with a seed that may be a tensor of a graph: itself, unless it is random."""
        return self

    @abstractmethod
    def gradient(self, u: Field, x: Tensor) -> Tensor:
        """First derivatives of every component, each a scalar field: shape (*m, d)."""

    @abstractmethod
    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        """J_ij = ∂v_i/∂x_j, shape (*m, d)."""

    @abstractmethod
    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        """∂v_…k/∂x_axes[k] for v of shape (*m, len(axes)): the same shape."""

    @abstractmethod
    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        """J·direction, shape of u(x)."""

    @abstractmethod
    def hessian(self, u: Field, x: Tensor) -> Tensor:
        """H_ij = ∂²u/∂x_i∂x_j, shape (*m, d, d)."""

    @abstractmethod
    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        """Σ_{a ∈ axes} ∂²u/∂x_a², shape of u(x)."""

    @abstractmethod
    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        """Δ(Δu) over `axes`, shape of u(x)."""

    @abstractmethod
    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        """One partial derivative for each multi-index, each of the shape of u(x)."""
