"""Files of samples: VTU with a PVD for a series in time, NPZ, CSV."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pinn.export.columns import Columns
from pinn.export.lattice import Lattice
from pinn.optional import package
from pinn.runs.atomic_write import atomic_write

At = Callable[[float | None], Columns]
"""The columns at an instant, None if there is no time."""


def write_npz(
    path: Path, lattice: Lattice, instants: Sequence[float | None], at: At, units: Mapping[str, str]
) -> list[Path]:
    """All columns as arrays of one file for numpy; returns the file."""
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **_all(instants, at))
    return [path]


def write_csv(
    path: Path, lattice: Lattice, instants: Sequence[float | None], at: At, units: Mapping[str, str]
) -> list[Path]:
    """All columns as one table; returns the file.

    Numbers have all of their digits: Python writes the shortest text that is read back as the same number.
    """
    values = _all(instants, at)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        file.write((",".join(values) + "\r\n").encode())
        for row in zip(*(column.astype(str).tolist() for column in values.values()), strict=True):
            file.write((",".join(row) + "\r\n").encode())
    return [path]


def write_vtu(
    path: Path, lattice: Lattice, instants: Sequence[float | None], at: At, units: Mapping[str, str]
) -> list[Path]:
    """One file, or for several instants PATH_0000.vtu, … and a PVD file that says when each of them is.

    Units stand where VTK has them, in the key UNITS_LABEL of each array.

    Returns the files to open. Raises MissingPackageError without meshio, ValueError if VTU cannot hold the lattice.
    """
    meshio = package("meshio", "export", "--format vtu")
    axes = lattice.nodes.shape[1]
    if axes > 3:
        raise ValueError(
            f"VTU has three coordinates, and this domain has {axes} without time: use --format npz or csv."
        )
    points = np.pad(lattice.nodes, ((0, 0), (0, 3 - axes)))
    series = len(instants) > 1
    paths = [path.with_name(f"{path.stem}_{k:04}.vtu") if series else path for k in range(len(instants))]
    for instant, file in zip(instants, paths, strict=True):
        mesh = meshio.Mesh(points, dict(lattice.cells), point_data=at(instant))
        with atomic_write(file) as temporary:
            meshio.write(temporary, mesh, file_format="vtu")
            if units:
                _label(temporary, units)
    return [_pvd(path.with_suffix(".pvd"), paths, instants)] if series else paths


def _label(file: Path, units: Mapping[str, str]) -> None:
    """Add the units to the arrays of a VTU file."""
    tree = ElementTree.parse(file)
    for array in tree.iter("DataArray"):
        if unit := units.get(array.get("Name", "")):
            key = ElementTree.SubElement(array, "InformationKey", name="UNITS_LABEL", location="vtkDataArray")
            key.text = unit
    tree.write(file, encoding="utf-8", xml_declaration=True)


def _pvd(path: Path, files: Sequence[Path], instants: Sequence[float | None]) -> Path:
    root = ElementTree.Element("VTKFile", type="Collection", version="0.1")
    collection = ElementTree.SubElement(root, "Collection")
    for file, instant in zip(files, instants, strict=True):
        ElementTree.SubElement(collection, "DataSet", timestep=f"{instant:.12g}", part="0", file=file.name)
    with atomic_write(path) as temporary:
        ElementTree.ElementTree(root).write(temporary, encoding="utf-8", xml_declaration=True)
    return path


def _all(instants: Sequence[float | None], at: At) -> Columns:
    """The columns of all instants, one below the other."""
    parts = [at(instant) for instant in instants]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
