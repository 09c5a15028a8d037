"""What a problem says of the method that it asks for."""

from dataclasses import dataclass

import torch
from torch import nn

from pinn.domains import TimeDomain
from pinn.networks import FrozenFeatures, RandomSines, WithUnknowns
from pinn.objective import Objective
from pinn.operators import Auto
from pinn.optimizers.parameters import flatten, unflatten
from pinn.pdes import PDE, unscaled
from pinn.pdes.derived.squares import of_squares
from pinn.samplers import Uniform
from pinn.trust.scales import scale_network

_WIDTH, _POINTS = 24, 64
_FREQUENCY = 3.0
_AFFINE = 1e-9


@dataclass(frozen=True)
class Facts:
    """The kind of a problem.

    `dim` coordinates, time among them; m `components` of the field; `rows` of the differential equation at a point.
    `evolution` says whether the domain has time, `periodic` whether each coordinate of space is, `linear` whether the
    residuals are affine in the field, `energy` whether an energy is minimised, `unknowns` whether coefficients are
    sought.
    """

    dim: int
    components: int
    rows: int
    evolution: bool
    periodic: bool
    linear: bool
    energy: bool
    unknowns: bool

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
    linear, rows = _probed(of_squares(pde) if energy else pde, seed)
    return Facts(
        dim=domain.dim,
        components=(pde.components or 1) - len(pde.unknowns),
        rows=rows,
        evolution=evolution,
        periodic=bool(space) and all(len(axis) == 2 for axis in space),
        linear=linear,
        energy=energy,
        unknowns=bool(pde.unknowns),
    )


def _probed(pde: PDE, seed: int) -> tuple[bool, int]:
    """Whether r(a + b) − r(a) − r(b) + r(0) vanishes for random fields, and the rows of the equation at a point."""
    generator = torch.Generator().manual_seed(seed)
    outputs = pde.components if pde.components is None else pde.components - len(pde.unknowns)
    inputs = len(pde.domain.embedded_bounds[0])
    arguments = {"bounds": pde.domain.embedded_bounds, "chart": pde.domain.chart, "generator": generator}
    network: nn.Module = FrozenFeatures(inputs, outputs, features=[RandomSines(_WIDTH, _FREQUENCY)], **arguments)
    network = network.double()
    if pde.unknowns:
        network = WithUnknowns(network, pde.unknowns, inputs, generator).double()
    scale_network(network, pde)  # what is nonlinear is so at the size of the field
    params = {name: value.detach() for name, value in network.named_parameters()}
    like = next(iter(params.values()))
    samples = Uniform(_POINTS, _POINTS, every=0).sample(pde.soft_conditions(), generator, like)
    objective, zero = Objective(pde, network, samples, Auto()), flatten(params)
    equation = objective.conditions[0].name

    def residuals(step: torch.Tensor) -> torch.Tensor:
        found = objective.residuals(unflatten(zero + step, params))
        return torch.cat([found[c.name].reshape(-1) for c in objective.conditions])

    with torch.no_grad():
        a, b = (torch.randn(len(zero), generator=generator, dtype=zero.dtype) / _WIDTH**0.5 for _ in range(2))
        parts = [residuals(step) for step in (a + b, a, b, torch.zeros_like(a))]
        rows = objective.residuals(params)[equation].reshape(len(samples[equation][0]), -1).shape[1]
    size = max(float(part.abs().max()) for part in parts)
    defect = float((parts[0] - parts[1] - parts[2] + parts[3]).abs().max())
    return not pde.unknowns and defect <= _AFFINE * size, rows
