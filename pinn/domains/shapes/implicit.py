"""Domains given by a function that is negative inside: a signed distance, or any other with that sign."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.func import grad, vmap

from pinn.domains.rejection import NotExtendable, in_bounding_box
from pinn.expressions import Formula, Names
from pinn.expressions.formula import Program
from pinn.expressions.smoothness import first_break
from pinn.typing import Points

_CELLS = {1: 4096, 2: 256, 3: 48}
"""Along the longest side of the box; in more dimensions as many as make 50,000."""
_BAND = 0.25
"""Points are drawn where |φ|/|∇φ| is below this part of a cell."""
_NEWTON = 30
_POOL = 2**16
"""Points of the boundary that all others are drawn near to."""
_SUB = {1: 4, 2: 2, 3: 2}
"""Parts along each coordinate into which a cell is cut that the boundary goes through."""


@dataclass(frozen=True)
class Implicit(NotExtendable):
    """The points of the box [lower, upper] with φ(x) ≤ 0, for a function φ with ∇φ ≠ 0 on φ = 0.

    `function` is a text in the coordinates, such as "x**2 + y**2 - 1" or "max(x**2 + y**2 - 1, 0.1 - x)", or a Python
    function of points (…, d) to (…). The zero set has to lie inside the box. φ need not be a distance; with a signed
    distance points cost least. Boundary points are those of a thin band, where |φ|/|∇φ| < h/4 for cells of size h,
    moved to φ = 0 along ∇φ by Newton's method: their density is uniform but for (κh)², κ the curvature. `measure` is
    summed over cells, `boundary_measure` is the volume of the band over its width, both to about 1e-3 or better.

    φ serves as distance: values that vanish are built in, others are penalised. If φ has kinks, where its min, max or
    abs change over, or if a Python function is not said to be `smooth`, those that vanish are penalised as well.

    Raises ValueError if the box holds no zero set or cuts it, if it is all inside or outside, and if φ or ∇φ is not
    finite or vanishes where it must not; FormulaError for a text that is no formula.

    >>> round(Implicit("x**2 + y**2 - 1", (-1.1, -1.1), (1.1, 1.1)).measure, 3)
    3.142
    """

    function: str | Callable[[Tensor], Tensor] = "x**2 + y**2 - 1"
    lower: Sequence[float] = (-1.5, -1.5)
    upper: Sequence[float] = (1.5, 1.5)
    smooth_function: bool = False

    def __post_init__(self) -> None:
        lower, upper = tuple(map(float, self.lower)), tuple(map(float, self.upper))
        pairs = [*zip(lower, upper, strict=False)]
        if len(lower) != len(upper) or not lower or not all(-math.inf < a < b < math.inf for a, b in pairs):
            raise ValueError(f"Implicit needs finite lower < upper in every coordinate, got {lower=} and {upper=}.")
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)
        _ = self._phi
        corners, size = self._cells
        values = self._at(corners + size / 2)
        if not bool(values.isfinite().all()):
            raise ValueError(f"Implicit: {self.function} is not finite everywhere in the box {lower} to {upper}.")
        if not bool((values < 0).any()) or not bool((values > 0).any()):
            side = "inside" if bool((values < 0).all()) else "outside"
            raise ValueError(f"Implicit: all of the box {lower} to {upper} is {side} of {self.function}: no boundary.")
        low, high = corners.new_tensor(lower) + 0.1 * size, corners.new_tensor(upper) - 0.1 * size
        on_faces = (corners <= low) | (corners + size >= high)
        if bool((on_faces.any(1) & (values < 0)).any()):
            raise ValueError(f"Implicit: the box {lower} to {upper} cuts {self.function} off: make it larger.")
        if bool((self._slopes(self._edge[0] + size / 2).norm(dim=1) == 0).any()):
            raise ValueError(f"Implicit: the gradient of {self.function} vanishes on its zero set.")

    @property
    def dim(self) -> int:
        return len(self.lower)

    @property
    def bounds(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return tuple(self.lower), tuple(self.upper)

    @cached_property
    def measure(self) -> float:  # pyright: ignore[reportIncompatibleMethodOverride]
        corners, size = self._cells
        cut, _ = self._edge
        k = _SUB.get(self.dim, 1)
        whole = int((self._at(corners + size / 2) < 0).sum()) - int((self._at(cut + size / 2) < 0).sum())
        # The error is of second order in the size of the cells.
        shares = (4 * self._shares(cut, size, 2 * k) - self._shares(cut, size, k)) / 3
        return float(size.prod()) * (whole + shares)

    def _shares(self, cut: Points, size: Tensor, k: int) -> float:
        """How much of some cells lies inside, each of them cut into k cells along each coordinate."""
        total = 0.0
        for one in itertools.product(range(k), repeat=self.dim):
            x = cut + size * (torch.tensor(one, dtype=torch.float64) + 0.5) / k
            # What a plane cuts off a cell, by a ramp that is right on the average over its places.
            width = (self._slopes(x).abs() * size / k).sum(1).clamp_min(1e-300)
            total += float((0.5 - self._at(x) / width).clamp(0, 1).sum())
        return total / k**self.dim

    @property
    def boundary_measure(self) -> float:
        return self._pool[1]

    @property
    def interior_sample_dim(self) -> int:
        return self.dim

    def interior(self, u: Tensor) -> Points:
        return in_bounding_box(self, u)

    @property
    def boundary_sample_dim(self) -> int:
        return self.dim + 1

    def boundary(self, u: Tensor) -> tuple[Points, Tensor]:
        dtype, u = u.dtype, u.double()
        pool, size = self._pool[0].to(u.device), self._cells[1].to(u.device)
        place = (u[:, 0] * len(pool)).long().clamp(max=len(pool) - 1)
        x, met = self._projected(pool[place] + _BAND * size.min() * (u[:, 1:] - 0.5))
        normal = self._slopes(x)
        normal = normal / normal.norm(dim=1, keepdim=True)
        return torch.where(met[:, None], x, torch.nan).to(dtype), normal.to(dtype)

    def contains(self, x: Tensor) -> Tensor:
        lower, upper = x.new_tensor(self.lower), x.new_tensor(self.upper)
        slack = 64 * torch.finfo(x.dtype).eps * float((upper - lower).max()) * self._steepest
        return (self._phi(x) <= slack) & ((x >= lower) & (x <= upper)).all(-1)

    def distance(self, x: Tensor) -> Tensor:
        """−φ, as it is given."""
        return -self._phi(x)

    @cached_property
    def smooth(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Whether φ has no kinks in the box: seen in a formula, said of a function."""
        if not isinstance(self._phi, Formula):
            return self.smooth_function
        program = self._phi.program
        return all(self._unbroken(program, axis) for axis in range(self.dim))

    @property
    def smooth_level_set(self) -> bool:
        return self.smooth

    @cached_property
    def _phi(self) -> Callable[[Tensor], Tensor]:
        if callable(self.function):
            return self.function
        return Formula.of(self.function, Names(len(self.lower)), "domain.function")

    def _at(self, x: Points) -> Tensor:
        with torch.no_grad():
            return torch.cat([self._phi(part) for part in x.split(2**18)]) if len(x) else x.new_zeros(0)

    def _slopes(self, x: Points) -> Tensor:
        return torch.cat([vmap(grad(self._phi))(part) for part in x.split(2**17)]) if len(x) else x

    @cached_property
    def _cells(self) -> tuple[Points, Tensor]:
        """Lower corners of all cells of the box, and their size."""
        low, high = (torch.tensor(bound, dtype=torch.float64) for bound in self.bounds)
        n = _CELLS.get(self.dim, max(3, int(50_000 ** (1 / self.dim))))
        counts = [max(4, math.ceil(n * float(side / (high - low).max()))) for side in high - low]
        size = (high - low) / torch.tensor(counts)
        axes = [torch.arange(count, dtype=torch.float64) for count in counts]
        return low + size * torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, self.dim), size

    @cached_property
    def _edge(self) -> tuple[Points, Tensor]:
        """Cells that the band around the zero set may reach: |φ| at the centre is no larger than its slope allows."""
        corners, size = self._cells
        x = corners + size / 2
        reach = float(size.norm())
        return corners[self._at(x).abs() <= 1.5 * reach * self._slopes(x).norm(dim=1) + 1e-300], size

    @cached_property
    def _pool(self) -> tuple[Points, float]:
        """Many points uniform on the boundary, and its measure: the volume of the band over its width."""
        cut, size = self._edge
        n = max(2**18, 8 * len(cut))
        u = torch.quasirandom.SobolEngine(self.dim + 1, scramble=True, seed=0).draw(n, dtype=torch.float64)
        x = cut[(u[:, 0] * len(cut)).long()] + size * u[:, 1:]
        band = _BAND * float(size.min())
        hit = self._at(x).abs() < band * self._slopes(x).norm(dim=1)
        points, met = self._projected(x[hit][:_POOL])
        return points[met], float(hit.double().mean()) * len(cut) * float(size.prod()) / (2 * band)

    def _projected(self, x: Points) -> tuple[Points, Tensor]:
        """Points moved to φ = 0 along ∇φ, and which have come there."""
        largest = float(self._cells[1].max())
        for _ in range(_NEWTON):
            slope = self._slopes(x)
            step = self._at(x)[:, None] * slope / slope.square().sum(1, keepdim=True).clamp_min(1e-300)
            x = x - step
            if not len(x) or float(step.abs().amax()) < 1e-15 * largest:
                break
        return x, self._at(x).abs() <= 1e-9 * largest * self._slopes(x).norm(dim=1)

    @cached_property
    def _steepest(self) -> float:
        cut, size = self._edge
        return max(1.0, float(self._slopes(cut + size / 2).norm(dim=1).max()))

    def _unbroken(self, program: Program, axis: int) -> bool:
        generator = torch.Generator().manual_seed(axis)
        low, high = (torch.tensor(bound, dtype=torch.float64) for bound in self.bounds)
        lines = (low + (high - low) * torch.rand(16, self.dim, generator=generator, dtype=torch.float64))[:, None]
        lines = lines.repeat(1, 257, 1)
        lines[..., axis] = low[axis] + (high - low)[axis] * torch.linspace(1e-3, 1 - 1e-3, 257, dtype=torch.float64)
        return first_break(program, axis, 4, lines, torch.ones(lines.shape[:2], dtype=torch.bool)) is None
