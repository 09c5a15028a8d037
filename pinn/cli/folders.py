"""The folders of runs and sweeps: chosen, refused or taken before Hydra makes anything in them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, flag_override
from omegaconf.errors import OmegaConfBaseException

from pinn.cli.failures import one_line
from pinn.runs.claim import hold, left_by_a_run, refuse_used, release
from pinn.runs.trusted import run_folder_around

KEYS = ("hydra.run.dir", "hydra.sweep.dir")
_CONFIG_OPTIONS = ("--config-dir", "-cd", "--config-path", "-cp")
_MOST_OF_A_SECOND = 1000
"""Runs that may begin in the same second and get folders of their own."""


def check_folders(arguments: Sequence[str]) -> None:
    """Raise ValueError if a folder that was named can be neither used nor made, or is no place for what is asked."""
    for argument in arguments:
        key, _, value = argument.lstrip("+").partition("=")
        value = value.strip("'\"")
        if key in (*KEYS, "resume") and not value and "=" in argument:
            raise ValueError(f"{key}= needs the name of a folder.")
        if key in KEYS and "${" not in value:
            _check_place(key, value)
    for folder in _config_folders(arguments):
        if run := run_folder_around(Path(folder)):
            raise ValueError(
                f"{folder!r} lies in the run folder {str(run)!r}, from which no configuration is taken, since it names "
                "classes. Copy what you have read to a folder of your own."
            )


def _check_place(key: str, value: str) -> None:
    path = Path(value).absolute()
    try:
        existing = next(folder for folder in (path, *path.parents) if folder.exists())
    except OSError as error:  # a name that is too long
        raise ValueError(f"{key}={value[:60]}… is not valid: {error.strerror}.") from None
    if not existing.is_dir():
        raise ValueError(f"{key}={value} is not valid: {str(existing)!r} is a file, not a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(f"{key}={value} is not valid: nothing can be written into {str(existing)!r}.")


def _config_folders(arguments: Sequence[str]) -> Iterator[str]:
    """The values of Hydra's options that name folders of configurations."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        option, equals, value = word.partition("=")
        if option in _CONFIG_OPTIONS:
            yield value if equals else following


def launched_rank() -> int:
    """The rank that torchrun has given this process, 0 if it has not started it; without loading torch."""
    return int(os.environ["RANK"]) if "WORLD_SIZE" in os.environ else 0


class Folders(Callback):
    """What Hydra calls when it has composed a configuration: the folder is free, or the process ends in one line.

    A single run holds its folder from here on. Names with the time of day have seconds in them: of several runs that
    begin in the same second all but the first get a number more.
    """

    def on_run_start(self, config: DictConfig, **kwargs: object) -> None:
        """Take the folder of a single run."""
        if launched_rank():  # which write nowhere
            return
        try:
            if config.sweep.resume:
                raise ValueError("sweep.resume=true goes with -m; a single run goes on by resume=RUN.")
            if config.resume is not None:
                hold(_folder(config, "run"))
            elif _has_clock(config, "run"):
                _first_free(config, "run")
                hold(_folder(config, "run"))
            else:
                _take(_folder(config, "run"))
        except (ValueError, OSError, OmegaConfBaseException) as error:
            raise SystemExit(f"Error: {one_line(error)}") from None

    def on_multirun_start(self, config: DictConfig, **kwargs: object) -> None:
        """Refuse the folder of a sweep that has been there before, or find the one to go on with."""
        try:
            if config.sweep.resume:
                _choose(config, "sweep", _found_sweep(config))
            elif _has_clock(config, "sweep"):
                _first_free(config, "sweep")
            elif used := next(filter(left_by_a_run, _jobs(_folder(config, "sweep"))), None):
                raise ValueError(
                    f"{str(used)!r} holds a job of another sweep. Go on with that by the same command and "
                    "sweep.resume=true, or give this one a folder of its own: hydra.sweep.dir=…"
                )
        except (ValueError, OSError, OmegaConfBaseException) as error:
            raise SystemExit(f"Error: {one_line(error)}") from None


def _take(folder: Path) -> None:
    hold(folder)
    try:
        refuse_used(folder)
    except ValueError:
        release(folder)
        raise


def _folder(config: DictConfig, kind: str) -> Path:
    """hydra.run.dir or hydra.sweep.dir; its resolvers ask Hydra for the configuration, which it has not set yet."""
    hydra = HydraConfig.instance()
    before = hydra.cfg
    hydra.set_config(config)
    try:
        return Path(str(config.hydra[kind].dir))
    finally:
        hydra.cfg = before


def _has_clock(config: DictConfig, kind: str) -> bool:
    return "${now:" in str(OmegaConf.to_container(config.hydra[kind], resolve=False)["dir"])  # pyright: ignore


def _first_free(config: DictConfig, kind: str) -> None:
    """Make the folder of that name, or one with a number behind it if another process has just made it."""
    folder = _folder(config, kind)
    for number in range(1, _MOST_OF_A_SECOND):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        if number > 1:
            _choose(config, kind, place)
        return
    raise ValueError(f"There are {_MOST_OF_A_SECOND} folders {str(folder)!r}: name another by hydra.{kind}.dir=…")


def _choose(config: DictConfig, kind: str, folder: Path) -> None:
    """Make it the folder of this configuration, and of all that Hydra composes again for the jobs of a sweep."""
    with flag_override(config.hydra, ["readonly", "struct"], [False, False]):
        config.hydra[kind].dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.{kind}.dir={quoted(folder)}")


def quoted(folder: Path) -> str:
    """The name of a folder as the value of an override, in quotes."""
    return QuotedString(str(folder), Quote.single).with_quotes()


def _jobs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _found_sweep(config: DictConfig) -> Path:
    """The folder of the sweep to go on with: the one that was named, or the newest of the same command."""
    folder = _folder(config, "sweep")
    if not _has_clock(config, "sweep"):
        return folder
    own = _command(config)
    sweeps = sorted(folder.parent.glob("*/multirun.yaml"), key=lambda path: path.stat().st_mtime)
    for path in reversed(sweeps):
        if _command(OmegaConf.load(path)) == own:
            return path.parent
    raise ValueError(
        f"sweep.resume=true finds no sweep of the same command in {str(folder.parent)!r}: name its folder by "
        "hydra.sweep.dir=…"
    )


def _command(config: Any) -> list[str]:
    """What a sweep was asked for, but for going on with it."""
    return sorted(str(word) for word in config.hydra.overrides.task if not str(word).startswith("sweep.resume"))
