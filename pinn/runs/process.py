"""What a job sets in its process. Jobs of a sweep may share one, so each of them sets all of it."""

import os
from pathlib import Path

import torch

from pinn.objective.free_memory import available_bytes
from pinn.runs.allocator import keep_freed_memory

try:
    import resource
except ImportError:  # Windows
    resource = None

# Read where this module is loaded, and a worker loads it anew: what stands in the main script travels there with it.
MOST_THREADS = 1024  # far above, the process dies while it makes them
START_THREADS = torch.get_num_threads()


def prepare(threads: int | None, deterministic: bool) -> None:
    """Threads, deterministic algorithms, memory that is kept and its bound. Raises ValueError for threads < 1."""
    torch.set_num_threads(find_threads(threads))
    if deterministic != torch.are_deterministic_algorithms_enabled():  # since the call loads torch's compiler
        torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.deterministic = deterministic
    torch.backends.cudnn.benchmark = False
    if deterministic:  # cuBLAS asks for it, before its first call
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    keep_freed_memory()
    bound_memory()


def find_threads(threads: int | None) -> int:
    """The number of CPU threads; by default as many as torch chose at its start in this process.

    A launcher that starts several workers tells each of them its share by OMP_NUM_THREADS, which torch obeys.
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads={threads} is not valid: expected an integer from 1 to {MOST_THREADS}, or null.")
    return threads or START_THREADS


def bound_memory() -> None:
    """Let the system refuse more memory than is free now, where it would otherwise kill the process for it.

    What torch is refused is an error that says so. Without a GPU alone, whose driver reserves far more than it takes;
    nothing where the system does not tell how much there is.
    """
    free = available_bytes(torch.device("cpu"))
    if resource is None or free is None or torch.cuda.is_available():
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])  # of data and stack
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bound = pages * resource.getpagesize() + free
    resource.setrlimit(resource.RLIMIT_DATA, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))
