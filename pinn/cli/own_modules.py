"""A user's own PDE, network or optimizer: a module in the folder from which the command is started."""

import os
import sys
from pathlib import Path

from pinn.runs.trusted import run_folder_around


def find_own_modules() -> None:
    """Let Python find modules in the working folder, after all others, unless that is a run folder or within one."""
    if os.getcwd() not in sys.path and run_folder_around(Path()) is None:
        sys.path.append(os.getcwd())
