"""The equations of a slab at its instants: residuals of all conditions, and their derivatives by the jets of u."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.func import vmap

from pinn.objective import LocalResidual
from pinn.objective.local import MultiIndex, jets
from pinn.operators import Auto, Strategy
from pinn.optimizers.slabs.basis import Basis
from pinn.pdes import Condition

_AUTO = Auto()


@dataclass(frozen=True)
class Rows:
    """A condition at fixed points of space, at any instants.

    `sample` is one of the region, whose points (n, 1 + d) are moved in time; `roots` weigh its rows. For each component
    `tables` has ∂^β φ by the spatial part β of a multi-index.
    """

    local: LocalResidual
    sample: tuple[Tensor, ...]
    roots: Tensor
    tables: Sequence[Mapping[MultiIndex, Tensor]]
    still: bool
    """Whether the field without features is 0, so that its jets need not be asked for."""
    basis: Basis = field(repr=False)

    @classmethod
    def of(
        cls, condition: Condition, sample: tuple[Tensor, ...], roots: Tensor, basis: Basis, strategy: Strategy
    ) -> "Rows":
        """At these points, with the derivatives that the residual depends on."""
        pde = basis.pde
        data = _with_data(condition, sample)
        local = LocalResidual.of(condition, pde.components, data, strategy)
        betas = sorted({_space(alpha) for alpha in local.alphas}, key=lambda beta: (len(beta), beta))
        tables: list[Mapping[MultiIndex, Tensor]] = []
        for component, axis in enumerate(basis.axes):
            if component and axis is basis.axes[0]:
                tables.append(tables[0])
            else:
                found = basis.tables(component, betas, sample[0][:, 1:])
                tables.append(dict(zip(betas, found, strict=True)))
        few = sample[0][:: max(1, len(sample[0]) // 7)]
        later = few.clone()
        later[:, 0] += pde.domain.duration / 3
        still = not bool(jets(basis.without_features(), local.alphas, torch.cat([few, later]), _AUTO).any())
        return cls(local, sample, roots, tables, still, basis)

    def orders(self, generator: torch.Generator) -> list[int]:
        """The highest derivative in time of each component that the residual depends on, −1 if it does not at all."""
        every = max(1, len(self.sample[0]) // 24)
        few = tuple(part[::every] for part in _with_data(self.local.condition, self.sample))
        m = len(self.basis.axes)
        theta = torch.randn(len(few[0]), m, len(self.local.alphas), generator=generator, dtype=torch.float64)
        used = (self.local.derivative(theta, few)[1] != 0).any(0).any(0).cpu().tolist()
        return [
            max((alpha.count(0) for alpha, one in zip(self.local.alphas, row, strict=True) if one), default=-1)
            for row in used
        ]

    def known(self, times: Tensor) -> tuple[Tensor | float, tuple[Tensor, ...]]:
        """What does not depend on the weights: the jets of the field without features, and the sample at all times."""
        n = len(self.sample[0])
        points = self.sample[0].repeat(len(times), 1)
        points[:, 0] = times.repeat_interleave(n)
        sample = (points, *(part.repeat(len(times), *[1] * (part.dim() - 1)) for part in self.sample[1:]))
        base = 0.0 if self.still else jets(self.basis.without_features(), self.local.alphas, points, _AUTO)
        return base, _with_data(self.local.condition, sample)

    def theta(self, base: Tensor | float, weights: Sequence[Sequence[Tensor]]) -> Tensor:
        """The jets, shape (S·n, m, alphas), from the derivatives in time of each component's weights, each (S, K)."""
        n, components = len(weights[0][0]) * len(self.sample[0]), []
        for tables, one in zip(self.tables, weights, strict=True):
            zero, columns = one[0].new_zeros(n), []
            for alpha in self.local.alphas:
                order = alpha.count(0)
                columns.append((one[order] @ tables[_space(alpha)].T).reshape(-1) if order < len(one) else zero)
            components.append(torch.stack(columns, -1))
        return torch.stack(components, 1) + base

    def operators(self, D: Tensor) -> dict[tuple[int, int, int], Tensor]:
        """Σ_β diag(w) ∂^βφ by (row, component, order in time), shape (n, K), with w the mean of D over the instants."""
        n = len(self.sample[0])
        w = D.reshape(-1, n, *D.shape[1:]).mean(0)  # (n, k, m, alphas)
        found: dict[tuple[int, int, int], Tensor] = {}
        for a, alpha in enumerate(self.local.alphas):
            for component, tables in enumerate(self.tables):
                for row in range(w.shape[1]):
                    factor = w[:, row, component, a]
                    if bool(factor.any()):
                        key, term = (row, component, alpha.count(0)), factor[:, None] * tables[_space(alpha)]
                        found[key] = found[key] + term if key in found else term
        return found


def _space(alpha: MultiIndex) -> MultiIndex:
    """The part of a multi-index that differentiates in space, in the coordinates of space."""
    return tuple(k - 1 for k in alpha if k > 0)


def _with_data(condition: Condition, sample: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return sample if condition.given is None else (*sample, vmap(condition.given)(*sample))
