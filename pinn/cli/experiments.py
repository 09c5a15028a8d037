"""What an experiment's file names: a problem alone, or also how it is trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from pinn.runs.configs import config_folder

UNKNOWN = "steps"
"""Stands for the keys of a file that is not found or includes others: what it names is taken as naming a training."""


def keys_of_experiment(word: str) -> set[str]:
    """The keys and groups that the experiments chosen by a word such as `experiment=quick` set; empty for other words.

    A file that includes others, or cannot be read, counts as one that says how to train.
    """
    key, _, value = word.lstrip("+~").partition("=")
    if key.partition("@")[0] != "experiment":
        return set()
    names = [name.strip(" '\"") for name in value.strip("[]").split(",")]
    return set().union(*(_keys(_content(name)) for name in names if name not in ("", "null")))


def _keys(content: Any) -> set[str]:
    if not isinstance(content, dict):
        return {UNKNOWN}
    return {str(key) for key in content if key != "defaults"} | set(_groups(content.get("defaults") or []))


def _groups(defaults: list[Any]) -> Iterator[str]:
    """The groups of which a defaults list chooses a file."""
    for entry in defaults:
        if isinstance(entry, dict):
            yield from (str(key).removeprefix("override ").strip().lstrip("/").partition("@")[0] for key in entry)
        elif entry != "_self_":
            yield UNKNOWN


def _content(name: str) -> Any:
    """The file of an experiment as plain data, from the folders that Hydra searches; None if it is in none of them."""
    sources = HydraConfig.get().runtime.config_sources if HydraConfig.initialized() else []
    folders = [*(Path(source.path) for source in sources if source.schema == "file"), config_folder()]
    for folder in folders:
        path = folder / "experiment" / f"{name.removesuffix('.yaml')}.yaml"
        if path.is_file():
            return OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return None
