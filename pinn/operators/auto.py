"""The default strategy: the fastest exact one that the field admits."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from pinn.operators.reverse import Eye, Rows
from pinn.operators.strategy import MultiIndex, Strategy
from pinn.typing import Field


@dataclass(frozen=True)
class Auto(Strategy):
    """`Eye` up to `batched` coordinates, where its batched VJP is fastest; `Rows` above, whose memory stays bounded.

    >>> import torch
    >>> from pinn.operators import laplacian
    >>> laplacian(lambda x: x @ x, torch.ones(3), strategy=Auto())
    tensor(6.)
    """

    batched: int = 16

    def choose(self, x: Tensor) -> Strategy:
        """The strategy used at a point like x."""
        return Eye() if x.shape[0] <= self.batched else Rows()

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        return self.choose(x).gradient(u, x)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self.choose(x).jacobian(v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.choose(x).diagonal(v, x, axes)

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        return self.choose(x).directional(u, x, direction)

    def hessian(self, u: Field, x: Tensor) -> Tensor:
        return self.choose(x).hessian(u, x)

    def laplacian(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.choose(x).laplacian(u, x, axes)

    def biharmonic(self, u: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        return self.choose(x).biharmonic(u, x, axes)

    def partials(self, u: Field, x: Tensor, orders: Sequence[MultiIndex]) -> tuple[Tensor, ...]:
        return self.choose(x).partials(u, x, orders)
