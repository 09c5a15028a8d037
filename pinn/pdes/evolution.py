"""What equations of first order in time share: a value at the first instant, and one on the boundary, if any."""

from collections.abc import Sequence

from pinn.domains import Boundary, Initial, TimeDomain
from pinn.pdes.condition import Condition, dirichlet
from pinn.typing import Field


def initial_and_boundary_values(
    domain: TimeDomain, g: Field, penalty: float, components: Sequence[int] | None = None
) -> tuple[Condition, ...]:
    """u = g at t = t₀, and on ∂Ω at all times unless Ω is periodic; of some `components` alone, None for all."""
    initial = dirichlet(Initial(domain), g, name="initial", weight=penalty, components=components)
    if not domain.boundary_measure:
        return (initial,)
    return initial, dirichlet(Boundary(domain), g, weight=penalty, components=components)
