"""Freed memory is kept if the C library lets itself be told so; what that saves, `benchmarks/allocator.py` measures."""

import ctypes
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pinn.runs.allocator import keep_freed_memory

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h of glibc


def library(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    """On Linux, with a C library that has only these functions."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(**functions))


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt is glibc's")
def test_glibc_takes_the_settings() -> None:
    assert keep_freed_memory() == hasattr(ctypes.CDLL(None), "mallopt")


def test_blocks_of_a_step_stay_below_every_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[int, int] = {}

    def mallopt(option: int, value: int) -> int:
        settings[option] = value
        return 1

    library(monkeypatch, mallopt=mallopt)
    assert keep_freed_memory()
    assert settings.keys() == {M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD}
    assert settings[M_MMAP_THRESHOLD] == 32 * 2**20  # glibc refuses more on 64 bits: half of HEAP_MAX_SIZE
    assert settings[M_TRIM_THRESHOLD] > settings[M_TOP_PAD] > settings[M_MMAP_THRESHOLD]


def test_a_setting_that_is_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch, mallopt=lambda option, value: int(option != M_TOP_PAD))
    assert not keep_freed_memory()


def test_without_mallopt_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch)  # as musl
    assert not keep_freed_memory()


def test_elsewhere_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
