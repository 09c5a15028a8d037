"""What an inverse problem is fitted to: values of a solution at points, measured or made."""

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain, Interior
from pinn.domains.npz import read_arrays
from pinn.operators import Strategy
from pinn.pdes.condition import Condition
from pinn.typing import Field


def read_measurements(file: str, domain: Domain, components: int) -> tuple[Tensor, Tensor]:
    """The arrays `points` (n, d) and `values` (n,) or (n, m) of an .npz file, the values as (n, m), m = `components`.

    Raises ValueError for data that are empty, of other shapes, or outside of the domain, FileNotFoundError if there is
    no such file.
    """
    points, values = (torch.from_numpy(array) for array in read_arrays(file, ("points", "values"), "pde.data"))
    if not points.numel() or not values.numel():
        raise ValueError(f"pde.data={file} holds no measurements.")
    values = values.reshape(len(values), -1)
    wanted = (len(values), domain.dim), (len(points), components)
    if (tuple(points.shape), tuple(values.shape)) != wanted:
        raise ValueError(
            f"pde.data={file}: expected points (n, {domain.dim}) and values (n, {components}), "
            f"got {tuple(points.shape)} and {tuple(values.shape)}."
        )
    if outside := int((~domain.contains(points)).sum()):
        raise ValueError(f"pde.data={file}: {outside} of {len(points)} points lie outside of {domain}.")
    return points, values


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
