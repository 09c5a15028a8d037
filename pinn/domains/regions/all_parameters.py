"""Regions of a domain at all parameters of a parametric problem."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.domains.composed.parameter_domain import ParameterDomain
from pinn.domains.regions.base import Interior, Region, Surface
from pinn.typing import Field


@dataclass(frozen=True)
class _AtAllParameters(Region):
    """A region of the domain, at parameters drawn with each of its points."""

    region: Region
    domain: ParameterDomain

    @property
    def sample_dim(self) -> int:
        return self.region.sample_dim + len(self.domain.lower)

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return _joined(self.region, self.domain, u)


@dataclass(frozen=True)
class _SurfaceAtAllParameters(Surface):
    """A surface of the domain, at parameters drawn with each of its points."""

    region: Surface
    domain: ParameterDomain

    @property
    def sample_dim(self) -> int:
        return self.region.sample_dim + len(self.domain.lower)

    def from_uniform(self, u: Tensor) -> tuple[Tensor, ...]:
        return _joined(self.region, self.domain, u)

    @property
    def smooth(self) -> bool:
        return self.region.smooth

    @property
    def extendable(self) -> bool:
        return self.region.extendable

    def distance(self, x: Tensor) -> Tensor:
        return self.region.distance(self.domain.split(x)[0])

    def extend(self, g: Field) -> Field:
        return self.domain.at_each(self.region.extend, g)


def at_all_parameters(region: Region, domain: ParameterDomain) -> Region:
    """The region times the box of parameters: its samples have μ behind x; a normal stays that of Ω."""
    if isinstance(region, Interior):
        return Interior(domain)
    if isinstance(region, Surface):
        return _SurfaceAtAllParameters(region, domain)
    return _AtAllParameters(region, domain)


def _joined(region: Region, domain: ParameterDomain, u: Tensor) -> tuple[Tensor, ...]:
    x, *others = region.from_uniform(u[:, : region.sample_dim])
    parameters = domain.parameters(u[:, region.sample_dim :])
    return (torch.cat([x, parameters], 1), *others)
