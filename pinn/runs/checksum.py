"""A checksum of nested data with tensors, by which damage shows that no reader of files sees."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def fingerprint(value: Any) -> str:
    """SHA-256 of mappings, lists, tensors and plain values: of all their bits, names, types and shapes.

    Tuples count as lists, since JSON and YAML know no others.

    >>> fingerprint({"a": torch.tensor([1.0])}) == fingerprint({"a": torch.tensor([1.0])})
    True
    >>> fingerprint([1]) == fingerprint([1.0])
    False
    """
    digest = hashlib.sha256()
    _feed(digest.update, value)
    return digest.hexdigest()


def _feed(add: Callable[[Any], None], value: Any) -> None:
    if isinstance(value, Mapping):
        add(f"mapping {len(value)};".encode())
        for name, item in value.items():
            _feed(add, name)
            _feed(add, item)
    elif isinstance(value, Tensor):
        add(f"{value.dtype} {tuple(value.shape)};".encode())
        add(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        add(f"list {len(value)};".encode())
        for item in value:
            _feed(add, item)
    else:
        text = f"{type(value).__name__} {value!r}".encode()
        add(f"{len(text)};".encode() + text)
