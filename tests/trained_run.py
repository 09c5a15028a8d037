"""A run folder, as `pinn train` leaves it."""

import sys
from pathlib import Path

import pytest

from pinn.cli import train


def trained_run(folder: Path, *words: str) -> Path:
    """Train by the words of a command line, in this process, into a folder; the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [])
        train.main([*words, f"hydra.run.dir={folder}"])
    return folder
