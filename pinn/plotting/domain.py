"""A picture of a domain: points inside, the parts of its boundary in colours, and normals."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pinn.domains import Boundary, Domain, Interior
from pinn.domains.coordinates import typed_names
from pinn.plotting.labels import mathtext
from pinn.plotting.style import COLORS, figure, save

MOST_ARROWS = 40
"""Normals drawn of each part."""


@dataclass(frozen=True)
class Part:
    """A named part of a boundary: its length or area, whether values are built in there, points (N, d) and normals."""

    name: str
    measure: float
    built_in: bool
    points: np.ndarray
    normals: np.ndarray


def parts_of(domain: Domain, points: int) -> list[Part]:
    """All parts, with so many points of the boundary together, as quasi-random sampling has them.

    A part so small that few of these lie on it has points of its own. Empty for a domain without boundary.
    """
    if not domain.boundary_measure:
        return []
    tags = domain.tags
    found = []
    for tag in tags:
        region = Boundary(domain, tag)
        measure = region.measure
        count = max(8, round(points * measure / domain.boundary_measure)) if measure else 8
        generator = torch.Generator().manual_seed(0)
        x, normal = region.sample(count, lambda n, k, g=generator: torch.rand(n, k, generator=g, dtype=torch.float64))
        found.append(Part(tag, measure, region.smooth and region.extendable, x.numpy(), normal.numpy()))
    return found


def plot_domain(domain: Domain, path: Path, *, points: int = 400) -> Path:
    """Draw a domain of one, two or three dimensions into the file `path`. Raises ValueError for more dimensions.

    Parts that overlap are drawn one over the other, those named last on top.
    """
    if not 1 <= domain.dim <= 3:
        raise ValueError(f"A picture shows one to three dimensions; this domain has {domain.dim}.")
    generator = torch.Generator().manual_seed(0)
    inside = Interior(domain).sample(points, lambda n, k: torch.rand(n, k, generator=generator, dtype=torch.float64))[0]
    low, high = (np.array(bound) for bound in domain.bounds)
    size = float((high - low).max())
    with figure(7.0, 5.2 if domain.dim > 1 else 1.8) as canvas:
        ax: Any = canvas.add_subplot(projection="3d" if domain.dim == 3 else None)
        ax.scatter(*_coordinates(inside.numpy()), s=4, color="0.75", label=f"inside ({points} points)")
        for k, part in enumerate(parts_of(domain, points)):
            color = COLORS[k % len(COLORS)]
            ax.scatter(*_coordinates(part.points), s=10, color=color, label=part.name)
            step = max(1, len(part.points) // MOST_ARROWS)
            start, arrow = part.points[::step], 0.08 * size * part.normals[::step]
            if domain.dim == 3:
                ax.quiver(*start.T, *arrow.T, color=color, linewidth=0.8)
            else:
                straight: Any = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.003}
                ax.quiver(*_coordinates(start), *_coordinates(arrow), color=color, **straight)
        names = typed_names(domain)
        for name, label in zip(names, (ax.set_xlabel, ax.set_ylabel, getattr(ax, "set_zlabel", None)), strict=False):
            if label is not None:
                label(f"${mathtext(name)}$")
        if domain.dim == 1:
            ax.set_yticks([])
            ax.set_ylim(-1, 1)
        else:
            ax.set_aspect("equal")
            ax.margins(0.12)
        ax.legend(loc="center left", bbox_to_anchor=(1.02 if domain.dim < 3 else 1.1, 0.5))
        return save(canvas, path)


def _coordinates(points: np.ndarray) -> tuple[np.ndarray, ...]:
    """Columns; on a line the second is zero."""
    columns = [*points.T]
    return (columns[0], np.zeros(len(points))) if len(columns) == 1 else tuple(columns)
