"""Points of a domain without a map of its own, and what such a domain cannot do."""

from typing import NoReturn

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.domains.shapes.box import Box
from pinn.typing import Points


def in_bounding_box(domain: Domain, u: Tensor) -> Points:
    """Candidates in the bounding box; a row of NaN where one misses the domain."""
    x = Box(*domain.bounds).interior(u)
    return torch.where(domain.contains(x)[:, None], x, torch.nan)


def refuse_extension(domain: Domain) -> NoReturn:
    """Raise ValueError: values on this boundary cannot be built in."""
    raise ValueError(
        f"Values on the boundary of {type(domain).__name__} cannot be built into a field; they are penalised "
        "(hard=False, pde.hard=false)."
    )


def fill_fraction(domain: Domain, n: int = 2**17) -> float:
    """The share of the bounding box that the domain fills, by n points of a Sobol sequence, always the same.

    The relative error is about 1e-4 for a domain in the plane that fills half of its box.
    """
    u = torch.quasirandom.SobolEngine(domain.dim, scramble=True, seed=0).draw(n, dtype=torch.float64)
    return float(domain.contains(Box(*domain.bounds).interior(u)).double().mean())
