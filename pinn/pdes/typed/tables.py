"""Tables in files, as what is typed names them: read, laid on a grid if they are one, and held against the domain."""

import dataclasses
import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.domains import Domain, Interior, Region
from pinn.domains.columns import read_columns
from pinn.expressions import Equations, Formula, Names
from pinn.expressions.formula import Program
from pinn.expressions.tables import KINDS, GridTable, ScatteredTable, Table
from pinn.pdes.condition import Condition
from pinn.typing import names_table

Interpolation = str | Mapping[str, str] | None
"""How tables are interpolated, all of them or each by its name; None stands for linear on grids."""
_POINTS = 4096
_NEAR = 0.01
"""Points drawn on a part of the boundary end short of its ends by less than this part of the domain."""
log = logging.getLogger("pinn")


def check_interpolation(given: Interpolation) -> None:
    """Raise ValueError for a kind of interpolation that there is not."""
    kinds = given.values() if isinstance(given, Mapping) else [given]
    if wrong := [kind for kind in kinds if kind is not None and kind not in KINDS]:
        raise ValueError(f"pde.interpolation={wrong[0]} is not valid: expected {', '.join(KINDS)}, or null.")


def table_or_text(text: object, label: str, column: str, names: Names, interpolation: Interpolation) -> object:
    """The table that a text names; any other text as it is."""
    if not names_table(text):
        return text
    kind = interpolation.get(label.split(" ")[-1]) if isinstance(interpolation, Mapping) else interpolation
    file = Path(str(text).strip())
    stamp = file.stat().st_mtime_ns if file.is_file() else 0
    return _table(str(file), stamp, label, column, tuple(names.axes.items()), kind)


def with_tables(name: str, given: Any, fields: Sequence[str], names: Names, interpolation: Interpolation) -> Any:
    """What is typed as `pde.name` for some fields, with tables in place of the names of their files.

    A file that stands for all of several fields has a column for each.
    """
    if isinstance(given, Mapping):
        own = {key: [key] if key in fields else fields for key in given}
        return {key: with_tables(name, part, own[key], names, interpolation) for key, part in given.items()}
    if isinstance(given, Sequence) and not isinstance(given, str):
        own = dict(enumerate(fields))
        return [with_tables(name, part, [own.get(k, name)], names, interpolation) for k, part in enumerate(given)]
    if names_table(given) and len(fields) > 1:
        return {field: table_or_text(given, f"pde.{name}", field, names, interpolation) for field in fields}
    return table_or_text(given, f"pde.{name}", fields[0], names, interpolation)


def columns_in(text: str) -> list[str]:
    """The names of the columns of a table; none if there is no such file, which the reader says."""
    try:
        return [*read_columns(text.strip(), "")]
    except (OSError, ValueError):
        return []


@functools.lru_cache(maxsize=64)  # a problem is built again for each value of an unknown
def _table(
    file: str, stamp: int, label: str, column: str, axes: tuple[tuple[str, int], ...], kind: str | None
) -> Table:
    columns, known = read_columns(file, label), dict(axes)
    coordinates = sorted((name for name in columns if name in known), key=lambda name: known[name])
    others = [name for name in columns if name not in known]
    value = column if column in others else others[0] if len(others) == 1 else None
    if value is None:
        raise ValueError(
            f"{label}: {file!r} needs one column {column!r} beside coordinates ({', '.join(sorted(known))}); it has "
            f"{', '.join(columns)}."
        )
    if not coordinates or len({known[name] for name in coordinates}) < len(coordinates):
        raise ValueError(
            f"{label}: {file!r} has no column of a coordinate, or one twice: they are {', '.join(sorted(known))}, "
            f"and it has {', '.join(columns)}."
        )
    where = tuple(known[name] for name in coordinates)
    table = _laid_out(f"{label} from {file}", where, [columns[name] for name in coordinates], columns[value], kind)
    log.info("%s", table)
    return table


