"""Conditions: an equation and the region where it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from pinn.domains import Domain, Interior, Region, Surface
from pinn.operators import Strategy
from pinn.typing import Field

Residual = Callable[..., Tensor]
"""`residual(u, *sample, strategy=…)` at one point of the region: () or (k,), zero where the condition holds.

`sample` is what the region yields at that point, such as `x` or `x, normal`, then the data `given` there, if any.
"""


@dataclass(frozen=True)
class Condition:
    """One term of the objective: `residual` vanishes on `region`.

    `given` are known data such as a source term. They do not depend on u, so they are computed once for each draw of
    points and handed to the residual as its last argument. `weight` multiplies the mean square of the residual.
    `prescribed` are values that u takes on a surface: a condition that has them can be built into the field instead.
    """

    name: str
    region: Region
    residual: Residual
    given: Field | None = None
    weight: float = 1.0
    prescribed: Field | None = None

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise ValueError(f"Condition {self.name!r} needs a weight > 0, got {self.weight}.")


def interior(domain: Domain, residual: Residual, *, source: Field | None = None) -> Condition:
    """The differential equation itself, on all of the domain. With a source f, `residual(u, x, f, strategy=…)`."""
    return Condition("interior", Interior(domain), residual, given=source)


def dirichlet(region: Surface, g: Field, *, name: str = "boundary", weight: float = 1.0) -> Condition:
    """Prescribe the value, u = g on `region`; on `Initial` it is the initial value u(0, x) = g(0, x).

    g(x) has the shape of u(x).
    """
    return Condition(name, region, _value_error, given=g, weight=weight, prescribed=g)


def point_value(region: Region, g: Field, *, name: str = "point", weight: float = 1.0) -> Condition:
    """Prescribe u = g at single points, which no smooth distance function can build in: the constant of a potential."""
    return Condition(name, region, _value_error, given=g, weight=weight)


def _value_error(u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    """u − g, where g comes last in the sample."""
    return u(sample[0]) - sample[-1]
