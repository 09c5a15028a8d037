"""The fundamental theorem of calculus, held against a field: ∫ f′ ds = f(b) − f(a) along short segments.

Automatic differentiation has no Dirac part: the derivative of |x| is sign x, and that of sign x is 0. A field with a
kink or a jump can therefore satisfy a differential equation at every point and be wrong by its whole size; neither
held-out points nor other seeds nor more points see it. The integral of the derivative does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Domain, Interior
from pinn.operators import Auto, partials
from pinn.pdes import PDE, TimeWindowed
from pinn.pdes.witness import Differentiated, differentiated
from pinn.typing import Field, Points

LINES, PIECES = 16, 24
"""Lines along each axis, and segments into which each is cut."""
ANCHORS = 4
"""Points through which lines go if a field is bound to the parameters of its point."""
WORST = 12
"""Segments of each kind that are bisected."""
BISECTIONS = 20
"""A segment shrinks to 1e-6 of its length: a front that is steep but smooth is resolved by then."""
_RIM = 1e-6
_OVERLAP = 0.51
TOLERANCE = 1e-3
"""A defect that stands, in parts of the range of f, from which on it is a jump. Rounding stays below 1e-7."""


@dataclass(frozen=True)
class Break:
    """A jump in a derivative of `order` along `axis` of a field under an operator, near the point `at`.

    `size` is the jump in parts of the range that this derivative has over the domain; `part` numbers the fields that
    the equation differentiates, in the order in which it asks for them.
    """

    part: int
    axis: int
    order: int
    size: float
    at: tuple[float, ...]

    def __str__(self) -> str:
        what = {0: "a differentiated quantity", 1: "its slope"}.get(self.order, f"its derivative of order {self.order}")
        point = ", ".join(f"{c:.4g}" for c in self.at)
        return f"{what} jumps by {self.size:.0%} of its range near ({point}), and the equation does not see the jump"


def breaks(pde: PDE, u: Field, like: Tensor, *, seed: int = 0) -> tuple[float, list[Break]]:
    """The largest defect of the fundamental theorem that stands under bisection, and the breaks above TOLERANCE.

    Everything that the equation of `pde` differentiates at the field u is examined, along every axis of which it asks a
    derivative and for every order up to that: u itself, and a flux under a divergence. Points have dtype and device of
    `like`. The defect is in parts of the range of each quantity. What fields of windows of time do where one ends
    and the next begins is left out: they are penalised to meet.
    """
    generator = torch.Generator().manual_seed(seed)
    (x,) = Interior(pde.domain).sample(
        LINES, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64).to(like)
    )
    found: list[Break] = []
    seams = pde.starts[1:] if isinstance(pde, TimeWindowed) else ()
    for anchor in x[:ANCHORS]:
        fields, witness = differentiated(pde.conditions()[0], u, anchor)
        # A field of fewer coordinates has some of them, such as parameters, bound to those of the anchor.
        bound = any(one.dim < len(anchor) for one in fields)
        with witness.silent(), torch.no_grad():
            for number, one in enumerate(fields):
                for axis, order in sorted(one.orders.items()):
                    found += _along(pde.domain, one, number, axis, order, anchor[None] if bound else x, seams)
        if not bound:
            break
    largest = max((one.size for one in found), default=0.0)
    return largest, [one for one in found if one.size > TOLERANCE]


def stays(pde: PDE, u: Field, one: Break, like: Tensor) -> bool:
    """Whether a break that was found at one field is at the same place for another field u: then it is not the field's.

    It is in a coefficient, or in whatever else the equation has under a derivative.
    """
    at = torch.tensor([one.at], dtype=like.dtype, device=like.device)
    if at.shape[1] < pde.domain.dim:
        return False
    fields, witness = differentiated(pde.conditions()[0], u, at[0])
    low, high = (float(bound[one.axis]) for bound in pde.domain.bounds)
    h = (high - low) / PIECES * _OVERLAP**BISECTIONS
    with witness.silent(), torch.no_grad():
        field = fields[one.part].field
        a = _moved(at, one.axis, torch.full_like(at[:, 0], -h))
        defect, _ = _defects(field, a, torch.full_like(at[:, 0], 4 * h), one.axis, one.order + 1)
        size = _derivatives(field, a, one.axis, one.order)[:, one.order].abs().max()
    return bool(defect[0, one.order] > TOLERANCE * size)


def _along(
    domain: Domain, one: Differentiated, number: int, axis: int, order: int, x: Points, seams: Sequence[float]
) -> list[Break]:
    """The worst break of each order below `order` along one axis."""
    a, h = _segments(domain, axis, x, () if axis else seams)
    if not len(a):
        return []
    a = a[:, : one.dim]
    defect, ranges = _defects(one.field, a, h, axis, order)
    found = []
    for k in range(order):
        if not ranges[k] > 0:
            continue
        worst = defect[:, k].argsort(descending=True)[:WORST]
        start, length = a[worst], h[worst]
        standing = float(defect[worst[0], k]) / ranges[k]
        if standing <= TOLERANCE:  # a jump is no smaller than the defect of a segment that holds it
            found.append(Break(number, axis, k, standing, tuple(float(c) for c in start[0])))
            continue
        size = ranges[k]
        for _ in range(BISECTIONS):
            middle = _moved(start, axis, length * (1 - _OVERLAP))
            length = length * _OVERLAP
            first, within = _defects(one.field, start, length, axis, order)
            second, _ = _defects(one.field, middle, length, axis, order)
            size = max(size, within[k])  # what is steep has most of its range where coarse nodes have not been
            start = torch.where((second[:, k] > first[:, k])[:, None], middle, start)
        standing, _ = _defects(one.field, start, length, axis, order)
        best = int(standing[:, k].argmax())
        at = tuple(float(c) for c in start[best])
        found.append(Break(number, axis, k, float(standing[best, k]) / size, at))
    return found


def _segments(domain: Domain, axis: int, x: Points, seams: Sequence[float]) -> tuple[Points, Tensor]:
    """Starts and lengths of the segments along `axis` through the points x, in the domain and across no seam."""
    low, high = (float(bound[axis]) for bound in domain.bounds)
    # The last digit of the boundary is left out: what a fold or a tag does there is no matter of the inside.
    cuts = torch.linspace(_RIM, 1 - _RIM, PIECES + 1, dtype=x.dtype, device=x.device)
    starts = x[:, None, :].repeat(1, PIECES, 1)
    starts[..., axis] = low + (high - low) * cuts[:-1]
    h = torch.full(
        starts.shape[:-1], 2 * _OVERLAP * (high - low) * (1 - 2 * _RIM) / PIECES, dtype=x.dtype, device=x.device
    )
    starts[:, -1, axis] = high - _RIM * (high - low) - h[:, -1]
    starts, h = starts.reshape(-1, x.shape[1]), h.reshape(-1)
    nodes = torch.stack([_moved(starts, axis, share * h) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])
    inside = domain.contains(nodes.reshape(-1, x.shape[1])).reshape(nodes.shape[:-1]).all(0)
    for seam in seams:
        inside &= (starts[:, axis] > seam) | (starts[:, axis] + h < seam)
    return starts[inside], h[inside]


def _moved(points: Points, axis: int, by: Tensor) -> Points:
    moved = points.clone()
    moved[:, axis] += by
    return moved


_NODES, _WEIGHTS = (
    (0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363),
    (0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763),
)
"""Gauss–Legendre with eight nodes on [−1, 1], the positive half."""


def _defects(f: Field, a: Points, h: Tensor, axis: int, order: int) -> tuple[Tensor, list[float]]:
    """|∂ᵏf(b) − ∂ᵏf(a) − ∫ ∂ᵏ⁺¹f| for each segment and k < order, and the range of each ∂ᵏf over all nodes."""
    shares = [0.0, 1.0, *(0.5 + s * node / 2 for node in _NODES for s in (-1, 1))]
    weights = [weight / 2 for weight in _WEIGHTS for _ in (-1, 1)]
    points = torch.stack([_moved(a, axis, share * h) for share in shares])
    values = _derivatives(f, points.reshape(-1, a.shape[1]), axis, order).reshape(len(shares), len(a), order + 1, -1)
    start, end, inner = values[0], values[1], values[2:]
    w = torch.tensor(weights, dtype=a.dtype, device=a.device)
    integral = h[:, None, None] * torch.einsum("q,qskm->skm", w, inner[:, :, 1:])
    defect = (end[:, :-1] - start[:, :-1] - integral).abs().amax(-1)
    spread = (values.amax((0, 1)) - values.amin((0, 1))).amax(-1)
    # What is constant to rounding has no range of its own.
    spread = torch.maximum(spread, torch.finfo(values.dtype).eps ** 0.5 * values.abs().amax((0, 1)).amax(-1))
    return torch.nan_to_num(defect, nan=math.inf), [float(r) for r in spread[:-1]]


def _derivatives(f: Field, points: Points, axis: int, order: int) -> Tensor:
    """∂ᵏf/∂x_axisᵏ for k = 0 … order at many points: shape (N, order + 1, m)."""
    orders: Sequence[tuple[int, ...]] = [(axis,) * k for k in range(order + 1)]

    def at(x: Tensor) -> Tensor:
        return torch.stack([value.reshape(-1) for value in partials(f, x, orders, Auto())])

    return torch.cat([vmap(at)(part) for part in points.split(4096)])
