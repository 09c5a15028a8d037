"""Figures of a run, or of any field, with matplotlib: files for the command line, pictures for notebooks."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinn.plotting.animation import animate
    from pinn.plotting.history import plot_history, show_history
    from pinn.plotting.residual import plot_residual
    from pinn.plotting.solution import plot_solution, show

__all__ = ["animate", "plot_history", "plot_residual", "plot_solution", "show", "show_history"]

_HOMES = {
    "animate": "animation",
    "plot_history": "history",
    "plot_residual": "residual",
    "plot_solution": "solution",
    "show": "solution",
    "show_history": "history",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, when it is asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"pinn.plotting.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pinn.plotting' has no attribute {name!r}")
