"""An evolution equation in frozen features: the equations at its points, and its initial value."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Initial, Interior
from pinn.networks import SlabFeatures
from pinn.objective import Objective
from pinn.operators import Auto, partials
from pinn.optimizers.slabs.basis import Basis
from pinn.optimizers.slabs.march import Marcher, State
from pinn.optimizers.slabs.radau import Radau
from pinn.optimizers.slabs.rows import Rows
from pinn.pdes import Evolving
from pinn.typing import Field


@dataclass(frozen=True)
class SlabProblem:
    """What is solved in each slab, until the subdomains change."""

    pde: Evolving
    basis: Basis
    marcher: Marcher

    @classmethod
    def of(
        cls,
        objective: Objective,
        pde: Evolving,
        network: SlabFeatures,
        radau: Radau,
        edges: Sequence[Tensor],
        cut: float,
    ) -> "SlabProblem":
        """With the equation at points of the basis, and other conditions at those of the objective.

        Raises ValueError for an equation without derivative in time and one of third order or above.
        """
        basis = Basis.of(pde, network, edges, len(objective.samples[pde.conditions()[0].name][0]), cut)
        rows = []
        for condition in pde.constraints():
            if isinstance(condition.region, Interior):
                sample, roots = (_at_start(basis),), basis.roots
            else:
                sample = tuple(objective.samples[condition.name])
                roots = torch.full_like(sample[0][:, 0], (condition.weight / len(sample[0])) ** 0.5)
            rows.append(Rows.of(condition, sample, roots, basis, objective.strategy))
        orders = [max(one) for one in zip(*(r.orders(torch.Generator().manual_seed(0)) for r in rows), strict=True)]
        if max(orders) < 1:
            raise ValueError(f"{type(pde.pde).__name__} has no derivative in time: there are no slabs to go through.")
        if max(orders) > 2:
            raise ValueError("Slabs go through equations of first and second order in time, not of a higher one.")
        return cls(pde, basis, Marcher(radau, rows, orders))

    def initial(self) -> tuple[State, float]:
        """The initial value, and rate if there is one, as weights; and the largest relative misfit of a component.

        Raises ValueError if there are too few of them.
        """
        basis, x = self.basis, _at_start(self.basis)
        zero, m = basis.without_features(), len(basis.axes)
        base = _values(zero, x, rates=True)
        targets: dict[int, list[Tensor]] = {}
        for condition in self.pde.initial():
            g = condition.prescribed
            assert g is not None
            parts = _values(g, x, rates=not isinstance(condition.region, Initial))
            for k in condition.components or range(m):
                targets[k] = [part[:, k] - b[:, k] for part, b in zip(parts, base, strict=False)]
        weights, rates, misfit = [], [], 0.0
        for k, (order, axis) in enumerate(zip(self.marcher.orders, basis.axes, strict=True)):
            if len(found := targets.get(k, [])) < order:
                raise ValueError(f"Component {k} is of order {order} in time and has {len(found)} initial values.")
            c = [axis.project @ one for one in found]
            weights.append(c[0] if order > 0 else torch.zeros(axis.size, dtype=torch.float64))
            rates.append(c[1] if order > 1 else torch.zeros(axis.size, dtype=torch.float64))
            if order > 0:
                phi = basis.tables(k, [()], basis.points)[0]
                error, size = (float((basis.roots * one).norm()) for one in (phi @ c[0] - found[0], found[0]))
                misfit = max(misfit, error / size if size > 0 else 0.0)
        return State(tuple(weights), tuple(rates)), misfit


def _at_start(basis: Basis) -> Tensor:
    return torch.cat([torch.full_like(basis.points[:, :1], basis.pde.domain.start), basis.points], 1)


def _values(g: Field, x: Tensor, *, rates: bool) -> list[Tensor]:
    """A field at points, and its rate, each (N, m)."""
    found = vmap(lambda y: tuple(partials(g, y, [(), (0,)] if rates else [()], Auto())))(x)
    return [part.reshape(len(x), -1) for part in found]
