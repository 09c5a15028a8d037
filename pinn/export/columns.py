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
from pinn.training.accuracy import chunks
from pinn.typing import Points

Columns = dict[str, np.ndarray]
"""Arrays (N,) by name."""


def columns(run: Run, points: Points, *, derivatives: bool = False) -> Columns:
    """Coordinates, u, the residual of the equation, and where it is known the exact solution and the error.

    A field of several components has them as u_1, u_2, …, and so has all that is made of it. With `derivatives` also
    u_x for each coordinate, and the Laplacian over space.
    """
    coordinates = typed_names(run.pde.domain)
    values = dict(zip(coordinates, _numpy(points).T, strict=True))
    u = _everywhere(vmap(run), points)
    values |= _named("u", u)
    if derivatives:
        slopes = _everywhere(vmap(partial(jacobian, run)), points).reshape(len(points), -1, len(coordinates))
        for k, name in enumerate(coordinates):
            values |= {f"{component}_{name}": slope for component, slope in _named("u", slopes[..., k]).items()}
        if space := space_axes(run.pde.domain):
            values |= _named("laplacian", _everywhere(vmap(partial(laplacian, run, axes=space)), points))
    values |= _named("residual", _everywhere(run.residual, points))
    if run.pde.exact is not None:
        exact = _everywhere(vmap(run.pde.solution(run.pde.exact)), points)
        values |= _named("exact", exact) | _named("error", u - exact)
    return values


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
