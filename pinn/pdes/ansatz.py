"""Hard conditions: a field that satisfies prescribed values exactly, whatever the network says."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pinn.domains import Surface
from pinn.pdes.condition import Condition
from pinn.typing import Field

Ansatz = Callable[[Field], Field]
"""From the network to the field that is trained."""


def enforce(conditions: Sequence[Condition]) -> Ansatz:
    """The ansatz u = G + φN, with φ = Π φ_i zero on every surface and G = g_i there (Lagaris et al. 1998).

    G is the Boolean sum of the extensions P_i of each surface, G ← G + P_i[g_i − G], so that the data of several
    surfaces, an initial value and a boundary value say, hold together where they agree on common edges.
    Without conditions it is the network itself.
    """
    if not conditions:
        return lambda network: network
    surfaces = [condition.region for condition in conditions if isinstance(condition.region, Surface)]
    extension = _extension(conditions)

    def distance(x: Tensor) -> Tensor:
        product = surfaces[0].distance(x)
        for surface in surfaces[1:]:
            product = product * surface.distance(x)
        return product

    if extension is None:
        return lambda network: lambda x: distance(x) * network(x)
    return lambda network: lambda x: extension(x) + distance(x) * network(x)


def _extension(conditions: Sequence[Condition]) -> Field | None:
    """G, or None where all data vanish: their extension would cost derivatives of zero at every step."""
    extension: Field | None = None
    for condition in conditions:
        surface, g = condition.region, condition.prescribed
        assert isinstance(surface, Surface)
        assert g is not None
        if extension is not None:
            extension = _boolean_sum(extension, surface, g)
        elif not _vanishes(surface, g):
            extension = surface.extend(g)
    return extension


def _boolean_sum(extension: Field, surface: Surface, g: Field) -> Field:
    correction = surface.extend(lambda x: g(x) - extension(x))
    return lambda x: extension(x) + correction(x)


def _vanishes(surface: Surface, g: Field) -> bool:
    """Whether g is zero to rounding on the surface, judged in float64 at 200 quasi-random points."""
    sobol = torch.quasirandom.SobolEngine(surface.numbers, scramble=True, seed=0)
    points = surface.place(sobol.draw(200, dtype=torch.float64))[0]
    hits = points[~points.isnan().any(dim=1)]
    values = torch.func.vmap(g)(hits)
    return bool((values.abs() <= 16 * torch.finfo(values.dtype).eps).all())
