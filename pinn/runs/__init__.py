"""Runs: what training leaves in a folder, and what may be asked of it afterwards."""

from pinn.runs.run import Run, load_run
from pinn.runs.saving import save_run

__all__ = ["Run", "load_run", "save_run"]
