"""Names and units of what a run has computed: those that the user has said, and no others."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pinn.domains.coordinates import typed_names
from pinn.pdes import PDE


def component_names(pde: PDE, components: int) -> tuple[str, ...]:
    """The names of so many components of a solution: those of the problem, or u, or u_1, u_2, …

    >>> from pinn.pdes import Poisson
    >>> component_names(Poisson(), 1), component_names(Poisson(), 2)
    (('u',), ('u_1', 'u_2'))
    """
    if pde.names is not None and len(pde.names) == components:
        return tuple(pde.names)
    unknowns = tuple(pde.unknowns) if components == (pde.components or 1) else ()
    solved = components - len(unknowns)
    return (*(["u"] if solved == 1 else [f"u_{k + 1}" for k in range(solved)]), *unknowns)


def checked_units(units: Any, pde: PDE) -> dict[str, str]:
    """The units by the names of coordinates and components, as texts.

    Raises ValueError for a name that there is not, and for what is not a unit.
    """
    if units is None:
        return {}
    names = [*typed_names(pde.domain), *component_names(pde, pde.components or 1)]
    if not isinstance(units, Mapping):
        raise ValueError(f"units={units!r} is not valid: expected units by names, such as units={{x: m, u: K}}.")
    for name, unit in units.items():
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}."
            raise ValueError(f"units.{name}: there is no coordinate or component of that name; {hint}")
        if isinstance(unit, (Mapping, list, tuple)) or not str(unit).strip() or unit is None:
            raise ValueError(f"units.{name}={unit!r} is not valid: expected a text, such as m, '°C' or dimensionless.")
    return {str(name): str(unit) for name, unit in units.items()}


def quotient(unit: str, other: str, power: int = 1) -> str:
    """The unit of a derivative; empty if one of the two is not known.

    >>> quotient("°C", "m", 2), quotient("m/s", "s"), quotient("dimensionless", "m"), quotient("", "m")
    ('°C/m²', '(m/s)/s', '1/m', '')
    """
    if not unit or not other:
        return ""
    above = "1" if unit in ("1", "dimensionless") else unit
    if other in ("1", "dimensionless"):
        return unit
    below = f"({other})" if any(letter in other for letter in " /·*") else other
    above = f"({above})" if any(letter in above for letter in " /·*") else above
    return f"{above}/{below}" + {1: "", 2: "²", 3: "³"}[power]
