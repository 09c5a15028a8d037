"""What an inverse problem is fitted to: values of a solution at points, measured or made."""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain, Interior
from pinn.domains.columns import read_columns
from pinn.domains.coordinates import typed_names
from pinn.domains.npz import read_arrays
from pinn.operators import Strategy
from pinn.pdes.condition import Condition
from pinn.typing import Field


@dataclass(frozen=True)
class Measured:
    """Values (n, m) of some `components` at points (n, d); None for all components."""

    points: Tensor
    values: Tensor
    components: tuple[int, ...] | None = None


def read_measurements(
    file: str, domain: Domain, names: tuple[str, ...] | None = None, m: int | None = None, key: str = "pde.data"
) -> Measured:
    """What a CSV file has in its columns, or an .npz file in its arrays.

    Coordinates have their names (t, x, y …), and so have the components, those that `names` are for; without names all
    other columns are values in their order. An .npz file may have arrays `points` (n, d) and `values` (n,) or (n, m)
    instead, for m components. Raises ValueError for data that are empty, incomplete, or outside of the domain,
    FileNotFoundError if there is no such file.
    """
    path = Path(file)
    columns = _columns(file, key, path.stat().st_mtime_ns if path.is_file() else 0)
    axes = typed_names(domain)
    if {"points", "values"} <= set(columns) or (path.suffix.lower() == ".npz" and not {*axes} & set(columns)):
        if missing := sorted({"points", "values"} - set(columns)):
            raise ValueError(f"{key}: {file!r} lacks the arrays {missing}; it has {[*columns]}.")
        points, values, components = columns["points"], columns["values"], None
    else:
        if missing := [axis for axis in axes if axis not in columns]:
            raise ValueError(f"{key}: {file!r} has no column {missing[0]!r}; it has {', '.join(columns)}.")
        others = [name for name in columns if name not in axes]
        if names and (unknown := [name for name in others if name not in names]):
            raise ValueError(
                f"{key}: {file!r} has a column {unknown[0]!r}, which is no field; they are {', '.join(names)}."
            )
        if not others:
            raise ValueError(f"{key}: {file!r} has coordinates and no values.")
        components = tuple(map(names.index, others)) if names else None
        if len(set(map(np.shape, columns.values()))) > 1:
            raise ValueError(f"{key}: the arrays in {file!r} have different shapes.")
        points, values = (np.stack([columns[name].ravel() for name in part], 1) for part in (axes, others))
    m = m if components is None else len(components)
    found = Measured(torch.from_numpy(points), torch.from_numpy(values), components)
    return _checked(found, m, domain, f"{key}={file}")


@functools.lru_cache(maxsize=16)  # a problem is built again for each value of an unknown
def _columns(file: str, key: str, stamp: int) -> dict[str, np.ndarray]:
    try:
        return dict(zip(("points", "values"), read_arrays(file, ("points", "values"), key), strict=True))
    except ValueError as error:
        # Arrays of these names are what is meant, whatever else there is.
        if "lacks the arrays" not in str(error) and Path(file).suffix.lower() == ".npz":
            raise
    return read_columns(file, key)


def _checked(found: Measured, m: int | None, domain: Domain, label: str) -> Measured:
    points, values = found.points, found.values
    if not points.numel() or not values.numel():
        raise ValueError(f"{label} holds no measurements.")
    values = values.reshape(len(values), -1)
    m = m or values.shape[1]
    if (tuple(points.shape), tuple(values.shape)) != ((len(values), domain.dim), (len(points), m)):
        raise ValueError(
            f"{label}: expected points (n, {domain.dim}) and values (n, {m}), got {tuple(points.shape)} and "
            f"{tuple(values.shape)}."
        )
    if outside := int((~domain.contains(points)).sum()):
        raise ValueError(f"{label}: {outside} of {len(points)} points lie outside of {domain}.")
    return dataclasses.replace(found, values=values)


def synthetic_measurements(
    domain: Domain, exact: Field, components: Sequence[int], *, sensors: int, noise: float, seed: int
) -> tuple[Tensor, Tensor, float]:
    """Points (n, d) at random, values (n, m) of the components there with normal noise, and its deviation.

    The deviation is `noise` times the root mean square of each component; of several their root mean square.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(n: int, k: int) -> Tensor:
        return torch.rand(n, k, generator=generator, dtype=torch.float64)

    (points,) = Interior(domain).sample(sensors, draw)
    values = vmap(exact)(points).reshape(len(points), -1)[:, components]
    deviation = noise * values.square().mean(0).sqrt()
    errors = torch.randn(values.shape, generator=generator, dtype=torch.float64)
    return points, values + deviation * errors, float(deviation.square().mean().sqrt())


def relative(data: Condition, values: Tensor) -> Condition:
    """The misfits in parts of the root mean square of each measured component."""
    size = values.square().mean(0).sqrt()
    size = torch.where(size > 0, size, 1.0).tolist()

    def residual(u: Field, *sample: Tensor, strategy: Strategy) -> Tensor:
        r = data.residual(u, *sample, strategy=strategy)
        return r / torch.tensor(size, dtype=r.dtype, device=r.device)

    return dataclasses.replace(data, residual=residual)
