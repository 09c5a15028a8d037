"""Hard conditions: a field that satisfies prescribed values exactly, whatever the network says."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.domains import Interior, Surface
from pinn.pdes.condition import Condition
from pinn.typing import Field

Ansatz = Callable[[Field], Field]
"""From the network to the field that is trained."""


def enforce(conditions: Sequence[Condition], components: int | None = None) -> Ansatz:
    """The ansatz u = G + φN, with φ = Π φ_i zero on every surface and G = g_i there (Lagaris et al. 1998).

    G is the Boolean sum of the extensions P_i of each surface, G ← G + P_i[g_i − G], so that the data of several
    surfaces, an initial value and a boundary value say, hold together if they agree on common edges. A condition on
    some of the `components` of u leaves the others alone. Without conditions it is the network itself.
    """
    if not conditions:
        return lambda network: network
    extension = _extension(conditions, components)
    distance = _distance(conditions, components)
    if extension is None:
        return lambda network: lambda x: distance(x) * network(x)
    return lambda network: lambda x: extension(x) + distance(x) * network(x)


def enforce_beside(known: Field | None, conditions: Sequence[Condition], components: int | None = None) -> Ansatz:
    """The ansatz u = s + A[N] with a `known` part s of the solution, where A builds in what is left of the data."""
    if known is None:
        return enforce(conditions, components)
    built_in = enforce([_beside(known, condition) for condition in conditions], components)

    def beside(network: Field) -> Field:
        rest = built_in(network)
        return lambda x: known(x) + rest(x)

    return beside


def vanishes(surface: Surface, g: Field) -> bool:
    """Whether g is zero to rounding on the surface, judged in float64 at up to 200 quasi-random points.

    Rounding is that of the values which g has anywhere in the domain, so that its unit does not matter. A surface that
    is empty, as the boundary of a periodic box is, has no values that could differ from zero.
    """
    sobol = torch.quasirandom.SobolEngine(surface.sample_dim, scramble=True, seed=0)
    checked = 0
    for _ in range(100):  # most candidates miss a small part of a boundary
        points = surface.from_uniform(sobol.draw(200, dtype=torch.float64))[0]
        if len(hits := points[~points.isnan().any(dim=1)]):
            values = torch.func.vmap(surface.data(g))(hits)
            if not bool((values.abs() <= 16 * torch.finfo(values.dtype).eps * largest(surface, g)).all()):
                return False
        checked += len(hits)
        if checked >= 20:
            break
    return True


def largest(surface: Surface, g: Field) -> Tensor:
    """The largest finite entries of g and its derivatives, as the surface prescribes them, in the domain.

    In many dimensions its points lie near the surface: they are drawn towards their middle.
    """
    generator = torch.Generator().manual_seed(0)
    (points,) = Interior(surface.domain).sample(
        200, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64)
    )
    inwards = torch.linspace(0, 1, len(points), dtype=points.dtype)[:, None]
    points = points.mean(0) + inwards * (points - points.mean(0))
    return torch.func.vmap(surface.data(g))(points).abs().nan_to_num(0.0, 0.0, 0.0).amax(0)


def _beside(known: Field, condition: Condition) -> Condition:
    g = condition.prescribed
    assert g is not None
    return dataclasses.replace(condition, prescribed=lambda x: g(x) - known(x))


def _distance(conditions: Sequence[Condition], components: int | None) -> Field:
    """φ, for each component its own if conditions name components."""

    def product(x: Tensor, chosen: Sequence[Condition]) -> Tensor:
        factors = [_surface(condition).distance(x) for condition in chosen]
        return math.prod(factors[1:], start=factors[0]) if factors else torch.ones_like(x[..., 0])

    if components is None or all(condition.components is None for condition in conditions):
        return lambda x: product(x, conditions)
    by_component = [[c for c in conditions if c.components is None or i in c.components] for i in range(components)]
    return lambda x: torch.stack([product(x, chosen) for chosen in by_component])


def _extension(conditions: Sequence[Condition], components: int | None) -> Field | None:
    """G, or None if all data vanish: their extension would cost derivatives of zero at every step."""
    extension: Field | None = None
    for condition in conditions:
        surface = _surface(condition)
        g = masked(condition, components)
        if extension is not None:
            extension = _boolean_sum(extension, surface, g, condition, components)
        elif not vanishes(surface, g):
            extension = surface.extend(g)
    return extension


def _boolean_sum(extension: Field, surface: Surface, g: Field, condition: Condition, components: int | None) -> Field:
    correction = surface.extend(only(lambda x: g(x) - extension(x), condition.components, components))
    return lambda x: extension(x) + correction(x)


def masked(condition: Condition, components: int | None) -> Field:
    """The prescribed value in the components that its condition speaks of, zero in the others."""
    assert condition.prescribed is not None
    return only(condition.prescribed, condition.components, components)


def only(g: Field, chosen: Sequence[int] | None, components: int | None) -> Field:
    """g in the `chosen` components of so many, zero in the others; g itself if none are chosen or there is but one."""
    if chosen is None or components is None:
        return g
    mask = [float(i in chosen) for i in range(components)]
    return lambda x: g(x) * torch.tensor(mask, dtype=x.dtype, device=x.device)


def _surface(condition: Condition) -> Surface:
    assert isinstance(condition.region, Surface)
    return condition.region
