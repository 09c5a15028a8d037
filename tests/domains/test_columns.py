"""Columns from CSV and .npz files."""

from pathlib import Path

import numpy as np
import pytest

from pinn.domains.columns import read_columns


@pytest.mark.parametrize("text", ["x,k\n0,1\n2,3e0\n", "# made by hand\n\nx;k\n0;1\n2;3\n", "\ufeffx\tk\n0\t1\n\n2\t3"])
def test_columns_by_name(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    found = read_columns(str(file), "Test")
    np.testing.assert_array_equal(found["x"], [0, 2])
    np.testing.assert_array_equal(found["k"], [1, 3])


def test_arrays_of_any_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(3), k=np.ones((3, 2)))
    assert read_columns(str(tmp_path / "a.npz"), "Test")["k"].shape == (3, 2)


WRONG = {
    "is empty": "",
    "has to name the columns": "0,1\n2,3\n",
    "names columns and has no numbers": "x,k\n",
    "line 3 of .* has 'abc', where a finite number is needed": "x,k\n0,1\n2,abc\n",
    "line 2 of .* has 'nan', where": "x,k\n0,nan\n",
    "line 2 of .* has 3 entries for 2 columns": "x,k\n0,1,2\n",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_no_table_is_refused(words: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(WRONG[words])
    with pytest.raises(ValueError, match=f"^Test: .*{words}"):
        read_columns(str(file), "Test")


def test_a_file_that_is_missing_or_binary(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Test: there is no file 'no\.csv'"):
        read_columns("no.csv", "Test")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00x,k")
    with pytest.raises(ValueError, match="is not a text file"):
        read_columns(str(tmp_path / "b.csv"), "Test")
