"""Points of a domain that has no map of its own, and what such a domain cannot do."""

from typing import NoReturn

import torch
from torch import Tensor

from pinn.domains.domain import Domain
from pinn.typing import Field, Points


def in_bounding_box(domain: Domain, u: Tensor) -> Points:
    """Candidates in the bounding box; a row of NaN for one that misses the domain."""
    x = _in_box(domain, u)
    return torch.where(domain.contains(x)[:, None], x, torch.nan)


def refuse_extension(domain: Domain) -> NoReturn:
    """Raise ValueError: values on this boundary cannot be built in."""
    raise ValueError(
        f"Values on the boundary of {type(domain).__name__} cannot be built into a field; they are penalised "
        "(hard=False, pde.hard=false)."
    )


class NotExtendable(Domain):
    """A domain whose boundary values cannot be built into a field."""

    def extend(self, g: Field) -> Field:
        return refuse_extension(self)

    @property
    def extendable(self) -> bool:
        return False


def fill_fraction(domain: Domain, n: int = 2**17) -> float:
    """The share of the bounding box that the domain fills, by n points of a Sobol sequence, always the same.

    The relative error is about 1e-4 for a domain in the plane that fills half of its box.
    """
    u = torch.quasirandom.SobolEngine(domain.dim, scramble=True, seed=0).draw(n, dtype=torch.float64)
    return float(domain.contains(_in_box(domain, u)).double().mean())


def _in_box(domain: Domain, u: Tensor) -> Points:
    # Not by `Box`, a domain among others: this file serves all shapes and stands below them.
    lower, upper = (u.new_tensor(bound) for bound in domain.bounds)
    return lower + (upper - lower) * u
