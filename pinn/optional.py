"""Packages that only some commands need."""

import importlib
from typing import Any


def package(name: str, extra: str, purpose: str) -> Any:
    """The module of that name. Raises ImportError that says which extra to install where it is missing."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f'{purpose} needs {name}: pip install "pinn-solver[{extra}]".') from error
