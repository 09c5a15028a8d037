"""How much a file would take in memory, before it does: a few megabytes on disk can say that they are gigabytes."""

import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import torch
from torch import Tensor

_MOST_ITEMS, _DEEPEST = 10**6, 200
_MOST_TIMES, _MOST_MORE = 16, 2**27
"""How many times the bytes of a file, and how many more, its tensors may take: some are views of others."""


def refuse_compressed(file: BinaryIO) -> None:
    """Raise ValueError unless a file is a zip file without compression, whose members are no longer than it is.

    `torch.save` writes such files.
    """
    if not zipfile.is_zipfile(file):
        raise ValueError("it is not a zip file")
    whole = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("its members are compressed, as pinn writes none")
    if sum(member.file_size for member in members) > whole:
        raise ValueError("its members overlap")
    file.seek(0)


def refuse_expanded(data: Any, file_size: int) -> None:
    """Raise ValueError for plain data that are far larger than the file, or that have no end.

    A tensor of one number may be expanded to any shape, and a list that holds another twice, and so on, to any length.
    """
    items, most = _MOST_ITEMS, _MOST_TIMES * file_size + _MOST_MORE

    def look(value: Any, depth: int) -> None:
        nonlocal items, most
        items -= 1
        if items < 0 or depth > _DEEPEST:
            raise ValueError("its content is nested too deep, or has no end")
        if isinstance(value, Tensor):
            if value.layout is not torch.strided or value.device.type != "cpu":
                raise ValueError("a tensor in it is of a kind that pinn does not write")
            most -= value.numel() * value.element_size()
            if most < 0:
                raise ValueError("its tensors are far larger than the file")
        elif isinstance(value, Mapping):
            for name, item in value.items():
                look(name, depth + 1)
                look(item, depth + 1)
        elif isinstance(value, (list, tuple, set, frozenset)):
            for item in value:
                look(item, depth + 1)

    look(data, 0)
