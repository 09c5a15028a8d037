"""The names of the coordinates of a domain."""

from pinn.domains.composed.parameter_domain import ParameterDomain
from pinn.domains.composed.time_domain import TimeDomain
from pinn.domains.domain import Domain


def without_parameters(domain: Domain) -> Domain:
    """The domain of a parametric problem at one value of its parameters; any other is itself."""
    return domain.base if isinstance(domain, ParameterDomain) else domain


def axis_names(domain: Domain) -> list[str]:
    """t first if there is time, then x, y, z, or x_1 … x_d in more than three space dimensions, then parameters."""
    if isinstance(domain, ParameterDomain):
        names = domain.names or [f"parameter{i}" for i in range(len(domain.lower))]
        return axis_names(domain.base) + [rf"\mathrm{{{name}}}" for name in names]
    time = ["t"] if isinstance(domain, TimeDomain) else []
    space = domain.dim - len(time)
    return time + (["x", "y", "z"][:space] if space <= 3 else [f"x_{{{i + 1}}}" for i in range(space)])


def typed_names(domain: Domain) -> list[str]:
    """Axis names as they are typed: x_{2} is x2."""
    if isinstance(domain, ParameterDomain):
        return [*typed_names(domain.base), *(domain.names or axis_names(domain)[domain.base.dim :])]
    return ["".join(letter for letter in name if letter.isalnum()) for name in axis_names(domain)]
