"""Outputs in other units: a size and an offset that a module keeps as buffers of its own."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

SIZE, OFFSET = "output_size", "output_offset"
"""The buffers of a module whose outputs are offset + size·N, where N is what it gave before."""


def register_scale(module: nn.Module, name: str, value: Tensor) -> None:
    """Give a module one of the two buffers, or another value for it."""
    if name in dict(module.named_buffers(recurse=False)):
        setattr(module, name, value)
        return
    module.register_buffer(name, value)
    if name == SIZE:
        module.register_forward_hook(_scaled)


def restore_own_scale(module: nn.Module, state: Mapping[str, Any], prefix: str, *_: Any) -> None:
    """Before a module loads a state: the scaled outputs that this has."""
    for name in (SIZE, OFFSET):
        if prefix + name in state:
            register_scale(module, name, state[prefix + name].detach().clone())


def _scaled(module: nn.Module, _: Any, output: Tensor) -> Tensor:
    return output * module.get_buffer(SIZE) + module.get_buffer(OFFSET)
