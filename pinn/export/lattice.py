"""Where an export samples: instants, and the nodes of a regular grid within a domain with the cells between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from pinn.domains import Domain, TimeDomain
from pinn.domains.coordinates import without_parameters
from pinn.typing import Points

MOST_NODES = 5_000_000
_NODES = {1: 401, 2: 101, 3: 41}
# The corners of a cell in the order of VTK, as steps along the axes.
_CORNERS = {
    "line": ((0,), (1,)),
    "quad": ((0, 0), (1, 0), (1, 1), (0, 1)),
    "hexahedron": tuple((*step, k) for k in (0, 1) for step in ((0, 0), (1, 0), (1, 1), (0, 1))),
}


@dataclass(frozen=True)
class Lattice:
    """Nodes (N, k) without time, and the cells between them by meshio's names: arrays of node numbers, a row each."""

    nodes: np.ndarray
    cells: Mapping[str, np.ndarray] = field(default_factory=dict)

    def at(self, instant: float | None, like: Tensor) -> Points:
        """The nodes as points of the domain, at that time if it has time: dtype and device of `like`."""
        nodes = torch.from_numpy(self.nodes).to(like)
        if instant is None:
            return nodes
        return torch.cat([torch.full_like(nodes[:, :1], instant), nodes], 1)

    def only_corners(self) -> "Lattice":
        """Without the nodes that are no corner of a cell. Raises ValueError where there are no cells."""
        if not sum(len(corners) for corners in self.cells.values()):
            raise ValueError("No cell of the grid lies in the domain with all of its corners: take more --points.")
        used = np.unique(np.concatenate([corners.ravel() for corners in self.cells.values()]))
        number = np.zeros(len(self.nodes), dtype=np.int64)
        number[used] = np.arange(len(used))
        return Lattice(self.nodes[used], {kind: number[corners] for kind, corners in self.cells.items()})


def instants(domain: Domain, times: Sequence[float]) -> list[float | None]:
    """The times of an export, 11 over the whole time where none are given; only None for a domain without time.

    Where time is the only coordinate it is the axis of the grid. Raises ValueError for a time outside the domain.
    """
    timed = isinstance(without_parameters(domain), TimeDomain)
    if not timed or domain.dim == 1:
        if times:
            lacks = "This problem has no time" if not timed else "Time is the only coordinate of this problem, its grid"
            raise ValueError(f"{lacks}: leave out --time.")
        return [None]
    start, end = domain.bounds[0][0], domain.bounds[1][0]
    for time in times:
        if not start <= time <= end:
            raise ValueError(
                f"--time {time:g} is outside the domain: the time of this problem is [{start:g}, {end:g}]."
            )
    return list(dict.fromkeys(times)) or np.linspace(start, end, 11).tolist()


def regular_lattice(domain: Domain, instant: float | None, n: int | None) -> Lattice:
    """The nodes of a regular grid, `n` along each axis but time, that lie in the domain, and the cells between them.

    Cells are lines, quadrilaterals or hexahedra all of whose corners lie in the domain; there are none above three
    axes. Raises ValueError for n < 2, for a grid too large to be held, and where no node lies in the domain.
    """
    lower, upper = (bound if instant is None else bound[1:] for bound in domain.bounds)
    k = len(lower)
    n = n if n is not None else _NODES.get(k, max(2, int(1e5 ** (1 / k))))
    if n < 2:
        raise ValueError(f"A grid needs --points of at least 2 along each axis, got {n}.")
    if n**k > MOST_NODES:
        fewer = "take fewer --points, or " if 2**k <= MOST_NODES else ""
        raise ValueError(
            f"A regular grid of {n} points along each of {k} axes is too large (at most {MOST_NODES} nodes together): "
            f"{fewer}export the field itself, --format onnx or torch-export."
        )
    axes = [torch.linspace(a, b, n, dtype=torch.float64) for a, b in zip(lower, upper, strict=True)]
    nodes = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, k).numpy()
    everything = Lattice(nodes)
    inside = domain.contains(everything.at(instant, axes[0])).numpy()
    if not inside.any():
        raise ValueError(f"No node of a grid with {n} points along each axis lies in the domain: take more --points.")
    number = np.cumsum(inside) - 1
    cells = {kind: number[corners[inside[corners].all(1)]] for kind, corners in _cells(n, k).items()}
    return Lattice(nodes[inside], cells)


def _cells(n: int, k: int) -> dict[str, np.ndarray]:
    """The cells of an n × … × n grid: node numbers (cells, corners)."""
    kind = {1: "line", 2: "quad", 3: "hexahedron"}.get(k)
    if kind is None:
        return {}
    numbers = np.arange(n**k).reshape((n,) * k)
    corners = [numbers[tuple(slice(o, o + n - 1) for o in step)].ravel() for step in _CORNERS[kind]]
    return {kind: np.stack(corners, 1)}
