"""The devices that these tests run on: the simulated one everywhere, CUDA if there is one.

They have a run of their own, `pytest -m device`: with a second device torch starts threads for its gradients, after
which a process can no longer fork, as other tests do.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from tests.cuda.simulated import NAME, Simulation

NO_CUDA = "torch.cuda.is_available() is False: needs a GPU and a CUDA build of torch"
NEEDS_CUDA = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_CUDA)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.device)


@pytest.fixture(params=[NAME, pytest.param("cuda", marks=NEEDS_CUDA)])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Each device in turn, in force for the length of the test."""
    with Simulation() if request.param == NAME else nullcontext():
        yield torch.device(request.param)
