"""`pinn train`: train a network to solve a PDE; `--help` for all keys.

Nothing here loads torch, so that help, suggestions and refusals come at once.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import hydra
from omegaconf import DictConfig

from pinn.cli import train_schema  # noqa: F401  (it registers the plain keys)
from pinn.cli.display import lasting_display
from pinn.cli.failures import brief_errors
from pinn.cli.folders import check_folders
from pinn.cli.hydra_plugins import missing_plugin, share_modules
from pinn.cli.hydra_words import hydra_words, is_sweep, without_trust
from pinn.cli.own_modules import find_own_modules
from pinn.runs.configs import config_folder


def main(argv: Sequence[str] | None = None) -> None:
    """Let Hydra compose the configuration and start a job, or the jobs of a sweep."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        words, trust = without_trust(words)
        if problem := missing_plugin(words):
            raise SystemExit(problem)
        check_folders(words)  # Hydra, which makes them, would answer with a traceback
        words = hydra_words(words)
    except ValueError as error:
        raise SystemExit(f"Error: {error}") from None
    if trust or not any(word.startswith("resume=") for word in words):
        find_own_modules()
    if is_sweep(words):
        share_modules()
    sys.argv = ["pinn train", *words]  # where Hydra looks for them
    with lasting_display(), brief_errors(words) as brief:
        task = Task(trust, brief)
        hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="train")(task)()


@dataclass(frozen=True)
class Task:
    """What Hydra, or a worker of one of its launchers, runs for every job. `trust` are the modules of --trust."""

    trust: tuple[str, ...] = ()
    brief: bool = True

    def __call__(self, config: DictConfig) -> float:
        from pinn.cli.train_job import run_job

        return run_job(config, self.trust, brief=self.brief)
