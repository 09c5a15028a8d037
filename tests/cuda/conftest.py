"""The devices that these tests run on: the simulated one everywhere, CUDA if there is one.

They have a run of their own, `pytest tests/cuda`, and pytest does not look for them otherwise: with a second device
torch starts threads for its gradients, after which a process can no longer fork, as other tests do.
"""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
import torch

from tests.cuda.simulated import NAME, Simulation

NO_CUDA = "torch.cuda.is_available() is False: needs a GPU and a CUDA build of torch"
NEEDS_CUDA = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_CUDA)]


@pytest.fixture(params=[NAME, pytest.param("cuda", marks=NEEDS_CUDA)])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Each device in turn, in force for the length of the test."""
    with Simulation() if request.param == NAME else nullcontext():
        yield torch.device(request.param)
