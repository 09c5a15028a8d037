"""Going on with a run: `pinn train resume=RUN`, with the configuration that the run itself has kept."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinn.parallel import launched_ranks
from pinn.runs.checkpoint import UNDERWAY, Checkpoint, load_checkpoint, newest_checkpoint

KEYS = (
    *("steps", "budget_s", "target_error", "target_residual", "patience", "retries"),
    *("device", "threads", "chunk_size", "compile", "log_every", "checkpoint_s", "keep_checkpoints"),
)
"""What may be given anew; everything else is the run's own."""
_PREFIX = "resume="


@dataclass(frozen=True)
class Resumed:
    """The checkpoint that a run goes on from, and its configuration, with what was given anew."""

    checkpoint: Checkpoint
    config: dict[str, Any]

    @classmethod
    def of(cls, source: str, given: dict[str, Any], overrides: Sequence[str]) -> "Resumed":
        """The run in a folder, or at one of its checkpoints.

        `given` is the configuration that was composed now, of which the keys in `overrides` hold. Raises ValueError
        for a key that cannot change in mid-course and where there is no checkpoint to go on from.
        """
        keys = [override.lstrip("+~").partition("=")[0] for override in overrides]
        anew = [key for key in keys if key != "resume"]
        if wrong := [key for key in anew if key not in KEYS]:
            raise ValueError(
                f"{wrong[0]} cannot change with resume={source}: a run goes on with its own configuration. "
                f"These may change: {', '.join(KEYS)}."
            )
        path = Path(source)
        checkpoint = load_checkpoint(path) if path.is_file() else newest_checkpoint(path, resumable=True)
        if checkpoint.state is None:
            raise ValueError(f"resume={source}: {checkpoint.path.name} holds a solution, but no state to go on from.")
        resumed = [*checkpoint.config.get("resumed", []), checkpoint.step]
        return cls(checkpoint, {**checkpoint.config, **{key: given[key] for key in anew}, "resumed": resumed})


def arguments(argv: Sequence[str]) -> list[str]:
    """The arguments for Hydra, so that a run that goes on does so in its own folder, and further ranks write nowhere.

    Raises ValueError where there is no such run, and for a sweep.
    """
    if launched_ranks().rank:  # one run, one folder: only the first rank writes
        scratch = tempfile.mkdtemp(prefix="pinn-rank-")
        return [*argv, f"hydra.run.dir={scratch}", "hydra.output_subdir=null", "hydra/job_logging=none"]
    sources = [argument.removeprefix(_PREFIX) for argument in argv if argument.startswith(_PREFIX)]
    if not sources or sources[-1] in ("", "null"):
        return list(argv)
    if {"-m", "--multirun"} & {*argv}:
        raise ValueError("resume= goes on with one run: leave out -m.")
    source = Path(sources[-1])
    if not source.exists():
        raise ValueError(f"resume={source}: there is no such run folder. Runs are under outputs/ and multirun/.")
    folder = source
    if source.is_file():
        folder = source.parent.parent if source.parent.name == UNDERWAY else source.parent
    quoted = str(folder).replace("\\", "\\\\").replace("'", "\\'")
    return [*argv, f"hydra.run.dir='{quoted}'", "hydra.output_subdir=null"]
