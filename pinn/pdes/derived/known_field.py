"""Boundary values of a coefficient that is sought as a function."""

import torch
from torch import Tensor

from pinn.domains import Boundary, Domain, TimeDomain
from pinn.expressions import Formula, Names
from pinn.operators import Strategy
from pinn.pdes.condition import Condition, at_point
from pinn.typing import Field

ON_BOUNDARY = 100.0
"""The weight of these values."""


def known_field(domain: Domain, name: str, component: int, size: float, value: float | str | Field) -> Condition:
    """u_k = g on the whole boundary, in parts of `size`, unless that is 0.

    The value is a number, the text of a formula of the coordinates, or a function of the point. Raises FormulaError.
    """
    g = _field(domain, name, value)

    def residual(u: Field, x: Tensor, *sample: Tensor, strategy: Strategy) -> Tensor:
        return (u(x)[component] - sample[-1]) / (abs(size) or 1.0)

    return Condition(f"boundary_{name}", Boundary(domain), residual, at_point(g), ON_BOUNDARY)


def _field(domain: Domain, name: str, value: float | str | Field) -> Field:
    if isinstance(value, str):
        timed = isinstance(domain, TimeDomain)
        return Formula.of(value, Names(domain.dim - timed, timed), f"on_boundary.{name}")
    return value if callable(value) else lambda x: torch.full_like(x[0], value)
