"""Files of data that a problem names: where they may be read from, and their copies in the run folder.

A run folder travels: what its problem was made from is in it, in `run_data/`, and its recipe names the copy. A folder
that comes from somebody else has no say over the other files of whoever loads it.
"""

import filecmp
import shutil
import typing
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pinn.runs.atomic_write import atomic_write
from pinn.runs.trusted import TARGET, RecipeError, find_class
from pinn.typing import DATA, FORMULA, names_table

DATA_FOLDER = "run_data"
"""The folder of the copies, within that of the run."""


def find_file(name: str, key: str, root: Path | None, trust: Collection[str] = ()) -> str:
    """Where the file of that name is to be read.

    A name that the user has typed (`root` is None) is one of the working folder. One that a run has stored is one of
    its folder `root`; elsewhere only if the user has said so, by a path with a slash in `trust`. Raises RecipeError,
    and looks at no file outside.
    """
    if root is None:
        return name
    inside = Path(root, name)
    if inside.resolve().is_relative_to(root.resolve()) and inside.is_file():
        return str(inside)
    if any("/" in word and Path(word).resolve() == Path(name).resolve() for word in trust):
        return name
    word = name if "/" in name else f"./{name}"
    raise RecipeError(
        f"{key} names the file {name!r}, which is not in the run folder {str(root)!r}, and a run reads no other. If "
        f"that file is yours, say so each time: --trust {word}, or load_run(…, trust=[{word!r}])."
    )


def with_copies(
    config: Mapping[str, Any], folder: Path, root: Path | None = None, trust: Collection[str] = ()
) -> dict[str, Any]:
    """The configuration with every file of data copied into `folder`, and named relative to it.

    `root` is the run folder that it was stored in, None for one that was typed. What names such a copy stays.
    """

    def place(name: str, key: str) -> Path:
        there = folder / name
        is_copy = Path(name).parts[:1] == (DATA_FOLDER,) and there.resolve().is_relative_to(folder.resolve())
        return there if is_copy and there.is_file() else Path(find_file(name, key, root, trust))

    def copied(recipe: Any, key: str) -> Any:
        if isinstance(recipe, (list, tuple)):
            return [copied(item, key) for item in recipe]
        if not isinstance(recipe, Mapping):
            return recipe
        names = dict(_data_arguments(recipe, key, trust))
        return {
            name: _copy(place(value, f"{key}.{name}"), folder)
            if names.get(name) == DATA and isinstance(value, str)
            else tables(value, f"{key}.{name}")
            if names.get(name) == FORMULA
            else copied(value, f"{key}.{name}" if key else str(name))
            for name, value in recipe.items()
        }

    def tables(given: Any, key: str) -> Any:
        if isinstance(given, Mapping):
            return {name: tables(value, f"{key}.{name}") for name, value in given.items()}
        if isinstance(given, (list, tuple)):
            return [tables(value, f"{key}[{k}]") for k, value in enumerate(given)]
        return _copy(place(given.strip(), key), folder) if names_table(given) else given

    return copied(config, "")


def is_data_file(hint: Any) -> bool:
    """Whether an argument of that type is the name of a file of data."""
    return typing.get_origin(hint) is Annotated and DATA in typing.get_args(hint)[1:]


def is_formula(hint: Any) -> bool:
    """Whether an argument of that type is a formula, or the name of a file with a table of its values."""
    return typing.get_origin(hint) is Annotated and FORMULA in typing.get_args(hint)[1:]


def _data_arguments(recipe: Mapping[str, Any], key: str, trust: Collection[str]) -> Iterator[tuple[str, str]]:
    """The arguments of the class of a recipe that name files of data, or in which formulas may name tables."""
    if TARGET in recipe:
        target = find_class(recipe[TARGET], key, trust)
        for name, hint in typing.get_type_hints(target.__init__, include_extras=True).items():
            if is_data_file(hint) or any(map(is_data_file, typing.get_args(hint))):
                yield name, DATA
            elif _has_formula(hint):
                yield name, FORMULA


def _has_formula(hint: Any) -> bool:
    return is_formula(hint) or any(map(_has_formula, typing.get_args(hint)))


def _copy(source: Path, folder: Path) -> str:
    """Copy a file into the folder of data, unless it is there; its name relative to `folder`."""
    if not source.is_file():  # the class that reads it has refused it, or knows it by another way
        return str(source)
    place = folder / DATA_FOLDER
    for number in range(1, 1000):
        name = source.name if number == 1 else f"{source.stem}-{number}{source.suffix}"
        target = place / name
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            break
        if not target.exists():
            place.mkdir(parents=True, exist_ok=True)
            with atomic_write(target) as temporary:
                shutil.copyfile(source, temporary)
            break
    else:
        raise ValueError(f"There are 1000 files {source.name!r} in {str(place)!r}.")
    return f"{DATA_FOLDER}/{name}"
