"""Conditions that tie several points or several fields together, or a field to what was measured."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Boundary, Domain, Measurements, OppositeFaces, Quadrature
from pinn.operators import Strategy, directional, partials
from pinn.pdes.condition import Condition
from pinn.typing import Field

_ZERO = 0.0

Integrand = Callable[[Tensor, Tensor], Tensor]
"""g(u(x), x) at one point, shape ()."""


def periodic(domain: Domain, axis: int, *, order: int = 1, name: str = "", weight: float = 1.0) -> Condition:
    """Periodicity along coordinate `axis`: u and its derivatives below `order` + 1 agree on opposite faces, softly.

    A `PeriodicBox` is periodic exactly and to all orders, and to be preferred if the equation allows it. Raises
    ValueError for a negative order.
    """
    if order < 0:
        raise ValueError(f"periodic needs order >= 0, got order={order}.")
    region = OppositeFaces(domain, axis)
    return Condition(name or f"periodic_{axis}", region, partial(_period_error, axis, order), weight=weight)


def interface(
    region: Boundary,
    *,
    inside: float = 1.0,
    outside: float = 1.0,
    jump: float = _ZERO,
    flux_jump: float = _ZERO,
    name: str = "interface",
    weight: float = 1.0,
) -> Condition:
    """The coupling of u = (u₁, u₂), u₁ within the domain that `region` bounds and u₂ around it:

        u₂ − u₁ = jump,     k₂ ∂u₂/∂n − k₁ ∂u₁/∂n = flux_jump,

    with n outward from the inner domain and the conductivities k₁ = `inside`, k₂ = `outside`.
    """
    residual = partial(_interface_error, (inside, outside), (jump, flux_jump))
    return Condition(name, region, residual, weight=weight)


def integral(
    domain: Domain, integrand: Integrand, value: float, *, nodes: int = 20, name: str = "integral", weight: float = 1.0
) -> Condition:
    """An integral constraint, ∫ g(u(x), x) dx = `value` over the domain; at every instant if it has time.

    `integrand(u, x)` is g at one point, shape (); the quadrature is that of `Quadrature` with so many nodes.
    """
    return Condition(name, Quadrature(domain, nodes), partial(_integral_error, integrand, value), weight=weight)


def measured(
    points: Tensor | Sequence[Sequence[float]],
    values: Tensor | Sequence[float] | Sequence[Sequence[float]],
    *,
    components: Sequence[int] | None = None,
    name: str = "data",
    weight: float = 1.0,
) -> Condition:
    """u = `values` at `points`, of shapes (n, m) or (n,) and (n, d): measured data, which may be noisy.

    With `components` the values are of these, in this order. Raises ValueError for shapes that do not match.
    """
    region = Measurements(points, values)
    return Condition(
        name, region, partial(_data_error, None if components is None else tuple(components)), weight=weight
    )


def _period_error(axis: int, order: int, u: Field, x: Tensor, y: Tensor, *, strategy: Strategy) -> Tensor:
    orders = [(axis,) * k for k in range(order + 1)]
    near, far = (torch.stack(partials(u, point, orders, strategy)) for point in (x, y))
    return near - far


def _interface_error(
    conductivities: tuple[float, float],
    jumps: tuple[float, float],
    u: Field,
    x: Tensor,
    normal: Tensor,
    *,
    strategy: Strategy,
) -> Tensor:
    (inner, outer), (flux_in, flux_out) = u(x), directional(u, x, normal, strategy)
    k1, k2 = conductivities
    return torch.stack([outer - inner - jumps[0], k2 * flux_out - k1 * flux_in - jumps[1]])


def _integral_error(
    integrand: Integrand, value: float, u: Field, X: Tensor, weights: Tensor, *, strategy: Strategy
) -> Tensor:
    return weights @ vmap(lambda x: integrand(u(x), x))(X) - value


def _data_error(
    components: tuple[int, ...] | None, u: Field, x: Tensor, value: Tensor, *, strategy: Strategy
) -> Tensor:
    predicted = u(x)
    if components is not None:
        predicted = torch.stack([predicted[i] for i in components])
    return predicted - value.reshape(predicted.shape)
