"""Which classes a configuration may name: those of pinn, and those of modules that the user has vouched for.

A run folder may come from anybody, and to import a module is to run it. So a class is judged by its name before
anything is imported, and nothing that lies in a run folder is imported at all.
"""

import dataclasses
import importlib
import inspect
import os
import pkgutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

TARGET = "_target_"
RENAMED = {
    "pinn.pdes.Marched": "pinn.pdes.TimeWindowed",
    "pinn.tracking.MetricsAlone": "pinn.runs.tracking.MetricsAlone",
    "tracker_mlflow.MLflow": "pinn.trackers.mlflow.MLflow",
    "tracker_tensorboard.TensorBoard": "pinn.trackers.tensorboard.TensorBoard",
}
"""Classes that stood elsewhere when older runs were stored."""
BUILT = (
    *("pinn.domains", "pinn.networks", "pinn.operators", "pinn.optimizers", "pinn.pdes", "pinn.samplers"),
    *("pinn.weighting", "pinn.methods", "pinn.runs.tracking"),
)
"""The packages whose classes a configuration builds."""
TRACKERS = "pinn.trackers"
"""The package whose classes are built as the tracker of a run alone, since to build one has effects."""
_MARKS = ("checkpoint.pt", "checkpoints")


class RecipeError(ValueError):
    """A recipe that names no class, or gives its constructor what it does not take."""


def find_class(name: Any, key: str, trust: Collection[str] = ()) -> type:
    """The class of that dotted name: a dataclass or a network, of pinn or of a module in `trust`.

    `key` is where the name stands in its configuration. Raises RecipeError, before anything is imported, for a module
    that is neither, and for one that lies in a run folder.
    """
    module, _, attribute = RENAMED.get(str(name), str(name)).rpartition(".")
    if not name:
        raise RecipeError(f"{key}: cannot import {name!r}: expected the dotted name of a class.")
    packages = (*BUILT, TRACKERS) if key.split(".")[0] == "tracker" else BUILT
    own = _within(module, packages)
    if not own and _within(module, ("pinn",)):
        raise RecipeError(
            f"{key}: {name!r} is not a class that a configuration builds: {', '.join(packages)} have them."
        )
    if not own and not _within(module, trust):
        top = module.partition(".")[0] or str(name)
        raise RecipeError(
            f"{key}: {name!r} is not a class of pinn, and to import it is to run its code. If you trust {top!r}, say "
            f"so each time: --trust {top}, or load_run(…, trust=[{top!r}])."
        )
    if not own and (folder := _run_folder_of(module)):
        raise RecipeError(
            f"{key}: {name!r} lies in the run folder {str(folder)!r}, and nothing is imported from there: move it "
            "elsewhere."
        )
    try:
        target = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise RecipeError(f"{key}: cannot import {name!r} ({error}). Is its folder on PYTHONPATH?") from error
    from torch import nn  # here, since to look at names and folders needs no torch

    if not isinstance(target, type) or not (dataclasses.is_dataclass(target) or issubclass(target, nn.Module)):
        raise RecipeError(f"{key}: {name!r} is neither a dataclass nor a torch.nn.Module.")
    if own and not _within(target.__module__, packages):
        raise RecipeError(f"{key}: {name!r} is a class of {target.__module__}, which a configuration does not build.")
    if inspect.isabstract(target):
        raise RecipeError(f"{key}: {name!r} is abstract: name one of the classes that derive from it.")
    return target


def modules_named(config: Any) -> frozenset[str]:
    """The modules that a configuration names and that are not of pinn: those of a user who has typed it."""
    modules = {str(name).rpartition(".")[0] for name in _targets(config) if str(name) not in RENAMED}
    return frozenset(module for module in modules if module and not _within(module, ("pinn",)))


def run_folder_around(path: Path) -> Path | None:
    """The innermost run folder in which a path lies, or which it is; None if there is none."""
    for place in dict.fromkeys((path.absolute(), path.resolve())):
        for folder in (place, *place.parents):
            if (folder / _MARKS[0]).is_file() or (folder / _MARKS[1]).is_dir():
                return folder
    return None


def _within(module: str, packages: Collection[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _targets(config: Any) -> Iterator[Any]:
    """All names of classes in nested plain data."""
    if isinstance(config, Mapping):
        if TARGET in config:
            yield config[TARGET]
        for value in config.values():
            yield from _targets(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _targets(value)


def _run_folder_of(module: str) -> Path | None:
    """The run folder in which a module or one of its packages lies. They are looked for, and not imported."""
    folders = [entry or os.getcwd() for entry in sys.path]
    names = module.split(".")
    for k in range(len(names)):
        places, folders = _places(".".join(names[: k + 1]), folders)
        for place in places:
            if found := run_folder_around(Path(place)):
                return found
    return None


def _places(module: str, folders: Sequence[str]) -> tuple[list[str], list[str]]:
    """Where a module may lie if its parent is spread over `folders`: its files, and the folders of its own parts."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        parts = [str(part) for part in getattr(loaded, "__path__", [])]
        file = getattr(loaded, "__file__", None)
        return [*parts, *([file] if file else [])], parts
    places: list[str] = []
    parts: list[str] = []
    for folder in folders:
        finder = pkgutil.get_importer(folder)
        spec = finder.find_spec(module) if finder is not None else None
        if spec is None:
            continue
        parts += spec.submodule_search_locations or []
        if spec.loader is not None:  # a module or package; without one it is a part of a namespace, which may go on
            return [*places, *parts, *([spec.origin] if spec.origin else [])], parts
    return parts, parts


def refuse_links(folder: Path) -> None:
    """Raise ValueError for a run folder with a symbolic link that leads out of it: to read or write there."""
    root = folder.resolve()
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise ValueError(
                    f"{str(path)!r} is a symbolic link that leads out of the run folder. Put there what it leads to, "
                    "or remove it."
                )


def refuse_interpolations(config: Mapping[str, Any]) -> None:
    """Raise ValueError for the stored configuration of a run in which a value is still to be looked up elsewhere.

    What a run stores is resolved; `${oc.env:…}` would read the environment of whoever loads it.
    """
    for text in _texts({key: value for key, value in config.items() if key not in ("overrides", "choices")}):
        if "${" in text:
            raise ValueError(f"The configuration of the run has {text[:80]!r}: no run stores what is to be looked up.")


def _texts(value: Any) -> Iterator[str]:
    """All texts in nested plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(name)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
