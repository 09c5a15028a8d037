"""The solution of a mixed form: that of the fields, and the fluxes that belong to it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pinn.expressions import Equations
from pinn.operators import Auto
from pinn.typing import Field


@dataclass(frozen=True, eq=False)
class WithFluxes:
    """(u, q) for a solution u of so many `fields`, where q = k∇u are what the last of the `equations` say.

    These have the form q − k∇u = 0, so with 0 for q they give −q. A field that has all components stays as it is.
    """

    exact: Field
    equations: Equations
    fields: int

    def __call__(self, x: Tensor) -> Tensor:
        u = self.exact(x).reshape(-1)
        m = len(self.equations.names.fields)
        if len(u) == m:
            return u
        rows = self.equations(lambda y: _padded(self.exact(y), m), x, Auto())
        return torch.cat([u, -rows[len(rows) - (m - self.fields) :]])


def with_fluxes(exact: Field | None, equations: Equations, fields: int) -> Field | None:
    """A solution in the fields alone, with the fluxes of the equations if there are any."""
    if exact is None or len(equations.names.fields) == fields or isinstance(exact, WithFluxes):
        return exact
    return WithFluxes(exact, equations, fields)


def _padded(u: Tensor, m: int) -> Tensor:
    u = u.reshape(-1)
    return torch.cat([u, u.new_zeros(m - len(u))])
