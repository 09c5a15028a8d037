"""A user's own PDE, network or optimizer: a module in the folder from which the command is started."""

import os
import sys


def find_own_modules() -> None:
    """Let Python find modules in the working folder, after all others."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
