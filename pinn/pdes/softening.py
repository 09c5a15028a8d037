"""Which prescribed values cannot be built into the field: those with a kink or jump, and those that contradict others.

What is built in is differentiated by the equation at every point, where automatic differentiation has no Dirac part:
the field would keep a kink for ever, and no residual would see it.
"""

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.func import vmap

from pinn.domains import Box, Domain, Initial, InitialCauchy, Interior, Surface
from pinn.expressions import Formula
from pinn.expressions.formula import Program
from pinn.expressions.smoothness import Break, first_break
from pinn.pdes.ansatz import enforce, largest, masked, vanishes
from pinn.pdes.condition import Condition
from pinn.pdes.probing import Roughness, axis_lines, probed_axes, roughness
from pinn.pdes.witness import differentiated
from pinn.typing import Field

TOLERANCE = 1e-3
"""By how much a field may miss a value that is built into it, just inside the domain, in parts of their range."""
_INSIDE = 1e-7
_POINTS = 256
_HIGHEST = 4
"""The order of the derivatives of formulas that are compared."""


def softened(equation: Condition, domain: Domain, hard: Sequence[Condition], components: int | None) -> dict[str, str]:
    """The conditions among those to be built in that have to be penalised instead: by name, the reason in words."""
    found: dict[str, str] = {}
    orders: dict[int, int] | None = None
    for condition in hard:
        for one in _rough_places(condition, domain, components):
            # What is rough is rare: only then the equation is asked what it differentiates.
            orders = _orders(equation, domain, components) if orders is None else orders
            if one.order < orders.get(one.axis, 0):
                if isinstance(condition.region, Initial | InitialCauchy):
                    one = dataclasses.replace(one, at=(condition.region.domain.start, *one.at[1:]))
                found.setdefault(condition.name, f"{condition.name}: the prescribed value {one}")
    rest = [condition for condition in hard if condition.name not in found]
    while rest and _contradicted(rest, domain, components):
        # An initial value holds at one instant alone, what later conditions say for longer.
        order = sorted(rest, key=lambda c: not isinstance(c.region, Initial | InitialCauchy))
        others = [[c for c in rest if c is not one] for one in order]
        k = next((k for k, some in enumerate(others) if not _contradicted(some, domain, components)), 0)
        pairs = (c for c in rest if c is not order[k] and _contradicted([c, order[k]], domain, components))
        with_whom = next(pairs, None)
        what = f"contradicts {with_whom.name} where both hold" if with_whom else "jumps on the boundary"
        found[order[k].name] = f"{order[k].name}: the prescribed value {what}"
        rest = others[k]
    return found


def _rough_places(condition: Condition, domain: Domain, components: int | None) -> list[Roughness | Break]:
    """Where what would be built in has a kink or a jump: along each axis one, by the formula if there is one."""
    region, g = condition.region, masked(condition, components)
    assert isinstance(region, Surface)
    found: dict[int, Roughness | Break] = {}
    for axis in probed_axes(domain):
        if (one := _typed_break(condition, domain, axis)) is not None:
            found[axis] = one
    if region.extendable and not vanishes(region, g):
        extension = region.extend(g)
        for axis in probed_axes(domain):
            if axis not in found and (one := roughness(extension, domain, axis)):
                found[axis] = one
    return [*found.values()]


