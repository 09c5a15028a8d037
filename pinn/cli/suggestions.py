"""Did you mean …? What a user may have had in mind with a key or a choice that there is not."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf

from pinn.cli import train_schema  # noqa: F401  (gives Hydra the types of the plain keys)
from pinn.runs.configs import config_folder

_KEY = re.compile(r"Could not override '([^']+)'")
_CHOICE = re.compile(r"Could not find '([^']+)/([^'/]+)'")
_OPTIONS = re.compile(r"Available options in '[^']*':\n((?:\t.*\n?)*)")
_SHOWN = 12
"""Keys that are listed where none is near."""


def suggestion(error: str, words: Sequence[str]) -> str | None:
    """One line in place of Hydra's answer to `words`; None if it is about something else."""
    if (found := _CHOICE.search(error)) and (options := _OPTIONS.search(error)):
        group, choice = found.groups()
        near = get_close_matches(choice, options[1].split(), n=1)
        hint = f"did you mean {group}={near[0]}?" if near else f"choose one of {', '.join(options[1].split())}."
        return f"Error: there is no {group}={choice}; {hint}"
    if found := _KEY.search(error):
        return _for_key(found[1], words)
    return None


def _for_key(key: str, words: Sequence[str]) -> str | None:
    if key.startswith("hydra."):
        return None
    config = composed([word for word in words if chooses(word)])
    parent, place = [], config
    for part in key.split("."):
        if not isinstance(place, Mapping) or part not in place:
            break
        parent, place = [*parent, part], place[part]
    if not isinstance(place, Mapping) or len(parent) == len(key.split(".")):
        return None
    wrong, names = key.split(".")[len(parent)], [str(name) for name in place if not str(name).startswith("_")]
    near = get_close_matches(wrong, names, n=1)
    if near:
        right = ".".join([*parent, near[0], *key.split(".")[len(parent) + 1 :]])
        return f"Error: there is no key {key}; did you mean {right}?"
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    of = f"{'.'.join(parent)} has" if parent else "there are"
    return f"Error: there is no key {key}; {of} {shown}." if names else None


def chooses(word: str) -> bool:
    """Whether a word chooses a file of a group, such as pde=heat."""
    group = word.lstrip("+~").partition("=")[0].partition("@")[0]
    return (config_folder() / group).is_dir() and not group.startswith("hydra")


def composed(choices: Sequence[str]) -> Any:
    """The configuration of these choices, as plain data; empty if they do not go together."""
    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(config_folder()), version_base="1.3"):
            return OmegaConf.to_container(compose("train", list(choices)), resolve=False)
    except HydraException:
        return {}
    finally:
        GlobalHydra.instance().hydra = before
