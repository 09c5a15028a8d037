"""What a job sets in its process."""

import subprocess
import sys

import pytest

TOO_MUCH = """
import torch
from pinn.objective.free_memory import available_bytes
from pinn.runs import process
from pinn.training.failures import is_out_of_memory

process.available_bytes = lambda device: 300 * 10**6
process.bound_memory()
kept = torch.zeros(20 * 10**6)
try:
    more = [torch.zeros(10**7) for _ in range(20)]
except (MemoryError, RuntimeError) as error:
    print("told", is_out_of_memory(error))
process.available_bytes = lambda device: 3000 * 10**6
process.bound_memory()
print(len([torch.zeros(10**7) for _ in range(20)]))
process.available_bytes = lambda device: None
process.bound_memory()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much memory is free")
def test_torch_is_refused_what_is_not_there_and_says_so() -> None:
    """The first bound holds, and a later job of the same process may have another."""
    result = subprocess.run([sys.executable, "-c", TOO_MUCH], capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == ["told", "True", "20"], result.stderr
