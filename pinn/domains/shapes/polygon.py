"""Domains in the plane that straight edges bound: polygon, triangle, L-shape."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pinn.domains.domain import Domain, short_repr
from pinn.domains.rejection import in_bounding_box, refuse_extension
from pinn.domains.shapes.convex import ConvexEdges, is_convex
from pinn.domains.wedges import Wedge, wedges_of
from pinn.optional import package
from pinn.typing import Field, Points


@dataclass(frozen=True)
class _Polygonal(Domain):
    """All that polygons share; they differ in how their corners are given."""

    @property
    @abstractmethod
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The corners in the mathematically positive order."""

    @property
    def dim(self) -> int:
        return 2

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        x, y = zip(*self.corners, strict=True)
        return (min(x), min(y)), (max(x), max(y))

    @property
    def measure(self) -> float:
        return signed_area(self.corners)

    @property
    def boundary_measure(self) -> float:
        return sum(self._lengths)

    @property
    def interior_sample_dim(self) -> int:
        return 2

    def interior(self, u: Tensor) -> Points:
        return in_bounding_box(self, u)

    @property
    def boundary_sample_dim(self) -> int:
        return 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        ends = u.new_tensor(self._lengths).cumsum(0)
        s = u[:, 0] * ends[-1]
        edge = torch.bucketize(s, ends, right=True).clamp(max=len(ends) - 1)
        a, b = self._edges(u)
        lengths = (b - a).norm(dim=1)
        share = 1 - ((ends[edge] - s) / lengths[edge]).clamp(0, 1)
        along = (b - a) / lengths[:, None]
        normal = torch.stack([along[:, 1], -along[:, 0]], 1)[edge]
        return a[edge] + share[:, None] * (b - a)[edge], normal

    def contains(self, x: Tensor) -> Tensor:
        """By the number of edges that a ray to the right crosses (even–odd rule), or on an edge to rounding."""
        a, b = self._edges(x)
        p = x[..., None, :]
        above_a, above_b = p[..., 1] < a[:, 1], p[..., 1] < b[:, 1]
        rise = b[:, 1] - a[:, 1]
        slope = (b[:, 0] - a[:, 0]) / torch.where(rise == 0, torch.ones_like(rise), rise)
        crosses = (above_a != above_b) & (p[..., 0] < a[:, 0] + slope * (p[..., 1] - a[:, 1]))
        size = max(abs(c) for corner in self.bounds for c in corner) + self.boundary_measure
        on_edge = _from_segments(x, a, b).amin(-1) <= 8 * torch.finfo(x.dtype).eps * size
        return (crosses.sum(-1) % 2 == 1) | on_edge

    def distance(self, x: Tensor) -> Tensor:
        """If the polygon is convex, a rational function of the distances d_i from its lines (`ConvexEdges`).

        Elsewhere (Σ_i φ_i⁻²)^{−½} of normalised functions φ_i of the edges (Rvachev; Sukumar & Srivastava 2022, eq. 11,
        14), φ_i = √(f² + ¼(√(t² + f⁴) − t)²) with the distance f from the line and t ≥ 0 between the ends. It is the
        distance to first order at the edges, and its second derivatives are singular in the corners alone.
        """
        return self._from_edges(x) if self._convex is None else self._convex.distance(x)

    def level_set(self, x: Tensor) -> Tensor:
        size = self._from_edges(x)
        return torch.where(self.contains(x), size, -size)

    def extend(self, g: Field) -> Field:
        """Charrot & Gregory's (1984) blend of corner interpolants; ValueError if the polygon is not convex."""
        return refuse_extension(self) if self._convex is None else self._convex.extend(g)

    @property
    def extendable(self) -> bool:
        return self._convex is not None

    @property
    def wedges(self) -> tuple[Wedge, ...]:
        return wedges_of(self.corners)

    @property
    def tags(self) -> tuple[str, ...]:
        """edge_0 from the first corner to the second, and so on."""
        return tuple(f"edge_{i}" for i in range(len(self.corners)))

    def hard_part(self, tag: str) -> tuple[Field, Callable[[Field], Field]] | None:
        """The distance from the line of an edge; None if the polygon is not convex."""
        return None if self._convex is None else self._convex.edge(self.tags.index(tag))

    def boundary_mask(self, tag: str, x: Tensor, normal: Tensor) -> Tensor:
        return _from_segments(x, *self._edges(x)).argmin(-1) == self.tags.index(tag)

    @cached_property
    def _convex(self) -> ConvexEdges | None:
        return ConvexEdges(self.corners) if is_convex(self.corners) else None

    def _from_edges(self, x: Tensor) -> Tensor:
        a, b = self._edges(x)
        length = (b - a).norm(dim=1)
        along = (b - a) / length[:, None]
        p = x[..., None, :] - a
        across = p[..., 0] * along[:, 1] - p[..., 1] * along[:, 0]
        middle = ((x[..., None, :] - (a + b) / 2) ** 2).sum(-1)
        trimming = (length**2 / 4 - middle) / length
        root = torch.sqrt(trimming**2 + across**4)
        edges = torch.sqrt(across**2 + (root - trimming) ** 2 / 4)
        # Of the products rather than of the inverses, which have no value on an edge; in a corner two edges vanish.
        others = torch.stack([_product_without(edges, i) for i in range(edges.shape[-1])], -1)
        total = (others**2).sum(-1)
        return edges.prod(-1) / torch.sqrt(torch.where(total > 0, total, torch.ones_like(total)))

    def _edges(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The first and second ends of all edges, both (E, 2)."""
        a = like.new_tensor(self.corners)
        return a, a.roll(-1, 0)

    @property
    def _lengths(self) -> list[float]:
        return [math.dist(a, b) for a, b in zip(self.corners, self.corners[1:] + self.corners[:1], strict=True)]


@dataclass(frozen=True)
class Polygon(_Polygonal):
    """The polygon with the given `vertices`, in either order, convex or not, without holes.

    If it is not convex, values on the boundary are penalised, not built in: at a corner that points inward no smooth
    function vanishes on the boundary alone. Raises ValueError for less than three vertices and for edges that touch or
    cross (by shapely).

    >>> Polygon(((0, 0), (2, 0), (2, 1))).measure
    1.0
    """

    vertices: Sequence[Sequence[float]] = ((0.0, 0.0), (1.0, 0.0), (1.3, 0.6), (0.5, 1.1), (-0.2, 0.6))

    def __repr__(self) -> str:
        return short_repr(self)

    def __post_init__(self) -> None:
        vertices = tuple(tuple(map(float, vertex)) for vertex in self.vertices)
        if len(vertices) < 3 or any(len(v) != 2 or not all(map(math.isfinite, v)) for v in vertices):
            raise ValueError(f"Polygon needs at least three vertices of two finite coordinates, got {self.vertices}.")
        if any(math.dist(a, b) == 0 for a, b in zip(vertices, (*vertices[1:], vertices[0]), strict=True)):
            raise ValueError(f"Polygon needs vertices of which no two in a row are the same, got {self.vertices}.")
        check_simple(vertices)
        object.__setattr__(self, "vertices", vertices if signed_area(vertices) > 0 else vertices[::-1])

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        return tuple((v[0], v[1]) for v in self.vertices)


@dataclass(frozen=True)
class Triangle(_Polygonal):
    """The triangle with the corners a, b, c. Raises ValueError if they lie on one line.

    >>> Triangle((0, 0), (1, 0), (0, 1)).measure
    0.5
    """

    a: Sequence[float] = (0.0, 0.0)
    b: Sequence[float] = (1.0, 0.0)
    c: Sequence[float] = (0.0, 1.0)

    def __post_init__(self) -> None:
        Polygon((self.a, self.b, self.c))

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        return Polygon((self.a, self.b, self.c)).corners


@dataclass(frozen=True)
class LShape(_Polygonal):
    """[−1, 1]² without [0, 1] × [−1, 0], times `size` about the `corner`, whose inner angle is 3π/2.

    The domain of a classical singularity: solutions behave as r^{2/3} there. Raises ValueError unless size > 0.

    >>> LShape().measure
    3.0
    """

    corner: Sequence[float] = (0.0, 0.0)
    size: float = 1.0

    def __post_init__(self) -> None:
        if len(self.corner) != 2 or not all(map(math.isfinite, self.corner)):
            raise ValueError(f"LShape needs a corner with two finite coordinates, got {self.corner}.")
        if not 0 < self.size < math.inf:
            raise ValueError(f"LShape needs a size > 0, got size={self.size}.")

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        unit = ((-1, -1), (0, -1), (0, 0), (1, 0), (1, 1), (-1, 1))
        return tuple((self.corner[0] + self.size * x, self.corner[1] + self.size * y) for x, y in unit)


def signed_area(vertices: Sequence[Sequence[float]]) -> float:
    """Gauss's formula; positive if the vertices go round in the positive sense."""
    pairs = zip(vertices, [*vertices[1:], vertices[0]], strict=True)
    return sum(a[0] * b[1] - a[1] * b[0] for a, b in pairs) / 2


def check_simple(vertices: Sequence[Sequence[float]]) -> None:
    """Raise ValueError if the closed line through the vertices is not the boundary of a set."""
    shapely = package("shapely", "geometry", "Polygon")
    if abs(signed_area(vertices)) <= 1e-14 * max(math.dist(a, vertices[0]) for a in vertices) ** 2:
        raise ValueError(f"Polygon needs vertices that enclose something, got {vertices}: their area is zero.")
    polygon = shapely.Polygon(vertices)
    if not polygon.is_valid:
        reason = shapely.is_valid_reason(polygon)
        raise ValueError(f"Polygon needs a boundary that neither touches nor crosses itself: {reason}.")


def _product_without(edges: Tensor, i: int) -> Tensor:
    return torch.cat([edges[..., :i], edges[..., i + 1 :]], -1).prod(-1)


def _from_segments(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Distances of points (…, 2) from segments: (…, E)."""
    p, edge = x[..., None, :] - a, b - a
    share = ((p * edge).sum(-1) / (edge**2).sum(-1)).clamp(0, 1)
    return (p - share[..., None] * edge).norm(dim=-1)
