"""Forward over reverse: derivatives of the reverse-mode gradient by Jacobian-vector products."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import jvp, vmap

from pinn.operators.strategies.nested import Nested, check_square
from pinn.operators.strategies.reverse import Rows
from pinn.typing import Field


@dataclass(frozen=True)
class ForwardOverReverse(Nested):
    """Hessian-vector products H·e_a = ∂(∇u)/∂x_a, all in one batched pass. Any field.

    >>> from pinn.operators import hessian
    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> hessian(lambda x: x[0] ** 2 * x[1], x, strategy=ForwardOverReverse())
    tensor([[4., 2.],
            [2., 0.]], dtype=torch.float64)
    """

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        return Rows().gradient(u, x)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self.along(v, x, range(x.shape[0]))

    def along(self, f: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        basis = torch.eye(x.shape[0], dtype=x.dtype, device=x.device)[list(axes)]
        # vmap's own out_dims=-1 fails for a derivative that does not depend on e (a linear or constant field).
        return vmap(lambda e: jvp(f, (x,), (e,))[1])(basis).movedim(0, -1)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        columns = self.along(v, x, axes)
        check_square(columns.shape[:-1], axes)
        return columns.diagonal(dim1=-2, dim2=-1)

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        return jvp(u, (x,), (direction,))[1]
