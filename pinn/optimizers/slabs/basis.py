"""The features of a slab in space: orthonormal at points, with their derivatives in tables."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.domains import Box, Domain, PeriodicBox
from pinn.networks import SlabFeatures
from pinn.objective.local import MultiIndex, jet_tables, jets
from pinn.operators import Auto
from pinn.pdes import Ansatz, Evolving
from pinn.typing import Field

_AUTO = Auto()
_AGREE = 1e-9
MOST = 4000
"""Functions in space whose dense decompositions are a matter of minutes."""


@dataclass(frozen=True)
class Axis:
    """The features of one component: φ = raw · R, orthonormal at the points; `project` gives weights from values."""

    R: Tensor
    project: Tensor

    @property
    def size(self) -> int:
        return self.R.shape[1]


@dataclass(frozen=True)
class Basis:
    """Points in space (M, d), the roots of their quadrature weights (M,), and the features of each component there."""

    pde: Evolving
    ansatz: Ansatz
    network: SlabFeatures
    edges: tuple[Tensor, ...]
    points: Tensor
    roots: Tensor
    axes: tuple[Axis, ...]

    @classmethod
    def of(cls, pde: Evolving, network: SlabFeatures, edges: Sequence[Tensor], points: int, cut: float) -> "Basis":
        """Features orthonormalised once, without directions of singular values below `cut` times the largest.

        Raises ValueError if less than two points are left for each feature.
        """
        if (width := network.features.width_with(edges)) > MOST:
            raise ValueError(
                f"The subdomains have become so many that there are {width} features, and still do not resolve the "
                "field: more features in each of them (network.features), or a larger optimizer.resolution."
            )
        x, weights = quadrature(pde.domain.space, points, edges, network.features.edges)
        roots = (weights / weights.sum()).sqrt()
        found: list[Axis] = []
        shell = cls(pde, pde.ansatz(), network, tuple(edges), x, roots, ())
        for component in range(pde.components or 1):
            if shell.same(component) and component:
                found.append(found[0])
                continue
            values = shell.raw(component, [()], x)[:, 0] * roots[:, None]
            _, sigma, Vh = torch.linalg.svd(values, full_matrices=False)
            kept = int((sigma > cut * sigma[0]).sum())
            if len(x) < 2 * kept:
                raise ValueError(
                    f"{kept} frozen features need {2 * kept} points in space at least, and there are {len(x)}: raise "
                    "sampler.interior, or lower the width or the frequency of the features."
                )
            R = Vh[:kept].T / sigma[:kept]
            Q, T = torch.linalg.qr(values @ R)
            found.append(Axis(R, torch.linalg.solve_triangular(T, Q.T, upper=True) * roots))
        return dataclasses.replace(shell, axes=tuple(found))

    def tables(self, component: int, alphas: Sequence[MultiIndex], points: Tensor) -> Tensor:
        """∂^α of the orthonormal features at points of space, α in the coordinates of space: (n, M, K)."""
        return (self.raw(component, alphas, points) @ self.axes[component].R).transpose(0, 1).contiguous()

    def raw(self, component: int, alphas: Sequence[MultiIndex], points: Tensor) -> Tensor:
        """The same of the features as the network has them: (M, n, K)."""
        shifted = [tuple(k + 1 for k in alpha) for alpha in alphas]
        width = self.network.features.width_with(self.edges)
        return jet_tables(lambda c: self._field(component, c), width, shifted, self._at_start(points), _AUTO, component)

    def same(self, component: int) -> bool:
        """Whether the features of a component are those of the first. Refuses those that move others, or with time."""
        few = self._at_start(self.points[:: max(1, len(self.points) // 7)])
        later = few.clone()
        later[:, 0] += self.pde.domain.duration / 3
        value, then = self._change(component, few), self._change(component, later)
        others, size = [k for k in range(value.shape[1]) if k != component], value.abs().max()
        if value[:, others].abs().sum() > _AGREE * size or (then - value).abs().max() > _AGREE * size:
            raise ValueError(
                "Slabs need values that are built in to be a factor of space alone, for each component its own: "
                "penalise the boundary values (pde.hard=false)."
            )
        return bool((value[:, component] - self._change(0, few)[:, 0]).abs().max() <= _AGREE * size)

    def _change(self, component: int, points: Tensor) -> Tensor:
        """What some weights of a component add to the field: (N, m)."""
        width = self.network.features.width_with(self.edges)
        c = torch.randn(width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        with_them, without = (jets(self._field(component, k * c), [()], points, _AUTO)[..., 0] for k in (1, 0))
        return with_them - without

    def _at_start(self, points: Tensor) -> Tensor:
        return torch.cat([torch.full_like(points[:, :1], self.pde.domain.start), points], 1)

    def _field(self, component: int, c: Tensor) -> Field:
        features, edges, m = self.network.features, list(self.edges) or None, self.pde.components

        def network(z: Tensor) -> Tensor:
            value = torch.nn.functional.linear(features(z[..., 1:], edges), c[None])
            if m is None:
                return value[..., 0]
            return value * torch.nn.functional.one_hot(torch.tensor(component), m).to(c)

        return self.ansatz(network)

    def without_features(self) -> Field:
        """What is built in and known."""
        m = self.pde.components

        def nothing(z: Tensor) -> Tensor:
            zero = torch.zeros_like(z[..., 0])
            return zero if m is None else torch.stack([zero] * m, -1)

        return self.ansatz(nothing)


def quadrature(space: Domain, points: int, edges: Sequence[Tensor], first: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """About so many points of a space, and weights: (M, d) and (M,).

    Products of Gauss–Legendre points on boxes, in each subdomain if there are such, as many as in each of the `first`;
    of midpoints along a period without subdomains; elsewhere quasi-random points.
    """
    if not isinstance(space, (Box, PeriodicBox)):
        sobol = torch.quasirandom.SobolEngine(space.interior_sample_dim, scramble=True, seed=0)
        found = space.interior(sobol.draw(int(points * 4), dtype=torch.float64))
        found = found[~found.isnan().any(1)][:points]
        return found, torch.ones(len(found), dtype=torch.float64)
    each = math.ceil(points ** (1 / space.dim) - 1e-9)
    nodes, weights = [], []
    for axis, (a, b) in enumerate(zip(*space.bounds, strict=True)):
        if not edges and isinstance(space, PeriodicBox):
            x, w = (torch.arange(each, dtype=torch.float64) + 0.5) / each * 2 - 1, torch.full((each,), 2.0 / each)
        else:
            ends = edges[axis] if edges else torch.tensor([-1.0, 1.0], dtype=torch.float64)
            count = math.ceil(each / (len(first[axis]) - 1)) if edges else each
            q, v = (torch.from_numpy(array) for array in np.polynomial.legendre.leggauss(count))
            half = (ends[1:] - ends[:-1])[:, None] / 2
            x, w = ((ends[1:] + ends[:-1])[:, None] / 2 + half * q).reshape(-1), (half * v).reshape(-1)
        nodes.append((a + b) / 2 + (b - a) / 2 * x)
        weights.append(w.double())
    grid = torch.stack(torch.meshgrid(*nodes, indexing="ij"), -1).reshape(-1, space.dim)
    product = math.prod(torch.meshgrid(*weights, indexing="ij"))
    assert isinstance(product, Tensor)
    return grid, product.reshape(-1)
