"""Meshes from files that other programs write."""

from pathlib import Path

import numpy as np

from pinn.domains import Domain
from pinn.export.lattice import Lattice
from pinn.optional import package


def mesh_lattice(path: Path, domain: Domain, instant: float | None) -> Lattice:
    """The nodes and cells of a mesh of the domain's space, read by meshio, or by trimesh if meshio cannot.

    Files hold three coordinates also for a plane: those beyond the space of the domain must vanish. Raises
    FileNotFoundError if there is no such file, ValueError for one that cannot be read or has other coordinates.
    """
    if not path.is_file():
        raise FileNotFoundError(f"--mesh {path}: there is no such file.")
    nodes, cells = _read(path)
    k = domain.dim - (instant is not None)
    if nodes.shape[1] < k:
        raise ValueError(f"--mesh {path} has {nodes.shape[1]} coordinates, where the domain has {k} without time.")
    if np.abs(nodes[:, k:]).max(initial=0.0) > 1e-9 * np.abs(nodes).max(initial=0.0):
        raise ValueError(f"--mesh {path} lies in {nodes.shape[1]} dimensions, where the domain has {k} without time.")
    return Lattice(nodes[:, :k], cells)


def _read(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Nodes (N, 2 or 3) in float64, and cells by kind."""
    meshio = package("meshio", "export", "--mesh")
    try:
        if path.suffix.lower() in meshio.extension_to_filetypes:
            mesh = meshio.read(path)
            kinds = dict.fromkeys(block.type for block in mesh.cells)
            return np.asarray(mesh.points, float), {kind: mesh.get_cells_type(kind).astype(np.int64) for kind in kinds}
        trimesh = package("trimesh", "geometry", f"--mesh *{path.suffix}")
        surface = trimesh.load(path, force="mesh")
        return np.asarray(surface.vertices, float), {"triangle": np.asarray(surface.faces, np.int64)}
    except ImportError:
        raise
    except (Exception, SystemExit) as error:  # both raise many kinds, and meshio exits, all meaning one thing here
        reason = next(iter(str(error).splitlines()), "")
        raise ValueError(f"--mesh {path} cannot be read as a mesh: {reason or type(error).__name__}") from error
