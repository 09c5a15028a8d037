"""A small file that says that it is large: refused before it is unpacked."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from pinn.domains.npz import read_arrays, refuse_decompression
from pinn.runs.checkpoint import CHECKPOINT, load_checkpoint
from pinn.runs.sizes import refuse_compressed, refuse_expanded
from tests.fuzzing.damage import good_run

MOST = 50 * 2**20
"""Bytes that a refusal may take, of the gigabytes that the files speak of."""


@pytest.fixture
def content(tmp_path: Path) -> dict:
    return torch.load(good_run(tmp_path) / CHECKPOINT, weights_only=True)


def saved(thing: object, path: Path) -> Path:
    torch.save(thing, path)
    return path


def refused(path: Path, words: str) -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match=words):
        load_checkpoint(path)
    assert tracemalloc.get_traced_memory()[1] < MOST
    tracemalloc.stop()


def test_a_compressed_checkpoint_is_refused(content: dict, tmp_path: Path) -> None:
    content["weights"]["large"] = torch.zeros(10**7)
    whole, packed = saved(content, tmp_path / "whole.pt"), tmp_path / CHECKPOINT
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert packed.stat().st_size < whole.stat().st_size / 100
    refused(packed, "its members are compressed")


@pytest.mark.parametrize("shape", [(10**10,), (10**5, 10**5)])
def test_a_number_that_is_expanded_is_refused(shape: tuple[int, ...], content: dict, tmp_path: Path) -> None:
    content["weights"]["large"] = torch.zeros(1).expand(shape)
    refused(saved(content, tmp_path / CHECKPOINT), "its tensors are far larger than the file")


def test_lists_that_hold_others_twice_are_refused(content: dict, tmp_path: Path) -> None:
    nested: list = [0]
    for _ in range(40):
        nested = [nested, nested]
    content["config"]["nested"] = nested
    with pytest.raises(ValueError, match="nested too deep, or has no end"):
        load_checkpoint(saved(content, tmp_path / CHECKPOINT))


def test_what_is_deep_is_refused() -> None:
    nested: list = []
    for _ in range(500):
        nested = [nested]
    with pytest.raises(ValueError, match="nested too deep"):
        refuse_expanded(nested, 10)


def test_tensors_of_other_kinds_and_files_that_are_no_archives_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of a kind that pinn does not write"):
        refuse_expanded({"a": torch.eye(3).to_sparse()}, 1000)
    with pytest.raises(ValueError, match="not a zip file"):
        refuse_compressed(io.BytesIO(b"\x80\x02K\x01."))


def test_arrays_that_become_gigabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("points.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (2**26,)})
        for _ in range(512):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(ValueError, match=r"would take 0\.537 GB in memory"):
        read_arrays(str(path), ["points"], "Test")
    np.savez_compressed(tmp_path / "zeros.npz", points=np.zeros(10**6))
    refuse_decompression(tmp_path / "zeros.npz")  # small enough, however well it is packed
