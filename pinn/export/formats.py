"""The formats of samples, by the word of `pinn export --format`: a new one is a function and an entry here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pinn.export.lattice import Lattice
from pinn.export.writers import At, write_csv, write_npz, write_vtu


@dataclass(frozen=True)
class SampleFormat:
    """The suffix of its files, and what writes the columns at the nodes of a lattice and returns the files to open.

    It is given the units of columns by name, for formats that have a place for them.

    With `corners` a lattice with cells comes without the nodes that are a corner of none.
    """

    suffix: str
    write: Callable[[Path, Lattice, Sequence[float | None], At, Mapping[str, str]], list[Path]]
    corners: bool = False


SAMPLE_FORMATS: Mapping[str, SampleFormat] = {
    "vtu": SampleFormat(".vtu", write_vtu, corners=True),
    "npz": SampleFormat(".npz", write_npz),
    "csv": SampleFormat(".csv", write_csv),
}
