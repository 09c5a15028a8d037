"""Sections: the line or plane through a domain that a figure shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pinn.domains import Domain, ParameterDomain, TimeDomain
from pinn.domains.coordinates import axis_names, typed_names, without_parameters
from pinn.plotting.labels import label, shown_unit
from pinn.training.accuracy import chunks
from pinn.typing import Points

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Section:
    """One or two free axes of a domain, and the values at which the others are held."""

    domain: Domain
    free: tuple[int, ...]
    held: Mapping[int, float]
    units: Mapping[str, str] = field(default_factory=dict)
    window: tuple[float, float] | None = None
    """A part of the first free axis; None for all of it."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The free axes with their units, as they stand beside a figure."""
        names = typed_names(self.domain)
        return tuple(label(name, self.units.get(names[k], "")) for k, name in zip(self.free, self.axes, strict=True))

    @property
    def axes(self) -> tuple[str, ...]:
        """The names of the free axes."""
        return tuple(axis_names(self.domain)[axis] for axis in self.free)

    @property
    def equal_aspect(self) -> bool:
        """Whether both axes are lengths; time, space and parameters have no common measure."""
        domain = self.domain.base if isinstance(self.domain, ParameterDomain) else self.domain
        lengths = range(isinstance(domain, TimeDomain), domain.dim)
        return len(self.free) == 2 and all(axis in lengths for axis in self.free)

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The interval of each free axis."""
        lower, upper = self.domain.bounds
        first, *others = [(lower[axis], upper[axis]) for axis in self.free]
        return [self.window or first, *others]


class Grid:
    """The n or n × n nodes of a regular grid on a section, in the dtype and on the device of `like`.

    Raises ValueError where the section misses the domain.
    """

    def __init__(self, section: Section, n: int, like: Tensor) -> None:
        self.section = section
        axes = [torch.linspace(a, b, n, dtype=torch.float64) for a, b in section.bounds]
        self.axes = [axis.numpy() for axis in axes]
        self.nodes: Points = torch.zeros(*[n] * len(axes), section.domain.dim, dtype=like.dtype, device=like.device)
        for axis, values in zip(section.free, torch.meshgrid(*axes, indexing="ij"), strict=True):
            self.nodes[..., axis] = values.to(like)
        for axis, value in section.held.items():
            self.nodes[..., axis] = value
        self.inside = section.domain.contains(self.nodes)
        if int(self.inside.sum()) < 2:
            held = ", ".join(f"{typed_names(section.domain)[axis]}={value:g}" for axis, value in section.held.items())
            raise ValueError(f"The section {held} misses the domain {section.domain}.")

    def evaluate(self, at: Callable[[Points], Tensor]) -> np.ndarray:
        """The values (N, …) of `at` at the nodes inside the domain, NaN elsewhere: shape (n, m) or (n, n, m)."""
        parts = [at(chunk).detach() for chunk in chunks(self.nodes[self.inside])]
        values = torch.cat([part.reshape(len(part), -1) for part in parts]).double().cpu()
        array = np.full((*self.inside.shape, values.shape[1]), np.nan)
        array[self.inside.cpu().numpy()] = values.numpy()
        return array

    def signed_distance(self) -> np.ndarray | None:
        """A function that changes sign at the domain's edge; None where the section fills its bounding box."""
        return self._signed_distance

    @cached_property
    def _signed_distance(self) -> np.ndarray | None:
        if bool(self.inside.all()):
            return None
        # Asked for beside the edge alone: of a mesh it costs far more than whether a point is inside.
        sides = torch.stack([self.inside, ~self.inside]).to(self.nodes.dtype)[None]
        pool = torch.nn.functional.max_pool2d if sides.ndim == 4 else torch.nn.functional.max_pool1d
        near = pool(sides, 5, 1, 2)[0].amin(0) > 0.5
        size = torch.ones_like(self.nodes[..., 0])
        size[near] = self.section.domain.level_set(self.nodes[near]).abs()
        size[~near] = size[near].amax()
        return torch.where(self.inside, size, -size).double().cpu().numpy()


def place(domain: Domain, held: Iterable[tuple[int, float]], units: Mapping[str, str] = _NONE) -> str:
    """Where a section lies, such as t = 0.5, z = 0.25, for a title; empty where nothing is held, cut short above 8."""
    names, typed = axis_names(domain), typed_names(domain)
    shown = [(names[axis], value, shown_unit(units.get(typed[axis], ""))) for axis, value in sorted(held)]
    parts = [f"${name} = {value:.4g}$" + (f" {unit}" if unit else "") for name, value, unit in shown]
    if len(parts) > 8:
        parts = [*parts[:3], "…"]
    return "\n".join(", ".join(parts[i : i + 4]) for i in range(0, len(parts), 4))


def sections(
    domain: Domain,
    times: Sequence[float] = (),
    slices: Mapping[str, float] | None = None,
    units: Mapping[str, str] = _NONE,
) -> list[Section]:
    """The sections to show: what `slices` and `times` leave free, one section for each time.

    Without `slices`: all of the domain up to two dimensions, where `times` leave the map as it is; above, the plane
    of the first two space axes through the centre, at half time unless `times` are given. An axis has a name or an
    index; `units` are those of the user, by name. Raises ValueError for an unknown axis, a value outside the domain,
    no free axis or more than two.
    """
    names = typed_names(domain)
    lower, upper = domain.bounds
    middle = [(a + b) / 2 for a, b in zip(lower, upper, strict=True)]
    has_time = isinstance(without_parameters(domain), TimeDomain)
    held: dict[int, float] = {}
    for name, value in (slices or {}).items():
        axis = _axis(names, name)
        if axis in held or (axis == 0 and has_time and times):
            raise ValueError(f"The axis {names[axis]} is held twice. Give it one value.")
        held[axis] = value
    if times and not has_time:
        raise ValueError(f"This problem has no time: its axes are {', '.join(names)}. Use slices instead.")
    for axis, value in [*held.items(), *((0, time) for time in times)]:
        if not lower[axis] <= value <= upper[axis]:
            raise ValueError(f"{names[axis]}={value} is outside the domain: [{lower[axis]}, {upper[axis]}].")

    if not held and domain.dim <= 2:
        return [Section(domain, tuple(range(domain.dim)), {}, units)]
    if not held:
        first = 1 if has_time else 0
        held = {axis: middle[axis] for axis in range(first + 2, domain.dim)}
    free = [axis for axis in range(domain.dim) if axis not in held]
    instants: list[dict[int, float]] = [{}]
    if has_time and 0 in free and (times or len(free) > 2):
        free = free[1:]
        instants = [{0: time} for time in dict.fromkeys(times or [middle[0]])]
    if not free:
        raise ValueError(f"No axis is left free: leave out at least one of {', '.join(names)}.")
    if len(free) > 2:
        rest = ", ".join(names[axis] for axis in free)
        raise ValueError(f"The axes {rest} are left free, and a figure has two: hold {len(free) - 2} more of them.")
    return [Section(domain, tuple(free), instant | held, units) for instant in instants]


def _axis(names: list[str], name: str) -> int:
    if name in names:
        return names.index(name)
    if name.isdecimal() and int(name) < len(names):
        return int(name)
    raise ValueError(f"There is no axis {name!r}: the axes are {', '.join(names)}, or 0 to {len(names) - 1}.")
