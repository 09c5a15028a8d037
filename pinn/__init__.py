"""Physics-informed neural networks whose derivatives are exact, fast and read like the textbook."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pinn.runs import Run, load_run, save_run
    from pinn.training import Step, train

__version__ = "0.1.0"

__all__ = ["Run", "Step", "load_run", "save_run", "train"]

_HOMES = {"Run": "runs", "load_run": "runs", "save_run": "runs", "Step": "training", "train": "training"}
_PACKAGES = (
    *("domains", "expressions", "networks", "objective", "operators", "optimizers", "parallel", "pdes", "references"),
    *("runs", "samplers", "training", "typing", "weighting"),
)


def __getattr__(name: str) -> Any:
    """Load what is asked for, when it is asked for: the command `pinn` answers before torch is there."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"pinn.{_HOMES[name]}"), name)
    if name in _PACKAGES:
        return importlib.import_module(f"pinn.{name}")
    raise AttributeError(f"module 'pinn' has no attribute {name!r}")
