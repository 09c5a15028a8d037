"""Where the numbers of a run come from: the program, the machine, and the switches that change rounding."""

import functools
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import torch

_CODE = Path(__file__).resolve().parent


def provenance() -> dict[str, Any]:
    """The facts beside seed, dtype, device and threads on which the last digits of a run depend."""
    return {
        "git": git_state(),
        "cpu": processor(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


@functools.cache  # as the modules were when the process loaded them
def git_state(folder: Path = _CODE) -> dict[str, Any] | None:
    """The commit from which the code in `folder` comes, and whether a file differs from it (`dirty`).

    None outside a git checkout, also where a package is installed within the checkout of something else.
    """
    if not _git(folder, "ls-files"):
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    return (
        {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}
        if commit
        else None
    )


def processor() -> str:
    """The processor's own name, where the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), flags=re.M) if cpuinfo.is_file() else []
    return names[0] if names else platform.processor() or platform.machine()


def _git(folder: Path, *arguments: str) -> str:
    """What git says; nothing where there is no git, no repository, or no answer in time."""
    try:
        result = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
