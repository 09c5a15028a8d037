"""What equations of first order in time share: a value at the first instant, and one on the boundary, if any."""

from pinn.domains import Boundary, Initial, TimeDomain
from pinn.pdes.condition import Condition, dirichlet
from pinn.typing import Field


def initial_and_boundary_values(domain: TimeDomain, g: Field, penalty: float) -> tuple[Condition, ...]:
    """u = g at t = t₀, and on ∂Ω at all times unless Ω is periodic."""
    initial = dirichlet(Initial(domain), g, name="initial", weight=penalty)
    if not domain.boundary_measure:
        return (initial,)
    return initial, dirichlet(Boundary(domain), g, weight=penalty)
