"""The derivative of a residual by the jet of the field at its point: exact, and the same for every network.

Near a point x the field is the polynomial with the derivatives θ_α there,

    y ↦ Σ_α θ_α (y − x)^α / α!,

and the residual of that polynomial at x is a function of θ alone, which `vmap(jacrev)` differentiates at all points at
once. For a field that is linear in its parameters, u = Σ_p c_p φ_p, the parameter Jacobian of the residual is
Σ_α ∂r/∂θ_α ∂^α φ_p: tables of the φ_p, made once, times small matrices.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from pinn.objective.loss import Sample
from pinn.operators import Strategy, partials
from pinn.pdes import Condition
from pinn.typing import Field

MultiIndex = tuple[int, ...]
"""A partial derivative by its coordinates in ascending order: (0, 1, 1) is ∂³/∂x₀∂x₁²."""

HIGHEST = 4
_PROBES = 24
_MOST_TRIED = 2000


def multi_indices(dim: int, order: int) -> list[MultiIndex]:
    """All partial derivatives in `dim` coordinates up to an order, the value () first."""
    return [alpha for k in range(order + 1) for alpha in itertools.combinations_with_replacement(range(dim), k)]


def polynomial(theta: Tensor, alphas: Sequence[MultiIndex], x: Tensor) -> Field:
    """The field y ↦ Σ_α θ_α (y − x)^α/α!, from θ of shape (n,) for a scalar field or (m, n)."""
    center = x.detach()
    factors = [math.prod(math.factorial(alpha.count(k)) for k in set(alpha)) for alpha in alphas]

    def u(y: Tensor) -> Tensor:
        offset = y - center
        terms = []
        for alpha, factor in zip(alphas, factors, strict=True):
            term = torch.ones_like(offset[0]) if not alpha else offset[alpha[0]] / factor
            for k in alpha[1:]:
                term = term * offset[k]
            terms.append(term)
        return theta @ torch.stack(terms)

    return u


@dataclass(frozen=True)
class LocalResidual:
    """The residual of a condition as a function of the derivatives `alphas` of each component of the field.

    `components` is the m of the field, None for a scalar one. θ has shape (N, m, n) for N points, m = 1 for a scalar.
    """

    condition: Condition
    components: int | None
    alphas: tuple[MultiIndex, ...]
    strategy: Strategy

    @classmethod
    def of(cls, condition: Condition, components: int | None, sample: Sample, strategy: Strategy) -> "LocalResidual":
        """With those derivatives up to the fourth that the residual depends on, found at some points of a sample.

        Raises NotImplementedError if there are too many to try, above some twelve dimensions.
        """
        dim, m = sample[0].shape[-1], components or 1
        if math.comb(dim + HIGHEST, HIGHEST) > _MOST_TRIED:
            raise NotImplementedError(f"{dim} dimensions have too many derivatives of fourth order to try them all.")
        every = max(1, len(sample[0]) // _PROBES)
        few = tuple(part[::every][:_PROBES] for part in sample)
        alphas = multi_indices(dim, HIGHEST)
        generator = torch.Generator().manual_seed(0)
        theta = torch.randn(len(few[0]), m, len(alphas), generator=generator, dtype=torch.float64).to(few[0])
        whole = cls(condition, components, tuple(alphas), strategy)
        used = (whole.derivative(theta, few)[1] != 0).flatten(0, 2).any(0).cpu().tolist()
        kept = [alpha for alpha, one in zip(alphas, used, strict=True) if one or not alpha]
        return cls(condition, components, tuple(kept), strategy)

    def value(self, theta: Tensor, sample: Sample) -> Tensor:
        """The residual, shape (N, k)."""
        return vmap(self._at)(theta, *sample)

    def derivative(self, theta: Tensor, sample: Sample) -> tuple[Tensor, Tensor]:
        """The residual, shape (N, k), and its derivative by θ, shape (N, k, m, n)."""

        def twice(theta: Tensor, *point: Tensor) -> tuple[Tensor, Tensor]:
            r = self._at(theta, *point)
            return r, r

        D, r = vmap(jacrev(twice, has_aux=True))(theta, *sample)
        return r, D

    def _at(self, theta: Tensor, *point: Tensor) -> Tensor:
        u = polynomial(theta[0] if self.components is None else theta, self.alphas, point[0])
        return self.condition.residual(u, *point, strategy=self.strategy).reshape(-1)


def jets(u: Field, alphas: Sequence[MultiIndex], points: Tensor, strategy: Strategy) -> Tensor:
    """The derivatives of a field at points, shape (N, m, n), m = 1 for a scalar field."""
    return vmap(partial(_jet, u, tuple(alphas), strategy))(points)


def jet_tables(
    u: Callable[[Tensor], Field],
    size: int,
    alphas: Sequence[MultiIndex],
    points: Tensor,
    strategy: Strategy,
    component: int = 0,
    chunk: int = 1024,
) -> Tensor:
    """The derivatives of a component of u(c) by c, which u is linear in: ∂^α φ_p at points, shape (N, n, P).

    `u` takes c of shape (P,) = (size,).
    """

    def at(c: Tensor, x: Tensor) -> Tensor:
        return _jet(u(c), tuple(alphas), strategy, x)[component]

    zero = points.new_zeros(size)
    return torch.cat([vmap(jacrev(at), (None, 0))(zero, part) for part in points.split(chunk)])


def _jet(u: Field, alphas: tuple[MultiIndex, ...], strategy: Strategy, x: Tensor) -> Tensor:
    found = torch.stack(partials(u, x, list(alphas), strategy))
    return found[None] if found.dim() == 1 else found.T
