"""Columns of numbers with names, from a CSV or an .npz file."""

import csv
import math
from pathlib import Path

import numpy as np

from pinn.domains.npz import read_all_arrays

MOST_BYTES = 2**28
_DELIMITERS = ",;\t"


def read_columns(file: str, label: str) -> dict[str, np.ndarray]:
    """The columns of a CSV file by the names in its first line, or the arrays of an .npz file.

    Fields are parted by commas, semicolons or tabs; empty lines and those that begin with # are passed over. `label`
    stands before each message. Raises FileNotFoundError if there is no such file, ValueError for what is not a table of
    finite numbers, with the line.
    """
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"{label}: there is no file {file!r}.")
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return read_all_arrays(file, label)
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{label}: {file!r} has {path.stat().st_size / 1e9:.3g} GB, more than is read.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{label}: {file!r} is not a text file, as a CSV is.") from error
    lines = [(k, one) for k, one in enumerate(text.splitlines(), 1) if one.strip() and not one.lstrip().startswith("#")]
    if not lines:
        raise ValueError(f"{label}: {file!r} is empty: expected a line with names of columns, and numbers below.")
    delimiter = max(_DELIMITERS, key=lines[0][1].count)
    names = [name.strip() for name in next(csv.reader([lines[0][1]], delimiter=delimiter))]
    if "" in names or len(set(names)) < len(names) or any(_number(name) is not None for name in names):
        raise ValueError(
            f"{label}: the first line of {file!r} has to name the columns, such as x,y,k: {lines[0][1][:80]!r}."
        )
    rows = []
    for k, line in lines[1:]:
        entries = next(csv.reader([line], delimiter=delimiter))
        numbers = [_number(entry) for entry in entries]
        if len(numbers) != len(names):
            raise ValueError(f"{label}: line {k} of {file!r} has {len(numbers)} entries for {len(names)} columns.")
        if None in numbers:
            wrong = entries[numbers.index(None)]
            raise ValueError(
                f"{label}: line {k} of {file!r} has {wrong.strip()[:40]!r}, where a finite number is needed."
            )
        rows.append(numbers)
    if not rows:
        raise ValueError(f"{label}: {file!r} names columns and has no numbers.")
    return dict(zip(names, np.array(rows, dtype=np.float64).T.copy(), strict=True))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