def _typed_break(condition: Condition, domain: Domain, axis: int) -> Break | None:
    """Where the formula of a prescribed value breaks, at the first instant or on the faces of a box."""
    g, region = condition.prescribed, condition.region
    if not isinstance(g, Formula) or (isinstance(region, Initial | InitialCauchy) and axis == 0):
        return None
    lines, inside = axis_lines(domain, axis)
    if isinstance(region, Initial | InitialCauchy):
        lines[..., 0] = region.domain.start
    elif isinstance(getattr(domain, "space", domain), Box):
        lines = torch.cat([_on_faces(lines, domain, side) for side in range(2)])
        inside = inside.repeat(len(lines) // len(inside), 1)
    else:
        return None
    programs = [Program(g.program.steps, (output,)) for output in g.program.outputs]
    breaks = [one for program in programs if (one := first_break(program, axis, _HIGHEST, lines, inside))]
    return min(breaks, key=lambda one: one.order, default=None)


def _on_faces(lines: Tensor, domain: Domain, side: int) -> Tensor:
    """Lines moved to the faces of a box across every axis, those of its own direction among them."""
    moved = lines.repeat(domain.dim, 1, 1).reshape(domain.dim, *lines.shape)
    for axis in range(domain.dim):
        moved[axis, ..., axis] = domain.bounds[side][axis]
    return moved.reshape(-1, *lines.shape[1:])


def _orders(equation: Condition, domain: Domain, components: int | None) -> dict[int, int]:
    """The highest order along each axis of what an equation, or its energy, asks of a field."""
    said = dataclasses.replace(equation, residual=equation.energy or equation.residual)
    _, witness = differentiated(said, smooth_field(domain, components), _points(domain, 1)[0])
    return dict(witness.orders)


def _points(domain: Domain, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return Interior(domain).sample(n, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))[0]


def smooth_field(domain: Domain, components: int | None, seed: int = 0) -> Field:
    """Some smooth field with positive values, sines of the coordinates around 1.5."""
    generator = torch.Generator().manual_seed(seed)
    low, high = domain.bounds
    m = components or 1
    wave = 1 + torch.rand(m, domain.dim, generator=generator, dtype=torch.float64)
    phase = 6 * torch.rand(m, generator=generator, dtype=torch.float64)

    lengths = [b - a for a, b in zip(low, high, strict=True)]

    def field(x: Tensor) -> Tensor:
        at, by, w, p = (
            torch.as_tensor(numbers, dtype=x.dtype, device=x.device) for numbers in (low, lengths, wave, phase)
        )
        value = 1.5 + 0.25 * torch.sin((w * ((x - at) / by)).sum(-1) + p)
        return value[0] if components is None else value

    return field


def _contradicted(conditions: Sequence[Condition], domain: Domain, components: int | None) -> bool:
    """Whether the field that all of them make has other values just inside the domain than one of them prescribes."""
    shape = () if components is None else (components,)
    G = enforce(conditions, components)(lambda x: x.new_zeros(shape))
    values, apart = [vmap(G)(_points(domain, _POINTS)).flatten()], list[Tensor]()
    for condition in conditions:
        x, beside = _beside(condition, domain)
        if not len(x):
            continue
        prescribed, spoken = masked(condition, components), condition.components
        g = vmap(prescribed)(x)
        assert isinstance(condition.region, Surface)
        size = largest(condition.region, prescribed).amax()
        g = torch.where(g.abs() > 16 * torch.finfo(g.dtype).eps * size, g, 0.0)  # as in `vanishes`
        difference = vmap(G)(beside) - g
        if spoken is not None and difference.ndim > 1:
            difference = difference[:, list(spoken)]
        values.append(g.flatten())
        apart.append(torch.nan_to_num(difference.abs().max()))
    seen = torch.cat(values)
    return bool(apart) and bool(torch.stack(apart).max() > TOLERANCE * (seen.max() - seen.min()))


def _beside(condition: Condition, domain: Domain) -> tuple[Tensor, Tensor]:
    """Points of the region of a condition, and points just inside the domain beside them."""
    region = condition.region
    sobol = torch.quasirandom.SobolEngine(region.sample_dim, scramble=True, seed=0)
    x, *normal = region.from_uniform(sobol.draw(_POINTS, dtype=torch.float64))
    low, high = (x.new_tensor(bound) for bound in domain.bounds)
    beside = x.clone()
    if normal:  # of space, also if there are parameters behind
        k = normal[0].shape[1]
        beside[:, :k] -= _INSIDE * (high - low)[:k] * normal[0]
    else:
        beside[:, 0] += _INSIDE * (high - low)[0]
    hit = ~x.isnan().any(1)
    return x[hit], beside[hit]
