"""What cannot fit into memory is refused before it is tried, in words that say what takes less."""

import pytest
import torch

from pinn.networks import MLP
from pinn.training import memory
from pinn.training.failures import NotEnoughMemoryError
from pinn.training.memory import available_bytes, needed_bytes, refuse_too_large


def test_the_memory_of_this_machine_is_known() -> None:
    free = available_bytes(torch.device("cpu"))
    assert free is None or 2**20 < free < 2**50


def test_the_least_that_is_needed_by_hand() -> None:
    network = MLP(2, width=3, depth=1).double()
    assert needed_bytes(network, 10) == 8 * (3 * (2 * 3 + 3 + 3 + 1) + 2 * 10 * (3 + 1))


def test_what_cannot_fit_is_refused_and_what_may_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    network = MLP(2, width=3, depth=1)
    need = needed_bytes(network, 1000)
    monkeypatch.setattr(memory, "available_bytes", lambda device: need)
    refuse_too_large(network, 1000, None)
    refuse_too_large(network, 10**9, 1000)
    with pytest.raises(NotEnoughMemoryError, match=r"1001 points, all at once .*Lower chunk_size"):
        refuse_too_large(network, 1001, None)
    with pytest.raises(NotEnoughMemoryError, match="26 parameters"):
        refuse_too_large(network, 1000, None, copies=2)
    monkeypatch.setattr(memory, "available_bytes", lambda device: None)
    refuse_too_large(network, 10**30, None)
