"""Meshes in files of Gmsh (.msh) and VTK (.vtu, .vtk), read by meshio, with their physical groups."""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pinn.optional import package

SUFFIXES = (".msh", ".vtu", ".vtk")
KINDS = {"vertex": 0, "line": 1, "triangle": 2, "quad": 2, "tetra": 3}
"""Kinds of cells that are read, and their dimensions."""
_GROUPS = ("gmsh:physical", "medit:ref", "CellEntityIds", "physical", "tag")
"""Names under which files hold the group of each cell."""


@dataclass(frozen=True)
class MeshFile:
    """Points (V, 2 or 3); for each dimension the simplices (C, dimension + 1) and the names of their groups (C,).

    A cell without group has the empty name.
    """

    points: np.ndarray
    cells: dict[int, np.ndarray]
    groups: dict[int, np.ndarray]


def read_mesh(file: str, label: str) -> MeshFile:
    """The mesh in a file, quadrangles cut into two triangles each; in the plane with two coordinates.

    Groups have the names that the file gives them, else group_7 for the number 7. Raises FileNotFoundError if there is
    no such file, ValueError for one that cannot be read and for other kinds of cells, ImportError without meshio.
    """
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"{label}: there is no file {file!r}.")
    meshio = package("meshio", "geometry", label)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            mesh = meshio.read(path)
    except (Exception, SystemExit) as error:  # meshio raises many kinds and exits, all meaning one thing here
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"{label} cannot read {file!r} ({reason}).") from error
    points = np.asarray(mesh.points, dtype=np.float64)
    if not np.isfinite(points).all() or not len(points):
        raise ValueError(f"{label} finds coordinates in {file!r} that are not finite, or none.")
    if wrong := sorted({block.type for block in mesh.cells} - set(KINDS)):
        raise ValueError(
            f"{label}: {file!r} has cells of the kind {wrong[0]}; read are {', '.join(KINDS)}, of first order."
        )
    numbers = next((mesh.cell_data[name] for name in _GROUPS if name in mesh.cell_data), None)
    names = {(int(entry[1]), int(entry[0])): name for name, entry in mesh.field_data.items() if len(entry) > 1}
    cells: dict[int, list[np.ndarray]] = {}
    groups: dict[int, list[np.ndarray]] = {}
    for k, block in enumerate(mesh.cells):
        dimension, corners = KINDS[block.type], np.asarray(block.data, dtype=np.int64)
        own = np.zeros(len(corners), dtype=np.int64) if numbers is None else np.asarray(numbers[k], dtype=np.int64)
        if block.type == "quad":
            corners, own = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]]), np.concatenate([own, own])
        called = np.array([names.get((dimension, n), f"group_{n}") if n else "" for n in own.tolist()], dtype=object)
        cells.setdefault(dimension, []).append(corners)
        groups.setdefault(dimension, []).append(called)
    flat = points.shape[1] == 3 and max(cells, default=0) <= 2 and np.ptp(points[:, 2]) == 0
    return MeshFile(
        points[:, :2] if flat else points,
        {dimension: np.concatenate(parts) for dimension, parts in cells.items()},
        {dimension: np.concatenate(parts) for dimension, parts in groups.items()},
    )
