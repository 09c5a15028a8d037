"""What an export tells of a run at each point, as named columns."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain, TimeDomain
from pinn.domains.coordinates import typed_names, without_parameters
from pinn.operators import jacobian, laplacian
from pinn.runs import Run
from pinn.runs.units import quotient
from pinn.training.accuracy import chunks
from pinn.typing import Points

Columns = dict[str, np.ndarray]
"""Arrays (N,) by name."""


def columns(run: Run, points: Points, *, derivatives: bool = False) -> Columns:
    """Coordinates, u, the residual of the equation, and where it is known the exact solution and the error.

    A field of several components has them by their names, or as u_1, u_2, …, and so has all that is made of it. With
    `derivatives` also u_x for each coordinate, and the Laplacian over space.
    """
    coordinates = typed_names(run.pde.domain)
    values = dict(zip(coordinates, _numpy(points).T, strict=True))
    u = _everywhere(vmap(run), points)
    names, of = run.names, _indices(run.names)
    values |= dict(zip(names, u.T, strict=True))
    if derivatives:
        slopes = _everywhere(vmap(partial(jacobian, run)), points).reshape(len(points), -1, len(coordinates))
        for k, name in enumerate(coordinates):
            values |= {f"{component}_{name}": slope for component, slope in zip(names, slopes[..., k].T, strict=True)}
        if space := space_axes(run.pde.domain):
            second = _everywhere(vmap(partial(laplacian, run, axes=space)), points)
            values |= {f"laplacian{index}": column for index, column in zip(of, second.T, strict=True)}
    values |= _named("residual", _everywhere(run.residual, points))
    if run.pde.exact is not None:
        exact = _everywhere(vmap(run.pde.solution(run.pde.exact)), points)
        values |= {f"exact{index}": column for index, column in zip(of, exact.T, strict=True)}
        values |= {f"error{index}": column for index, column in zip(of, (u - exact).T, strict=True)}
    return values


def units_of(run: Run) -> dict[str, str]:
    """The units of the columns, as far as they follow from those that the user has said."""
    units, coordinates = run.units, typed_names(run.pde.domain)
    space = [units.get(coordinates[axis], "") for axis in space_axes(run.pde.domain)]
    found = {name: units[name] for name in coordinates if name in units}
    for name, index in zip(run.names, _indices(run.names), strict=True):
        unit = units.get(name, "")
        found |= dict.fromkeys((name, f"exact{index}", f"error{index}"), unit)
        found |= {f"{name}_{axis}": quotient(unit, units.get(axis, "")) for axis in coordinates}
        found[f"laplacian{index}"] = quotient(unit, space[0], 2) if len(set(space)) == 1 else ""
    return {name: unit for name, unit in found.items() if unit}


def _indices(names: Sequence[str]) -> list[str]:
    """What tells the columns of components from each other: nothing for one, _1 for u_1, _p for p."""
    return [""] if len(names) == 1 else [f"_{name.removeprefix('u_')}" for name in names]


def space_axes(domain: Domain) -> Sequence[int]:
    """The coordinates that are lengths: neither time nor parameters."""
    base: Domain = without_parameters(domain)
    return range(1 if isinstance(base, TimeDomain) else 0, base.dim)


def _everywhere(at: Callable[[Points], Tensor], points: Points) -> np.ndarray:
    """The values at all points, (N, m)."""
    parts = [at(part).detach().reshape(len(part), -1) for part in chunks(points)]
    return _numpy(torch.cat(parts))


def _named(name: str, values: np.ndarray) -> Columns:
    """The columns of (N, m), numbered where there are several."""
    if values.shape[1] == 1:
        return {name: values[:, 0]}
    return {f"{name}_{i + 1}": column for i, column in enumerate(values.T)}


def _numpy(values: Tensor) -> np.ndarray:
    return values.cpu().numpy()
