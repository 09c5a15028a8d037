"""What sweeps on other launchers and sweepers than Hydra's own need: packages, and the user's modules in workers."""

import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pinn.runs.trusted import run_folder_around

PLUGINS = {
    "joblib": "hydra_joblib_launcher",
    "submitit": "hydra_submitit_launcher",
    "slurm": "hydra_submitit_launcher",
    "optuna": "hydra_optuna_sweeper",
}
"""By the word that a launcher, a sweeper or an experiment for it has in its name."""
_CHOICE = re.compile(rf"(hydra/(launcher|sweeper)|experiment)=\S*({'|'.join(PLUGINS)})")


def missing_plugin(arguments: Sequence[str]) -> str | None:
    """What to do about arguments that choose a plugin that is not installed; None where all is there."""
    for argument in arguments:
        found = _CHOICE.match(argument.lstrip("+"))
        if found and not _installed(PLUGINS[found[3]]):
            return f'{argument} needs packages of its own: pip install "pinn-solver[sweep]".'
    return None


def share_modules() -> None:
    """Let processes that a launcher starts import the user's own files, too, unless they lie in a run folder."""
    if run_folder_around(Path()):
        return
    folders = [os.getcwd(), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(folders)


def _installed(package: str) -> bool:
    return find_spec("hydra_plugins") is not None and find_spec(f"hydra_plugins.{package}") is not None
