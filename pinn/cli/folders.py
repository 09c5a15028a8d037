"""The folders named on a command line, before anything is made in them."""

import os
from collections.abc import Sequence
from pathlib import Path

KEYS = ("hydra.run.dir", "hydra.sweep.dir")


def check_folders(arguments: Sequence[str]) -> None:
    """Raise ValueError where a run folder can be neither used nor made."""
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key not in KEYS or not value or "${" in value:
            continue
        path = Path(value).absolute()
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
        if not existing.is_dir():
            raise ValueError(f"{key}={value} is not valid: {str(existing)!r} is a file, no folder.")
        if not os.access(existing, os.W_OK | os.X_OK):
            raise ValueError(f"{key}={value} is not valid: nothing can be written into {str(existing)!r}.")
