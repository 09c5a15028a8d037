"""A trained field on a regular grid, for NumPy, xarray and pandas."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.domains import Domain
from pinn.domains.coordinates import typed_names
from pinn.optional import package
from pinn.training.solution import Solution

MOST_NODES = 5_000_000
_NODES = {1: 401, 2: 101, 3: 41}


@dataclass(frozen=True, repr=False)
class Grid:
    """Values on the nodes of a regular grid over the box around a domain, NaN at those outside of it.

    `axes` are the coordinates along each axis, by name, and `values` arrays of shape (n_1, …, n_d): the names of the
    components, or u, or u_1, u_2, …, and so on for `exact` and `error` if the solution is known.
    """

    axes: dict[str, np.ndarray]
    values: dict[str, np.ndarray]

    def __repr__(self) -> str:
        axes = ", ".join(f"{name} {axis[0]:g} to {axis[-1]:g} ({len(axis)})" for name, axis in self.axes.items())
        return f"Grid({axes}; {', '.join(self.values)})"

    def to_xarray(self) -> Any:
        """The same as an xarray.Dataset. Raises MissingPackageError without xarray."""
        xarray = package("xarray", "data", "to_xarray()")
        names = list(self.axes)
        return xarray.Dataset({key: (names, value) for key, value in self.values.items()}, coords=self.axes)

    def to_pandas(self) -> Any:
        """The nodes in the domain as a pandas.DataFrame, a row each. Raises MissingPackageError without pandas."""
        pandas = package("pandas", "data", "to_pandas()")
        nodes = np.meshgrid(*self.axes.values(), indexing="ij")
        columns = {**dict(zip(self.axes, nodes, strict=True)), **self.values}
        inside = ~np.isnan(next(iter(self.values.values())))
        return pandas.DataFrame({name: column[inside] for name, column in columns.items()})


def on_grid(
    domain: Domain, u: Solution, exact: Solution | None, n: int | None, like: Tensor, names: Sequence[str]
) -> Grid:
    """The values of u, and of the exact solution if it is known, on n nodes along each axis.

    Raises ValueError for n < 2 and for a grid that is too large.
    """
    d, (lower, upper) = domain.dim, domain.bounds
    n = _NODES.get(d, max(2, int(1e5 ** (1 / d)))) if n is None else n
    if n < 2 or n**d > MOST_NODES:
        raise ValueError(
            f"A grid needs n >= 2 nodes along each of {d} axes and {MOST_NODES} at most together, got n={n}."
        )
    lines = [torch.linspace(a, b, n, dtype=torch.float64) for a, b in zip(lower, upper, strict=True)]
    nodes = torch.stack(torch.meshgrid(*lines, indexing="ij"), -1).to(like)
    inside = domain.contains(nodes)
    columns = np.moveaxis(_values(u, nodes, inside), -1, 0)
    values = dict(zip(names, columns, strict=True))
    if exact is not None:
        true = np.moveaxis(_values(exact, nodes, inside), -1, 0)
        of = [""] if len(names) == 1 else [f"_{name.removeprefix('u_')}" for name in names]
        values |= {f"exact{index}": column for index, column in zip(of, true, strict=True)}
        values |= {f"error{index}": a - b for index, a, b in zip(of, columns, true, strict=True)}
    return Grid(dict(zip(typed_names(domain), (line.numpy() for line in lines), strict=True)), values)


def _values(u: Solution, nodes: Tensor, inside: Tensor) -> np.ndarray:
    """The values at the nodes, (n_1, …, n_d, m), NaN outside."""
    with torch.no_grad():
        within = u(nodes[inside])
    within = within.reshape(len(within), -1)
    values = within.new_full((*inside.shape, within.shape[1]), float("nan"))
    values[inside] = within
    return values.cpu().numpy()
