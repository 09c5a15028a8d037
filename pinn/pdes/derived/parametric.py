"""Parametric problems: one network for a whole range of a PDE's coefficients."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import torch
from torch import Tensor

from pinn.domains import ParameterDomain, at_all_parameters
from pinn.operators import Strategy
from pinn.pdes.condition import Condition
from pinn.pdes.derived.coefficients import (
    check_coefficients,
    check_value,
    coefficients_of,
    condition_of,
    residual_of,
    substituted,
)
from pinn.pdes.derived.wrapper import Wrapper
from pinn.pdes.pde import PDE
from pinn.typing import Field


@dataclass(frozen=True)
class Parametric(Wrapper):
    """`pde` for all values of some coefficients between two bounds: they are further coordinates μ of the point.

        N(u(x, μ); μ) = 0    for (x, μ) in Ω × [lower, upper]

    `parameters` has (lower, upper) for each coefficient by name. Source, data and exact solution are those that `pde`
    has with each value. Raises ValueError for a coefficient that `pde` does not have and unless lower < upper.
    """

    parameters: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check_coefficients("Parametric", self.pde, tuple(self.parameters))
        for name, bounds in self.parameters.items():
            if len(bounds) != 2 or not -math.inf < bounds[0] < bounds[1] < math.inf:
                raise ValueError(f"Parametric needs two finite numbers lower < upper for {name}, got {list(bounds)}.")
            if callable(coefficients_of(self.pde)[name]):
                raise ValueError(f"Parametric: {name} of {type(self.pde).__name__} is a function, not a number.")
            for bound in bounds:  # what the PDE does not take is refused here
                check_value(self.pde, name, float(bound))

    @cached_property
    def domain(self) -> ParameterDomain:  # pyright: ignore[reportIncompatibleMethodOverride]
        lower, upper = zip(*self.parameters.values(), strict=True)
        return ParameterDomain(self.pde.domain, lower, upper, tuple(self.parameters))

    @property
    def exact(self) -> Field | None:
        if self.pde.exact is None:
            return None

        def exact(x: Tensor) -> Tensor:
            point, at = self._at(x)
            assert at.exact is not None
            return at.exact(point)

        return exact

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self._for_all(condition) for condition in self.pde.conditions())

    def _for_all(self, condition: Condition) -> Condition:
        return dataclasses.replace(
            condition,
            region=at_all_parameters(condition.region, self.domain),
            residual=partial(self._residual, condition.name),
            given=partial(self._data, condition.name, "given") if condition.given else None,
            prescribed=partial(self._data, condition.name, "prescribed") if condition.prescribed else None,
        )

    def _residual(self, name: str, u: Field, x: Tensor, *sample: Tensor, strategy: Strategy) -> Tensor:
        point, at = self._at(x)
        parameters = x[self.pde.domain.dim :]
        return residual_of(at, name, lambda y: u(torch.cat([y, parameters])), point, *sample, strategy=strategy)

    def _data(self, name: str, kind: str, x: Tensor, *others: Tensor) -> Tensor:
        point, at = self._at(x)
        return getattr(condition_of(at, name), kind)(point, *others)

    def _at(self, x: Tensor) -> tuple[Tensor, PDE]:
        """The point, and the PDE with the parameters there."""
        point, parameters = self.domain.split(x)
        values: dict[str, Tensor | Field] = dict(zip(self.parameters, parameters.unbind(-1), strict=True))
        return point, substituted(self.pde, values, solved=True)
