"""Fields of bodies in space on their surface, with one octant cut out so that the inside is seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from pinn.domains import Domain, ParameterDomain, TimeDomain
from pinn.plotting.labels import label
from pinn.plotting.quantities import Quantity
from pinn.plotting.sections import place
from pinn.plotting.style import Picture, Scale, diverging, figure, sequential
from pinn.plotting.subject import Subject
from pinn.training.accuracy import chunks

_CELLS = 36
"""Cells along the longest side."""
_LIGHT = np.array([0.35, -0.55, 0.76])
_TETRAHEDRA = ((0, 1, 3, 7), (0, 1, 5, 7), (0, 2, 3, 7), (0, 2, 6, 7), (0, 4, 5, 7), (0, 4, 6, 7))
"""The corners of a cube, by the bits of x, y and z, in six tetrahedra about its diagonal (Freudenthal)."""


@dataclass(frozen=True)
class Surface:
    """Triangles (k, 3, 3) by their corners."""

    triangles: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        return self.triangles.mean(1)

    @property
    def light(self) -> np.ndarray:
        """How bright each triangle is, by its direction alone: the walls of the cut differ from each other."""
        a, b, c = np.moveaxis(self.triangles, 1, 0)
        normals = np.cross(b - a, c - a)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
        return 0.6 + 0.4 * np.abs(normals @ _LIGHT)


def has_surface(domain: Domain) -> bool:
    """Whether the domain is a body in space, or that and time."""
    timed = isinstance(domain, TimeDomain)
    return not isinstance(domain, ParameterDomain) and domain.dim - timed == 3


def surface_picture(subject: Subject, times: Sequence[float] = ()) -> Picture:
    """Each component of the solution on the surface of the body, and below it the error if that is known.

    At the first of `times`, by default at half time. The octant towards the viewer is cut out at the centre.
    """
    domain = subject.domain
    instant = None
    if isinstance(domain, TimeDomain):
        instant = float(times[0]) if times else domain.start + domain.duration / 2
    surface = cut_surface(domain, instant)
    solution, *others = subject.quantities
    shown = [solution, *(q for q in others if q.signed)]
    values = {q.name: values_on(surface, q, subject, instant) for q in shown}
    m = values[solution.name].shape[1]
    with figure(4.3 * m + 0.4, 3.5 * len(shown) + 0.3) as canvas:
        canvas.set_layout_engine("constrained")
        for row, quantity in enumerate(shown):
            for index in range(m):
                ax = canvas.add_subplot(len(shown), m, row * m + index + 1, projection="3d")
                numbers = values[quantity.name][:, index]
                scale = diverging(numbers) if quantity.signed else sequential(numbers)
                draw_surface(ax, surface, numbers, scale, subject, quantity, index, m)
        canvas.suptitle("" if instant is None else place(domain, [(0, instant)], subject.units))
        return canvas


def values_on(surface: Surface, quantity: Quantity, subject: Subject, instant: float | None) -> np.ndarray:
    """The values of a quantity at the centres of the triangles, (k, m)."""
    points = _points(surface.centres, instant).to(subject.like)
    values = torch.cat([quantity.at(part).detach() for part in chunks(points)])
    return values.reshape(len(points), -1).double().cpu().numpy()


def cut_surface(domain: Domain, instant: float | None, cells: int = _CELLS) -> Surface:
    """The surface of a body without the octant x > 0, y < 0, z > 0 about its centre, and the walls of that cut."""
    lower, upper = (np.array(bound[-3:], float) for bound in domain.bounds)
    centre, step = (lower + upper) / 2, float((upper - lower).max()) / cells
    counts = np.maximum(2, 2 * np.ceil((upper - lower) / (2 * step)).astype(int))  # even: the centre is a node
    axes = [np.linspace(a, b, n + 1) for a, b, n in zip(lower, upper, counts, strict=True)]
    outer = _faces(axes) if _fills(domain, axes, instant) else _level_surface(domain, axes, instant)
    side = np.array([1, -1, 1])
    within = ((outer.mean(1) - centre) * side > 0).all(1)
    walls = []
    for axis in range(3):
        others = [k for k in range(3) if k != axis]
        halves = [axes[k][axes[k] >= centre[k]] if side[k] > 0 else axes[k][axes[k] <= centre[k]] for k in others]
        wall = _plane(axis, centre[axis], halves)
        walls.append(wall[_inside(domain, wall.mean(1), instant)])
    return Surface(np.concatenate([outer[~within], *walls]))


def _level_surface(domain: Domain, axes: Sequence[np.ndarray], instant: float | None) -> np.ndarray:
    """Where the level set of the domain vanishes, by marching tetrahedra (Doi & Koide 1991)."""
    wider = [np.concatenate([[2 * a[0] - a[1]], a, [2 * a[-1] - a[-2]]]) for a in axes]
    nodes = np.stack(np.meshgrid(*wider, indexing="ij"), -1)
    points = _points(nodes.reshape(-1, 3), instant)
    inside = domain.contains(points)
    size = torch.cat([domain.level_set(part) for part in chunks(points)]).abs()
    level = torch.where(inside, size, -size).numpy().reshape(nodes.shape[:3])
    values, corners = _corners(level).reshape(-1, 8), _corners(nodes).reshape(-1, 8, 3)
    crossing = (values > 0).any(1) & (values <= 0).any(1)
    values, corners = values[crossing], corners[crossing]
    return np.concatenate([_tetrahedron(values[:, list(t)], corners[:, list(t)]) for t in _TETRAHEDRA])


def _corners(array: np.ndarray) -> np.ndarray:
    """What stands at the eight corners of each cell, by the bits of x, y and z."""
    n, m, k = (length - 1 for length in array.shape[:3])
    shifts = [(bits >> 2 & 1, bits >> 1 & 1, bits & 1) for bits in range(8)]
    return np.stack([array[i : n + i, j : m + j, o : k + o] for i, j, o in shifts], 3)


def _tetrahedron(values: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The triangles in which zero cuts tetrahedra, whose corners have these values (k, 4)."""
    triangles = []
    positive = values > 0
    for pattern in range(1, 15):
        chosen = (positive == [bool(pattern >> k & 1) for k in range(4)]).all(1)
        if not chosen.any():
            continue
        above, below = ([k for k in range(4) if bool(pattern >> k & 1) == sign] for sign in (True, False))
        v, x = values[chosen], corners[chosen]

        def crossed(a: int, b: int, v: np.ndarray = v, x: np.ndarray = x) -> np.ndarray:
            part = (v[:, a] / (v[:, a] - v[:, b]))[:, None]
            return x[:, a] + part * (x[:, b] - x[:, a])

        if len(above) == 2:
            (a, b), (c, d) = above, below
            ring = crossed(a, c), crossed(a, d), crossed(b, d), crossed(b, c)
            triangles += [np.stack(ring[:3], 1), np.stack([ring[0], ring[2], ring[3]], 1)]
        else:
            (a,), others = (above, below) if len(above) == 1 else (below, above)
            triangles.append(np.stack([crossed(a, k) for k in others], 1))
    return np.concatenate(triangles) if triangles else np.zeros((0, 3, 3))


