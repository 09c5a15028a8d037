"""Conditions: an equation and the region where it holds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from pinn.domains import Boundary, Domain, InitialCauchy, Interior, Region, Surface, TimeDomain
from pinn.operators import Auto, Strategy, directional, partials
from pinn.typing import Field

Residual = Callable[..., Tensor]
"""`residual(u, *sample, strategy=…)` at one point of the region: () or (k,), zero where the condition holds.

`sample` is what the region yields at that point, such as `x` or `x, normal`, then the data `given` there, if any.
"""

Data = Callable[..., Tensor]
"""`given(*sample)` at one point of the region: known data there, such as the traction for `x, normal`."""


@dataclass(frozen=True)
class Condition:
    """One term of the objective: `residual` vanishes on `region`.

    `given` are known data such as a source term or a traction. They do not depend on u, so they are computed from the
    sample once for each draw of points and handed to the residual as its last argument. `weight` multiplies the mean
    square of the residual.
    `prescribed` are values that u takes on a surface: a condition that has them can be built into the field instead.
    They are those of some `components` of u, None for all; what a prescribed field says of others does not matter.
    With an `energy` training minimises ∫ energy over the region, of size `measure`, in place of the mean square; the
    residual stays what is validated and drawn. It takes what the residual takes and gives a number at a point.
    """

    name: str
    region: Region
    residual: Residual
    given: Data | None = None
    weight: float = 1.0
    prescribed: Field | None = None
    components: tuple[int, ...] | None = None
    energy: Residual | None = None
    measure: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise ValueError(f"Condition {self.name!r} needs a finite weight > 0, got weight={self.weight}.")


def interior(
    domain: Domain, residual: Residual, *, source: Field | None = None, energy: Residual | None = None
) -> Condition:
    """The differential equation itself, on all of the domain. With a source f, `residual(u, x, f, strategy=…)`.

    With an `energy`, which takes the same, training minimises its integral in place of the residual.
    """
    measure = domain.measure if energy else 1.0
    return Condition("interior", Interior(domain), residual, given=source, energy=energy, measure=measure)


def dirichlet(
    region: Surface,
    g: Field,
    *,
    name: str = "boundary",
    weight: float = 1.0,
    components: Sequence[int] | None = None,
) -> Condition:
    """Prescribe the value, u = g on `region`; on `Initial` it is the initial value u(t₀, x) = g(t₀, x).

    g(x) has the shape of u(x). With `components` it holds for these of them alone, say the velocities and not the
    pressure.
    """
    chosen = None if components is None else tuple(components)
    return Condition(name, region, partial(_value_error, chosen), at_point(g), weight, prescribed=g, components=chosen)


def cauchy(domain: TimeDomain, g: Field, *, name: str = "initial", weight: float = 1.0) -> Condition:
    """Prescribe value and velocity at the first instant, u = g and u_t = ∂g/∂t at t = t₀, for a scalar u.

    Data (g₀, h) that are known apart make the field g(t, x) = g₀(x) + (t − t₀) h(x).
    """

    def data(x: Tensor) -> Tensor:
        return torch.stack(partials(g, x, [(), (0,)]))

    return Condition(name, InitialCauchy(domain), _cauchy_error, given=data, weight=weight, prescribed=g)


def neumann(region: Boundary, h: Field, *, name: str = "flux", weight: float = 1.0) -> Condition:
    """Prescribe the outward flux, ∂u/∂n = h on `region`.

    h(x) has the shape of u(x); n is the outward unit normal, shape (d,).
    """
    return Condition(name, region, _flux_error, given=at_point(h), weight=weight)


def robin(
    region: Boundary, g: Field, *, a: float = 1.0, b: float = 1.0, name: str = "robin", weight: float = 1.0
) -> Condition:
    """Prescribe a mixture of value and outward flux, au + b ∂u/∂n = g on `region`; g(x) has the shape of u(x)."""
    return Condition(name, region, partial(_robin_error, a, b), given=at_point(g), weight=weight)


def point_value(
    region: Region, g: Field, *, name: str = "point", weight: float = 1.0, components: Sequence[int] | None = None
) -> Condition:
    """Prescribe u = g at single points, which no smooth distance function can build in: the constant of a potential.

    With `components` it holds for these alone, say the pressure of a flow.
    """
    chosen = None if components is None else tuple(components)
    return Condition(name, region, partial(_value_error, chosen), given=at_point(g), weight=weight)


def at_point(g: Field) -> Data:
    """A field as data `given` on a region whose samples are more than a point, such as `x, normal`."""
    return partial(_value_at_point, g)


def manufactured(residual: Residual, exact: Field) -> Field:
    """The source f for which `exact` solves `residual(u, x, f) = 0`, if the residual has the form N[u] − f.

    f = N[exact], by the method of manufactured solutions (Roache 2002).
    """

    def source(x: Tensor) -> Tensor:
        return residual(exact, x, x.new_zeros(()), strategy=Auto())

    return source


def _value_at_point(g: Field, x: Tensor, *_: Tensor) -> Tensor:
    return g(x)


def _value_error(components: tuple[int, ...] | None, u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
    """u − g, where g comes last in the sample."""
    error = u(sample[0]) - sample[-1]
    return error if components is None else torch.stack([error[i] for i in components])


def _cauchy_error(u: Field, x: Tensor, data: Tensor, *, strategy: Strategy) -> Tensor:
    """(u − g, u_t − h)."""
    return torch.stack(partials(u, x, [(), (0,)], strategy)) - data


def _robin_error(a: float, b: float, u: Field, x: Tensor, normal: Tensor, g: Tensor, *, strategy: Strategy) -> Tensor:
    """au + b ∂u/∂n − g."""
    return a * u(x) + b * directional(u, x, normal, strategy) - g


def _flux_error(u: Field, x: Tensor, normal: Tensor, h: Tensor, *, strategy: Strategy) -> Tensor:
    """∂u/∂n − h."""
    return directional(u, x, normal, strategy) - h
