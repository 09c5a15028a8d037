"""Arrays that a user keeps in a file."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_MOST_BYTES, _MOST_TIMES = 2**28, 100
"""A file may always become so large, and so many times larger: numbers with noise do not shrink to a tenth."""


def read_arrays(file: str, names: Sequence[str], label: str) -> list[np.ndarray]:
    """The arrays of these names in an .npz file, as real numbers in float64.

    `label` stands before each message. Raises FileNotFoundError if there is no such file, ValueError for one that is
    not an .npz, lacks an array, or holds anything but finite real numbers.
    """
    return [*_read(file, names, label).values()]


def read_all_arrays(file: str, label: str) -> dict[str, np.ndarray]:
    """All arrays of an .npz file by name, with the same errors."""
    return _read(file, None, label)


def _read(file: str, names: Sequence[str] | None, label: str) -> dict[str, np.ndarray]:
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"{label}: there is no file {file!r}.")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{label}: {file!r} is not an .npz file, which numpy.savez writes.")
    try:
        refuse_decompression(path)
        with np.load(path, allow_pickle=False) as given:
            known = list(given.files)
            names = known if names is None else names
            arrays = {name: given[name] for name in names if name in known}
    except Exception as error:  # zipfile, zlib and numpy each raise kinds of their own, all meaning one thing here
        raise ValueError(f"{label}: {file!r} cannot be read as an .npz file ({error}).") from error
    if missing := sorted(set(names) - set(known)):
        raise ValueError(f"{label}: {file!r} lacks the arrays {missing}; it has {known}.")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
            raise ValueError(f"{label}: the array {name!r} in {file!r} needs real numbers.")
        if not np.isfinite(array).all():
            raise ValueError(f"{label}: the array {name!r} in {file!r} needs finite numbers, it holds NaN or infinity.")
    return {name: arrays[name].astype(np.float64) for name in names}


def refuse_decompression(path: Path) -> None:
    """Raise ValueError for a zip file that would become far larger in memory than measurements do."""
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > max(_MOST_BYTES, _MOST_TIMES * path.stat().st_size):
        raise ValueError(
            f"{str(path)!r} would take {size / 1e9:.3g} GB in memory, {_MOST_TIMES} times what it has on disk"
        )
