"""Runs: what training leaves in a folder, and what may be asked of it afterwards."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinn.runs.ensemble import Ensemble
    from pinn.runs.posterior import noise_band
    from pinn.runs.run import Run, load_run
    from pinn.runs.saving import save_run

__all__ = ["Ensemble", "Run", "load_run", "noise_band", "save_run"]

_HOMES = {"Ensemble": "ensemble", "Run": "run", "load_run": "run", "noise_band": "posterior", "save_run": "saving"}


def __getattr__(name: str) -> Any:
    """Load what is asked for, when it is asked for: the command line looks at folders before torch is there."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"pinn.runs.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'pinn.runs' has no attribute {name!r}")