def _laid_out(
    name: str, axes: tuple[int, ...], coordinates: Sequence[np.ndarray], values: np.ndarray, kind: str | None
) -> Table:
    """On the grid that is given by nodes along each axis, or that the points form; else the points as they are."""
    if values.ndim == len(axes) and values.shape == tuple(map(len, coordinates)) and len(axes) > 1:
        return GridTable(axes, tuple(coordinates), values, kind or "linear", name)
    if any(one.shape != values.shape or one.ndim != 1 for one in coordinates):
        shapes = ", ".join(str(one.shape) for one in coordinates)
        raise ValueError(
            f"{name}: coordinates of shapes {shapes} and values of shape {values.shape} are neither points, with one "
            "value each, nor the nodes of a grid."
        )
    order = np.lexsort([*reversed(coordinates)])
    points = np.stack([one[order] for one in coordinates], 1)
    nodes = [np.unique(one) for one in coordinates]
    if len(points) > 1 and (np.diff(points, axis=0) == 0).all(1).any():
        raise ValueError(f"{name} has two values at the same point.")
    if int(np.prod([len(one) for one in nodes])) == len(points):
        return GridTable(axes, tuple(nodes), values[order].reshape([len(one) for one in nodes]), kind or "linear", name)
    if kind not in (None, "cubic"):
        raise ValueError(
            f"{name}: its points are no grid, so {kind} is no way to interpolate them: use cubic, or null."
        )
    return ScatteredTable(axes, points, values[order], name)


def refuse_uncovered(programs: Iterable[Program], domain: Domain, conditions: Sequence[Condition]) -> None:
    """Raise ValueError for a table that does not reach as far as it is asked for: beyond it nothing is known.

    The tables of `programs` are asked for in all of the domain, those of `conditions` on their regions.
    """
    lower, upper = domain.bounds
    for table in _tables(programs):
        _check(table, _drawn(Interior(domain)), lower, upper)
    for condition in conditions:
        if found := _tables(_programs(condition)):
            x, (a, b) = _drawn(condition.region), (torch.tensor(bound, dtype=torch.float64) for bound in (lower, upper))
            low, high = x.amin(0), x.amax(0)
            low, high = torch.where(low - a < _NEAR * (b - a), a, low), torch.where(b - high < _NEAR * (b - a), b, high)
            for table in found:
                _check(table, x, low.tolist(), high.tolist())


def _check(table: Table, x: Tensor, lower: Sequence[float], upper: Sequence[float]) -> None:
    for axis, (first, last) in table.range.items() if isinstance(table, GridTable) else ():
        slack = 1e-9 * (last - first)
        if lower[axis] < first - slack or upper[axis] > last + slack:
            raise ValueError(
                f"{table.name} reaches from {first:g} to {last:g} along coordinate {axis + 1}, and is asked for from "
                f"{lower[axis]:g} to {upper[axis]:g}: beyond a table nothing is known."
            )
    if bool((missed := table.misses(x)).any()):
        at = ", ".join(f"{float(c):.4g}" for c in x[missed][0])
        raise ValueError(f"{table.name} does not reach ({at}), where it is asked for: beyond a table nothing is known.")


def _drawn(region: Region) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return region.sample(_POINTS, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))[0]


def _programs(condition: Condition) -> list[Program]:
    """Those of the formulas and equations that a typed condition is made of."""
    made_of: list[Any] = [condition.prescribed]
    for part in (condition.given, condition.residual):
        made_of += getattr(part, "args", ())
    made_of += [part for one in made_of if dataclasses.is_dataclass(one) for part in vars(one).values()]
    return [one.program for one in made_of if isinstance(one, (Formula, Equations))]


def _tables(programs: Iterable[Program]) -> list[Table]:
    found = [node.data[0] for program in programs for node in program.steps if node.op == "table"]
    return [*dict.fromkeys(found)]
