"""What the evolution equations on a period share: a first-order equation in time, an initial value, a reference."""

from pinn.domains import Initial, PeriodicBox, TimeDomain
from pinn.pdes.condition import Condition, Residual, dirichlet, interior
from pinn.references import SpectralReference
from pinn.typing import Field


def check_period(name: str, domain: TimeDomain, exact: SpectralReference) -> None:
    """Raise ValueError unless the domain is the period of the reference, at times for which there is one."""
    space = domain.space
    period = exact.evolution.period
    if not isinstance(space, PeriodicBox) or (*space.lower, *space.upper) != period:
        raise ValueError(f"{name} lives on the period {period} in space, a PeriodicBox; got the domain {space}.")
    if domain.start < 0 or domain.start + domain.duration > exact.duration:
        raise ValueError(
            f"{name} has a reference for 0 <= t <= {exact.duration}, got the domain of time from {domain.start} to "
            f"{domain.start + domain.duration}."
        )


def initial_value_problem(
    domain: TimeDomain, residual: Residual, initial: Field, penalty: float, evolved: Field | None = None
) -> tuple[Condition, ...]:
    """The equation on all of the domain, and u = `initial` at its first instant; for `evolved` see `Initial`."""
    return interior(domain, residual), dirichlet(Initial(domain, evolved), initial, name="initial", weight=penalty)
