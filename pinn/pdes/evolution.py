"""What equations of first order in time share: a value at the first instant, and one on the boundary, or a period."""

from collections.abc import Sequence

from pinn.domains import Boundary, Initial, PeriodicBox, TimeDomain
from pinn.pdes.condition import Condition, Residual, dirichlet, interior
from pinn.references import SpectralReference
from pinn.typing import Field


def initial_and_boundary_values(
    domain: TimeDomain, g: Field, penalty: float, components: Sequence[int] | None = None
) -> tuple[Condition, ...]:
    """u = g at t = t₀, and on ∂Ω at all times unless Ω is periodic; of some `components` alone, None for all."""
    initial = dirichlet(Initial(domain), g, name="initial", weight=penalty, components=components)
    if not domain.boundary_measure:
        return (initial,)
    return initial, dirichlet(Boundary(domain), g, weight=penalty, components=components)


def check_period(name: str, domain: TimeDomain, exact: SpectralReference) -> None:
    """Raise ValueError unless the domain is the period of the reference, at times that it reaches."""
    space = domain.space
    period = exact.evolution.period
    if not isinstance(space, PeriodicBox) or (*space.lower, *space.upper) != period:
        raise ValueError(f"{name} lives on the period {period} in space, a PeriodicBox; got the domain {space}.")
    if domain.start < 0 or domain.start + domain.duration > exact.duration:
        raise ValueError(
            f"{name} has a reference for 0 <= t <= {exact.duration}, got the domain of time from {domain.start} to "
            f"{domain.start + domain.duration}."
        )


def periodic_initial_value_problem(
    domain: TimeDomain, residual: Residual, initial: Field, penalty: float, evolved: Field | None = None
) -> tuple[Condition, ...]:
    """The equation on a period of space, and u = `initial` at its first instant; for `evolved` see `Initial`."""
    return interior(domain, residual), dirichlet(Initial(domain, evolved), initial, name="initial", weight=penalty)
