"""Freed memory is kept where the C library lets itself be told so."""

import resource
import sys

import pytest
import torch

from pinn.runs.allocator import keep_freed_memory


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_steps_alike_take_no_new_pages() -> None:
    assert keep_freed_memory()

    def step() -> None:
        blocks = [torch.ones(2**17) for _ in range(8)]
        del blocks

    for _ in range(3):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < 10 * 8 * 2**19 // 4096 // 10  # a tenth of the pages written


def test_elsewhere_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
