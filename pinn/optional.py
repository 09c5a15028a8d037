"""Packages that only some commands need."""

import importlib
from typing import Any


class MissingPackageError(ImportError):
    """A package that an extra brings is not installed, or cannot be loaded."""


def package(name: str, extra: str, purpose: str) -> Any:
    """The module of that name, of a package that `pip install "pinn-solver[extra]"` brings.

    Raises MissingPackageError, which says what needs it and how to install it, and the reason if it is installed and
    cannot be loaded.
    """
    top = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] == top
        reason = "" if missing else f", which cannot be loaded here ({error})"
        raise MissingPackageError(f'{purpose} needs {top}{reason}: pip install "pinn-solver[{extra}]".') from error
