"""How much memory there is, and the error that says it is not enough."""

from collections.abc import Iterator
from pathlib import Path

import torch

LESS_MEMORY = (
    "Lower chunk_size, then sampler.interior or network.width; optimizer=adam_lbfgs keeps no matrix of the parameters."
)
_UNLIMITED = 2**60


class NotEnoughMemoryError(MemoryError):
    """A step takes more memory than there is; the message says which numbers to lower."""


def available_bytes(device: torch.device) -> int | None:
    """The memory that is free on a device, with what the system can swap; None if it does not tell.

    In a container it is no more than that may have.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type != "cpu":
        return None
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
        bounds = [free["MemAvailable"] + free.get("SwapFree", 0), *control_groups(Path("/sys/fs/cgroup"))]
    except (OSError, ValueError, KeyError, IndexError):
        return None
    return max(min(bounds), 0)


def control_groups(root: Path, own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """What is left to this process of the limit of each control group around it, of either version.

    The pages of files that a group has in memory are no loss: the system takes them when it needs them.
    """
    for line in own.read_text(encoding="ascii").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            top, limit, used, files = root, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit, used = root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            files = "total_inactive_file"
        else:
            continue
        # Within a container its own group is at the top, whatever the path outside of it.
        for folder in dict.fromkeys((top / path.strip("/"), *(top / path.strip("/")).parents)):
            if folder.is_relative_to(top) and (folder / limit).is_file():
                text = (folder / limit).read_text(encoding="ascii").strip()
                if text == "max" or int(text) >= _UNLIMITED:
                    continue
                kept = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
                yield int(text) - int((folder / used).read_text(encoding="ascii")) + int(kept.get(files, 0))
