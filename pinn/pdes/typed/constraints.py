"""Values at points, integrals and measurements of a problem that is typed: the conditions that they make."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import (
    BoundaryQuadrature,
    Domain,
    PointSet,
    PointsInTime,
    Quadrature,
    Region,
    TimeDomain,
)
from pinn.domains.coordinates import typed_names
from pinn.expressions import Equations, Formula, Names
from pinn.operators import Strategy
from pinn.pdes.condition import Condition, point_value
from pinn.pdes.couplings import measured
from pinn.pdes.derived.measurements import read_measurements
from pinn.pdes.typed.texts import typed_field
from pinn.typing import Field

Entry = Mapping[str, str | float | Sequence[float]]
"""What is typed of one point or one integral, by key."""
MOST_NODES = 200


def point_conditions(
    entries: Sequence[Entry], domain: Domain, names: Names, weight: float, more: int
) -> list[Condition]:
    """Values of some fields at single points: {at: [0, 0], p: 0}.

    `at` are the coordinates in their order, time first; without time the values hold at all times. Raises ValueError
    for a point outside of the domain, and if there is no value.
    """
    conditions = []
    for k, entry in enumerate(entries):
        name = "point" if len(entries) == 1 else f"point_{k + 1}"
        values = {key: value for key, value in entry.items() if key != "at"}
        if "at" not in entry or not values:
            raise ValueError(f"pde.points[{k}] needs `at` and a value, such as {{at: [0, 0], {names.fields[0]}: 0}}.")
        texts = {key: value for key, value in values.items() if isinstance(value, (str, int, float))}
        g, chosen = typed_field(f"points[{k}]", texts, names, free=True, more=more)
        region = _place(domain, entry["at"], f"pde.points[{k}]")
        conditions.append(point_value(region, g, name=name, weight=weight, components=chosen))
    return conditions


def _place(domain: Domain, given: str | float | Sequence[float], label: str) -> Region:
    """The point, or the place at all times."""
    at = [given] if isinstance(given, (int, float)) else given
    d, timed = domain.dim, isinstance(domain, TimeDomain)
    if isinstance(at, str) or len(at) not in ((d, d - 1) if timed else (d,)) or not all(map(math.isfinite, at)):
        wanted = f"{d} finite coordinates ({', '.join(typed_names(domain))})"
        wanted += f", or the {d - 1} of space for all times" if timed else ""
        raise ValueError(f"{label}.at={_shown(at)} is not valid: expected {wanted}.")
    place = domain.space if isinstance(domain, TimeDomain) and len(at) < d else domain
    if not bool(place.contains(torch.tensor([*at], dtype=torch.float64))):
        raise ValueError(f"{label}.at={_shown(at)} lies outside of {place}.")
    if isinstance(domain, TimeDomain) and len(at) < d:
        return PointsInTime(domain, (tuple(map(float, at)),))
    return PointSet((tuple(map(float, at)),))


def _shown(at: str | Sequence[float]) -> str:
    return at if isinstance(at, str) else f"[{', '.join(f'{c:g}' for c in at)}]"


def integral_conditions(
    entries: Sequence[Entry], domain: Domain, names: Names, joined: Callable[[Field], Field], weight: float
) -> list[Condition]:
    """∫ of = value, over the domain or over a part of its boundary, at every instant if there is time.

    An entry is {of: "p", value: 0}, with `over: PART`, or "boundary" for all of it, and the number of `nodes` along
    each coordinate. `of` speaks of fields and derivatives, on a boundary also of the normal; `value` of t.
    """
    conditions = []
    for k, entry in enumerate(entries):
        label = f"pde.integrals[{k}]"
        if unknown := sorted(set(entry) - {"of", "value", "over", "nodes"}):
            raise ValueError(f"{label} has no key {unknown[0]!r}; it takes of, value, over, nodes.")
        of, value, over, nodes = (entry.get(key) for key in ("of", "value", "over", "nodes"))
        if not isinstance(of, (str, int, float)) or not isinstance(value, (str, int, float)):
            raise ValueError(f'{label} needs `of` and `value`, such as {{of: "{names.fields[0]}", value: 0}}.')
        if over is not None and not isinstance(over, str):
            raise ValueError(f"{label}.over={over} is not valid: expected a part of the boundary, or boundary.")
        nodes = 20.0 if nodes is None else nodes
        if not isinstance(nodes, (int, float)):
            raise ValueError(f"{label}.nodes={nodes} is not valid: expected an integer.")
        if not float(nodes).is_integer() or not 1 <= nodes <= MOST_NODES:
            raise ValueError(f"{label}.nodes={nodes:g} is not valid: expected an integer from 1 to {MOST_NODES}.")
        equations = Equations.of(of, names if over is None else names.on_boundary(), f"integrals[{k}].of")
        if equations.of_data:
            raise ValueError(f"{label}.of says nothing of {' and '.join(names.fields)}.")
        g = Formula.of(value, _instants(names), f"integrals[{k}].value")
        region: Region = (
            Quadrature(domain, int(nodes))
            if over is None
            else BoundaryQuadrature(domain, None if over == "boundary" else over, int(nodes))
        )
        name = "integral" if len(entries) == 1 else f"integral_{k + 1}"
        conditions.append(Condition(name, region, partial(_integral_error, equations, joined, g), weight=weight))
    return conditions


def measured_conditions(file: str | None, domain: Domain, fields: tuple[str, ...], weight: float) -> list[Condition]:
    """The measured values in a file, by the names of coordinates and fields."""
    if file is None:
        return []
    found = read_measurements(file, domain, fields, key="pde.measurements")
    alone = len(fields) == 1 and found.values.shape[1] == 1
    components = None if alone else found.components or tuple(range(found.values.shape[1]))
    if found.values.shape[1] > len(fields):
        raise ValueError(
            f"pde.measurements={file} has {found.values.shape[1]} values at a point for {len(fields)} fields."
        )
    return [measured(found.points, found.values, components=components, weight=weight)]


def _instants(names: Names) -> Names:
    """The names of which an integral over space may speak: time alone."""
    known = {key: value for key, value in names.coefficients.items() if isinstance(value, (int, float, Tensor))}
    return Names(0, names.time, coefficients=known)


def _integral_error(
    equations: Equations,
    joined: Callable[[Field], Field],
    value: Formula,
    u: Field,
    X: Tensor,
    weights: Tensor,
    *normals: Tensor,
    strategy: Strategy,
) -> Tensor:
    v = joined(u)

    def integrand(x: Tensor, *normal: Tensor) -> Tensor:
        return equations(v, x, strategy, *normal)

    found: Any = vmap(integrand)(X, *normals)
    return weights @ found - value(X[0])
