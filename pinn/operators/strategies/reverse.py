"""Reverse mode: J ᵀv for a chosen v. The choice of v decides which operator comes out.

v = 1 sums the rows of J and is its diagonal only if J is diagonal; v = e_i is one row; v = I is all of J.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor
from torch.func import vmap

from pinn.operators.strategies.base import NotDiagonalError
from pinn.operators.strategies.nested import Nested, check_square, pullback, real_dtype, unit
from pinn.typing import Field

Pull = Callable[[Tensor], Tensor]


class _Reverse(Nested):
    """What follows from the gradient of each component, whichever v brought it."""

    def along(self, f: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        # Every component of f is one scalar derivative, for which v = 1 is right, too.
        return self.gradient(f, x)[..., list(axes)]

    def directional(self, u: Field, x: Tensor, direction: Tensor) -> Tensor:
        # A product and a sum, since matmul has no complex-times-real form.
        return (self.gradient(u, x) * direction).sum(-1)


@dataclass(frozen=True)
class Rows(_Reverse):
    """One VJP for each row of the Jacobian, v = e_i. Any field, least memory.

    >>> from pinn.operators import laplacian
    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> laplacian(lambda x: x[0] ** 2 * x[1], x, strategy=Rows())
    tensor(4., dtype=torch.float64)
    """

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        value, pull = pullback(u, x)
        return _loop(value, pull)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self.gradient(v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        value, pull = pullback(v, x)
        check_square(value.shape, axes)
        entries = [pull(unit(value, i))[axes[i % len(axes)]] for i in range(value.numel())]
        return torch.stack(entries).reshape(value.shape)


@dataclass(frozen=True)
class Eye(_Reverse):
    """All rows in one batched VJP, v = I. Any field; memory grows with the number of components n.

    `chunk_size` rows at a time bound it: two nested derivatives hold chunk_size·n² numbers instead of n³. At n = 300
    that is also three times faster (scripts/benchmark_operators.py, one CPU core, float64, 2026-11-23).

    >>> from pinn.operators import jacobian
    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> jacobian(lambda x: torch.stack([x[0] * x[1], x[1]]), x, strategy=Eye())
    tensor([[2., 1.],
            [0., 1.]], dtype=torch.float64)
    """

    chunk_size: int | None = None

    def __post_init__(self) -> None:
        if self.chunk_size is not None and self.chunk_size < 1:
            raise ValueError(f"Eye needs chunk_size >= 1 rows, or None for all, got chunk_size={self.chunk_size}.")

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        value, pull = pullback(u, x)
        if value.dim() == 0:
            return pull(torch.ones_like(value, dtype=real_dtype(value)))
        n = value.numel()
        identity = torch.eye(n, dtype=real_dtype(value), device=value.device)
        rows = vmap(pull, chunk_size=self.chunk_size)(identity.reshape(n, *value.shape))
        return rows.reshape(*value.shape, x.shape[0])

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        return self.gradient(v, x)

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        jacobian = self.gradient(v, x)
        check_square(jacobian.shape[:-1], axes)
        # Indexing copies the whole matrix, in the backward pass too: a quarter of the speed at n = 500.
        columns = jacobian if list(axes) == list(range(x.shape[0])) else jacobian[..., list(axes)]
        return columns.diagonal(dim1=-2, dim2=-1)


@dataclass(frozen=True)
class Ones(_Reverse):
    """One VJP with v = 1, exact only if the Jacobian is diagonal; refused by `NotDiagonalError` otherwise.

    One more VJP checks it: with a random probe s, a diagonal J has Jᵀs = s ∘ (Jᵀ1). The entries of s carry a random
    sign and a random size. Signs alone would be blind to J_ij wherever s_i = s_j, half of all pairs. Entries off the
    diagonal below ε^(2/3) of the largest one, 4e-11 in float64 and 2e-5 in float32, are taken for rounding.

    >>> from pinn.operators import diagonal
    >>> x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    >>> bool((diagonal(torch.sin, x, strategy=Ones()) == torch.cos(x)).all())
    True
    """

    diagonal_only: ClassVar[bool] = True

    seed: int = 0

    def gradient(self, u: Field, x: Tensor) -> Tensor:
        # Each component is a scalar field, for which v = 1 is always right.
        value, pull = pullback(u, x)
        return _loop(value, pull)

    def jacobian(self, v: Field, x: Tensor) -> Tensor:
        value, pull = pullback(v, x)
        if value.dim() == 0:
            return pull(torch.ones_like(value, dtype=real_dtype(value)))
        if value.shape != x.shape:
            raise NotDiagonalError(
                f"The Jacobian of a field of shape {tuple(value.shape)} at a point of shape {tuple(x.shape)} is not "
                "square, so v = 1 cannot give its diagonal. Use Rows() or Eye() (vjp=rows, vjp=eye)."
            )
        return torch.diag_embed(self._checked(value, pull, range(x.shape[0])))

    def diagonal(self, v: Field, x: Tensor, axes: Sequence[int]) -> Tensor:
        value, pull = pullback(v, x)
        check_square(value.shape, axes)
        if value.dim() == 1:
            return self._checked(value, pull, axes)
        rows = value.shape[:-1].numel()

        def block(i: int) -> Pull:
            """The pullback of the i-th vector of a tensor field."""
            return lambda c: pull(
                torch.stack([c if k == i else torch.zeros_like(c) for k in range(rows)]).reshape(value.shape)
            )

        vector = value.reshape(rows, -1)[0]
        return torch.stack([self._checked(vector, block(i), axes) for i in range(rows)]).reshape(value.shape)

    def _checked(self, value: Tensor, pull: Pull, axes: Sequence[int]) -> Tensor:
        """Jᵀ1 along `axes`, after the probe has shown that J is diagonal there."""
        # A slice if it does, because a list is copied and scattered back in the backward pass.
        index = slice(len(axes)) if list(axes) == list(range(len(axes))) else list(axes)
        column_sums = pull(torch.ones_like(value, dtype=real_dtype(value)))[index]
        probe = torch.tensor(_probe(self.seed, len(axes)), dtype=real_dtype(value), device=value.device)
        probed = pull(probe)[index]
        defect = (probed - probe * column_sums).detach().abs()
        scale = torch.maximum(probed.detach().abs(), column_sums.detach().abs()).amax()
        # A diagonal J leaves rounding, which the sums inside a field may amplify; ε^(2/3) is 4e-11 in float64.
        refused = _require_diagonal(defect > torch.finfo(scale.dtype).eps ** (2 / 3) * scale)
        # The verdict enters the result, or a compiler would drop the check as dead code.
        return column_sums.masked_fill(refused, math.nan)


@lru_cache(maxsize=64)
def _probe(seed: int, n: int) -> tuple[float, ...]:
    """Random signs and sizes, drawn once; by Python's generator, since torch's may not run inside vmap."""
    generator = random.Random(seed)
    return tuple(generator.choice((-1, 1)) * generator.uniform(0.5, 1.5) for _ in range(n))


def _loop(value: Tensor, pull: Pull) -> Tensor:
    """All rows of the Jacobian, one VJP each: shape (*m, d)."""
    if value.dim() == 0:
        return pull(unit(value, 0))
    rows = torch.stack([pull(unit(value, i)) for i in range(value.numel())])
    return rows.reshape(*value.shape, rows.shape[-1])


def _raise_unless_diagonal(off_diagonal: Tensor) -> Tensor:
    if bool(off_diagonal.any()):
        raise NotDiagonalError(
            "The Jacobian is not diagonal, so v = 1 would return the sums of its columns, not its diagonal. "
            "Use Rows() or Eye() (vjp=rows, vjp=eye, vjp=auto)."
        )
    return off_diagonal.clone()


# A custom operator, because inside vmap only an operator sees the numbers of all points at once.
_require_diagonal = torch.library.custom_op("pinn::require_diagonal", _raise_unless_diagonal, mutates_args=())
_require_diagonal.register_fake(torch.empty_like)
_require_diagonal.register_vmap(lambda info, in_dims, off_diagonal: (_require_diagonal(off_diagonal), in_dims[0]))
