"""How good a field is: its error against the exact solution at points no training has seen."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import vmap

from pinn.domains import Domain
from pinn.networks import trained_parameters
from pinn.trust.features import points_within
from pinn.typing import Field, Points

_RESOLUTION = 1e4
"""Numbers that a domain should have along each axis."""
_NODES = {1: 1001, 2: 101, 3: 31}
"""Of the regular grid along each axis."""
_AT_ONCE, _COORDINATES = 2**13, 2**20
"""Points at which a field is evaluated at a time, and their coordinates."""


def refuse_unresolved(domain: Domain, dtype: torch.dtype) -> None:
    """Raise ValueError for a domain so far from the origin that numbers of that dtype hardly tell its points apart."""
    for axis, (a, b) in enumerate(zip(*domain.bounds, strict=True)):
        if 0 < b - a < _RESOLUTION * torch.finfo(dtype).eps * max(abs(a), abs(b)):
            raise ValueError(
                f"The domain reaches from {a:g} to {b:g} along axis {axis}, where {dtype} tells about "
                f"{(b - a) / (torch.finfo(dtype).eps * max(abs(a), abs(b))):.0f} numbers apart: shift the coordinates "
                "towards 0."
            )


def probe_points(domain: Domain, network: nn.Module) -> Points:
    """Eight points of a domain as a network sees them, in the dtype and on the device of its trained parameters."""
    like = next(iter(trained_parameters(network).values()), torch.zeros(()))
    return vmap(domain.embed)(points_within(domain, 8, like))


def grid(domain: Domain, n: int, like: Tensor) -> Points:
    """The nodes of a regular grid over the bounding box: shape (n, …, n, d), dtype and device of `like`."""
    lower, upper = domain.bounds
    axes = [torch.linspace(a, b, n, dtype=like.dtype, device=like.device) for a, b in zip(lower, upper, strict=True)]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)


def evaluation_points(domain: Domain, like: Tensor) -> Points:
    """About 10⁴ points for an error: a regular grid within the domain up to d = 3, quasi-random points above.

    The same for every run: 1001, 101² or 31³ nodes, or 2¹⁴ points of a scrambled Sobol sequence, fewer if they had
    more than 2²² coordinates together (d > 256). Above 21201 dimensions, where the sequence ends, random points.
    """
    if domain.dim <= 3:
        nodes = grid(domain, _NODES[domain.dim], like).reshape(-1, domain.dim)
        return nodes[domain.contains(nodes)]
    k = domain.interior_sample_dim
    n = min(2**14, max(2 ** int(math.log2(2**22 / k)), 2**6))
    if k <= torch.quasirandom.SobolEngine.MAXDIM:
        u = torch.quasirandom.SobolEngine(k, scramble=True, seed=0).draw(n, dtype=like.dtype)
    else:
        u = torch.rand(n, k, generator=torch.Generator().manual_seed(0), dtype=like.dtype)
    points = domain.interior(u.to(like.device))
    return points[~points.isnan().any(dim=1)]


def chunks(points: Points) -> tuple[Points, ...]:
    """The points in parts of at most 8192 points and 2²⁰ coordinates, so that their derivatives stay within memory."""
    return points.split(max(1, min(_AT_ONCE, _COORDINATES // points.shape[-1])))


def points_at_once(domain: Domain) -> int:
    """The most points at which a field on the domain is evaluated at a time for its error and its results."""
    d = domain.dim
    return max(1, min(_AT_ONCE, _COORDINATES // d, _NODES[d] ** d if d in _NODES else _AT_ONCE))


def relative_l2(u: Tensor, exact: Tensor) -> float:
    """‖u − exact‖₂ / ‖exact‖₂ over points and components."""
    return float((u - exact).norm() / exact.norm())


def max_error(u: Tensor, exact: Tensor) -> float:
    """max |u − exact| over points and components."""
    return float((u - exact).abs().max())


def score(error: float, reference_error: float) -> str:
    """A relative L2 error as text; one below three times that of the reference says no more than that it is small.

    >>> score(2.5e-7, 1e-9), score(2.5e-9, 1e-9)
    ('2.500e-07', '< 3.0e-09 (the reference is no better)')
    """
    floor = 3 * reference_error
    return f"< {floor:.1e} (the reference is no better)" if error < floor else f"{error:.3e}"


@dataclass(frozen=True)
class Reference:
    """The exact solution at the test points; `error` is its own relative L2 error, 0 for a closed form.

    Errors are those of the components `scored`, None for all.
    """

    points: Points
    values: Tensor
    error: float = 0.0
    scored: tuple[int, ...] | None = None

    @classmethod
    def of(cls, domain: Domain, exact: Field, like: Tensor, scored: tuple[int, ...] | None = None) -> "Reference":
        """The values of `exact` at the test points of `domain`. Raises ValueError if they are not finite."""
        points = evaluation_points(domain, like)
        values = torch.cat([vmap(exact)(chunk) for chunk in chunks(points)])
        values = values if scored is None else values[:, scored]
        if wrong := int((~values.isfinite()).sum()):
            raise ValueError(
                f"The exact solution is not finite in {wrong} of {values.numel()} values on {domain}: give another "
                "solution (pde.exact), other numbers of the equation, or another domain."
            )
        return cls(points, values, float(getattr(exact, "error", 0.0)), scored)

    @property
    def zero(self) -> bool:
        """Whether the exact solution is 0 everywhere, so that errors can only be absolute."""
        return not bool(self.values.any())

    def relative_l2(self, u: Field) -> float:
        """The relative L2 error of a field; NaN if the exact solution is 0."""
        return math.nan if self.zero else relative_l2(self._values(u), self.values)

    def max_error(self, u: Field) -> float:
        """The largest error of a field."""
        return max_error(self._values(u), self.values)

    def _values(self, u: Field) -> Tensor:
        with torch.no_grad():
            values = torch.cat([vmap(u)(chunk) for chunk in chunks(self.points)])
        return values if self.scored is None else values[:, self.scored]


def rms(residual: Tensor) -> float:
    """The root of the sum of squares of a stacked residual, whose scaling makes it a weighted root mean square."""
    return math.sqrt(float(residual.square().sum()))
