"""What a problem says of the method that it asks for."""

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pinn.domains import TimeDomain
from pinn.domains.wedges import Hole, Wedge
from pinn.networks import FrozenFeatures, RandomSines, WithUnknowns
from pinn.objective import Objective
from pinn.operators import Auto
from pinn.optimizers.parameters import flatten, unflatten
from pinn.pdes import PDE, unscaled
from pinn.pdes.corners import free_corners, free_holes
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Uniform
from pinn.trust.scales import scale_network
from pinn.typing import Params

_WIDTH, _POINTS = 24, 64
_FREQUENCY = 3.0
_AFFINE = 1e-9
_STEP = 1e-3
"""Of the difference quotient of known data, on [−1, 1]."""


@dataclass(frozen=True)
class Facts:
    """The kind of a problem.

    `dim` coordinates, time among them; m `components` of the field; `rows` of the differential equation at a point;
    `frequencies`, the angular ones of the known data of the equation in each coordinate, scaled to [−1, 1].
    `evolution` says whether the domain has time, `periodic` whether each coordinate of space is, `linear` whether the
    residuals are affine in the field, `energy` whether an energy is minimised, `unknowns` whether coefficients are
    sought. `corners` are the wedges of a plane space in which no value is built in, or need be, and `holes` its
    holes.
    """

    dim: int
    components: int
    rows: int
    evolution: bool
    periodic: bool
    linear: bool
    energy: bool
    unknowns: bool
    frequencies: tuple[float, ...] = ()
    corners: tuple[Wedge, ...] = ()
    holes: tuple[Hole, ...] = ()

    @property
    def words(self) -> str:
        """The facts in a line."""
        kind = "of evolution" if self.evolution else "steady"
        parts = [
            f"{'linear' if self.linear else 'nonlinear'}, {kind}, {self.dim} coordinates",
            f"{self.components} components" if self.components > 1 else "",
            "periodic in space" if self.periodic else "",
            "an energy" if self.energy else "",
            "unknown coefficients" if self.unknowns else "",
        ]
        return ", ".join(part for part in parts if part)


def facts_of(pde: PDE, *, seed: int = 0) -> Facts:
    """Examine a problem. Whether it is linear is probed by random smooth fields, whose residuals have to add up."""
    domain, own = pde.domain, unscaled(pde)
    evolution = isinstance(domain, TimeDomain)
    space = domain.chart[1:] if evolution else domain.chart
    energy = any(condition.energy is not None for condition in own.conditions())
    probe = _Probe.of(of_squares(pde) if energy else pde, seed)
    return Facts(
        dim=domain.dim,
        components=(pde.components or 1) - len(pde.unknowns),
        rows=probe.rows,
        evolution=evolution,
        periodic=bool(space) and all(len(axis) == 2 for axis in space),
        linear=not pde.unknowns and probe.defect() <= _AFFINE,
        energy=energy,
        unknowns=bool(pde.unknowns),
        frequencies=probe.frequencies(),
        corners=free_corners(pde),
        holes=free_holes(pde),
    )


@dataclass(frozen=True)
class _Probe:
    """The residuals of a problem at random points, for smooth random fields."""

    objective: Objective
    params: Params
    generator: torch.Generator

    @classmethod
    def of(cls, pde: PDE, seed: int) -> "_Probe":
        generator = torch.Generator().manual_seed(seed)
        outputs = pde.components if pde.components is None else pde.components - len(pde.unknowns)
        bounds, chart = pde.domain.embedded_bounds, pde.domain.chart
        sines = [RandomSines(_WIDTH, _FREQUENCY)]
        network: nn.Module = FrozenFeatures(
            len(bounds[0]), outputs, features=sines, bounds=bounds, chart=chart, generator=generator
        ).double()
        if pde.unknowns:
            network = WithUnknowns(network, pde.unknowns, len(bounds[0]), generator).double()
        scale_network(network, pde)  # what is nonlinear is so at the size of the field
        params = {name: value.detach() for name, value in network.named_parameters()}
        like = next(iter(params.values()))
        samples = Uniform(_POINTS, _POINTS, every=0).sample(pde.soft_conditions(), generator, like)
        return cls(Objective(pde, network, samples, Auto()), params, generator)

    @property
    def rows(self) -> int:
        """Those of the differential equation at a point."""
        return self._equation(self._points).shape[1]

    @torch.no_grad()
    def defect(self) -> float:
        """The largest entry of r(a + b) − r(a) − r(b) + r(0) for random a and b, over that of r."""
        zero = flatten(self.params)
        a, b = (torch.randn(len(zero), generator=self.generator, dtype=zero.dtype) / _WIDTH**0.5 for _ in range(2))
        parts = [self._residuals(zero + step) for step in (a + b, a, b, torch.zeros_like(a))]
        size = max(float(part.abs().max()) for part in parts)
        return float((parts[0] - parts[1] - parts[2] + parts[3]).abs().max()) / size if size > 0 else 0.0

    @torch.no_grad()
    def frequencies(self) -> tuple[float, ...]:
        """√(mean |∂r/∂x_k|² / mean r²) in each coordinate for the field without network, in which r is known data."""
        domain, x = self.objective.pde.domain, self._points
        at, found = self._equation(x), []
        size = float(at.square().mean())
        for k, (low, high) in enumerate(zip(*domain.bounds, strict=True)):
            step = torch.zeros_like(x)
            step[:, k] = _STEP * (high - low) / 2
            inside = domain.contains(x + step)
            change = (self._equation(x + step) - at)[inside] / _STEP
            found.append((float(change.square().mean()) / size) ** 0.5 if size > 0 and bool(inside.any()) else 0.0)
        return tuple(value if math.isfinite(value) else 0.0 for value in found)

    @property
    def _points(self) -> Tensor:
        return self.objective.samples[self.objective.conditions[0].name][0]

    def _equation(self, x: Tensor) -> Tensor:
        """The residual of the differential equation at the first parameters: (N, rows)."""
        name = self.objective.conditions[0].name
        one = dataclasses.replace(self.objective, samples={name: (x,)})
        return one.residuals(self.params)[name].reshape(len(x), -1)

    def _residuals(self, theta: Tensor) -> Tensor:
        found = self.objective.residuals(unflatten(theta, self.params))
        return torch.cat([found[condition.name].reshape(-1) for condition in self.objective.conditions])