def _faces(axes: Sequence[np.ndarray]) -> np.ndarray:
    """The six faces of a box."""
    ends = [(axis, end) for axis in range(3) for end in (axes[axis][0], axes[axis][-1])]
    return np.concatenate([_plane(axis, end, [axes[k] for k in range(3) if k != axis]) for axis, end in ends])


def _plane(axis: int, at: float, lines: Sequence[np.ndarray]) -> np.ndarray:
    """The triangles of a grid on the plane where a coordinate has that value."""
    nodes = np.stack(np.meshgrid(*lines, indexing="ij"), -1)
    nodes = np.insert(nodes, axis, at, axis=-1)
    a, b, c, d = (nodes[i : i - 1 or None, j : j - 1 or None] for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)))
    pairs = [np.stack([a, b, c], 2), np.stack([a, c, d], 2)]
    return np.concatenate([pair.reshape(-1, 3, 3) for pair in pairs])


def _points(space: np.ndarray, instant: float | None) -> torch.Tensor:
    points = torch.from_numpy(np.ascontiguousarray(space))
    return points if instant is None else torch.cat([torch.full_like(points[:, :1], instant), points], 1)


def _inside(domain: Domain, space: np.ndarray, instant: float | None) -> np.ndarray:
    return domain.contains(_points(space, instant)).numpy()


def _fills(domain: Domain, axes: Sequence[np.ndarray], instant: float | None) -> bool:
    """Whether the domain is all of the box around it."""
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    return bool(_inside(domain, nodes, instant).all())


def draw_surface(
    ax: Any,
    surface: Surface,
    values: np.ndarray,
    scale: Scale,
    subject: Subject,
    quantity: Quantity,
    index: int,
    m: int,
) -> Poly3DCollection:
    """Draw a component into axes in space, with a colour bar. Returns the body, whose colours may change."""
    shades = colors(surface, values, scale)
    body = Poly3DCollection(surface.triangles, facecolors=shades, edgecolors=shades, linewidths=0.2)
    ax.add_collection3d(body)
    low, high = surface.triangles.reshape(-1, 3).min(0), surface.triangles.reshape(-1, 3).max(0)
    for k, name in enumerate("xyz"):
        getattr(ax, f"set_{name}lim")(low[k], high[k])
        getattr(ax, f"set_{name}label")(label(name, subject.units.get(name, "")))
        getattr(ax, f"{name}axis").set_major_locator(MaxNLocator(4, prune="both"))
    ax.set_box_aspect(high - low)
    ax.view_init(elev=24, azim=-55)
    ax.set_title(f"{quantity.title} ${quantity.component(index, m)}$", pad=0)
    bar = ax.figure.colorbar(ScalarMappable(scale.norm, scale.colors), ax=ax, shrink=0.6, pad=0.13)
    bar.locator, bar.formatter = scale.locator(5), scale.formatter
    bar.set_label(quantity.label(index, m, scale))
    bar.update_ticks()
    return body


def colors(surface: Surface, values: np.ndarray, scale: Scale) -> np.ndarray:
    """The colours of the triangles, (k, 4), by their values and by how the light falls on them."""
    shades = matplotlib.colormaps[scale.colors](scale.norm(values))
    shades[:, :3] *= surface.light[:, None]
    return shades
