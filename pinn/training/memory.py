"""Whether a training fits into memory, as far as that is known before it begins."""

from pathlib import Path

import torch
from torch import nn

from pinn.training.failures import LESS_MEMORY, NotEnoughMemoryError

_COPIES = 3
"""Of the parameters at least: themselves, their gradient and the next ones."""
_STREAMS = 2
"""Of the output of each layer at least: the value and one derivative, which the gradient needs."""


def available_bytes(device: torch.device) -> int | None:
    """The memory that is free on a device, with what the system can swap; None if it does not tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        bounds = [free["MemAvailable"] + free.get("SwapFree", 0)]
        limit = Path("/sys/fs/cgroup/memory.max")
        if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()) != "max":
            bounds.append(int(text) - int(limit.with_name("memory.current").read_text(encoding="ascii")))
    except (OSError, ValueError, KeyError, IndexError):
        return None
    return max(min(bounds), 0)


def needed_bytes(network: nn.Module, points: int) -> int:
    """What the parameters of a network and one evaluation at so many points take at the very least."""
    parameters = list(network.parameters())
    size = parameters[0].element_size()
    outputs = sum(module.out_features for module in network.modules() if isinstance(module, nn.Linear))
    return size * (_COPIES * sum(p.numel() for p in parameters) + _STREAMS * points * outputs)


def refuse_too_large(network: nn.Module, points: int, chunk_size: int | None, copies: int = 1) -> None:
    """Raise NotEnoughMemoryError if a training at so many points, so many at a time, cannot fit into memory.

    `copies` are networks of that kind, one for each window of time.

    Much that fits by this bound from below does not fit; that shows when it is tried.
    """
    available = available_bytes(next(network.parameters()).device)
    needed = copies * needed_bytes(network, min(points, chunk_size or points))
    if available is not None and needed > available:
        count = copies * sum(parameter.numel() for parameter in network.parameters())
        chunks = "all at once (chunk_size=null)" if chunk_size is None else f"chunk_size={chunk_size}"
        raise NotEnoughMemoryError(
            f"Out of memory before the first step: {points} points, {chunks}, {count} parameters need at least "
            f"{needed / 1e9:.3g} GB, and {available / 1e9:.3g} GB are free. {LESS_MEMORY}"
        )
