"""Recipes: a class and its arguments as plain data, and the object built from them.

    {"_target_": "pinn.domains.Box", "lower": [0, 0], "upper": [1, 1]}

The constructor is the schema: names and types are checked against its signature before it is called.
"""

import inspect
import math
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pinn.domains import Domain
from pinn.runs.data_files import find_file, is_data_file, is_formula
from pinn.runs.trusted import TARGET, RecipeError, find_class
from pinn.typing import names_table

__all__ = ["TARGET", "RecipeError", "build"]

TAGS = "tags"
"""The key beside the arguments of a domain that names further parts of its boundary, each by a predicate."""


@dataclass(frozen=True)
class _Word:
    """What the user has vouched for, and the run folder that the recipes are from."""

    trust: Collection[str]
    root: Path | None


def build(
    recipe: Any, key: str = "", *, trust: Collection[str] = (), root: Path | None = None, **arguments: Any
) -> Any:
    """The object that a recipe describes, nested recipes first. A domain may have `tags`, named parts of its boundary.

    `arguments` are handed on if the constructor takes them and the recipe does not say otherwise. `key` is where the
    recipe stands in its configuration; `trust` are the modules beside pinn whose classes it may name. A recipe that was
    stored in the run folder `root` names files in there, and others only if `trust` has them. Raises RecipeError, which
    names the key, the value and what is accepted.

    >>> build({"_target_": "pinn.domains.Disk", "radius": 2}).radius
    2.0
    """
    if not isinstance(recipe, Mapping) or TARGET not in recipe:
        raise RecipeError(
            f"{key or 'A recipe'} needs a mapping with {TARGET!r}, the dotted name of a class: {recipe!r}."
        )
    target = find_class(recipe[TARGET], _join(key, TARGET), trust)
    accepted = inspect.signature(target).parameters
    hints, word = typing.get_type_hints(target.__init__, include_extras=True), _Word(trust, root)
    given = {name: value for name, value in arguments.items() if name in accepted}
    for name, value in recipe.items():
        if name == TARGET or (name == TAGS and issubclass(target, Domain)):
            continue
        if name not in accepted:
            near = get_close_matches(name, accepted, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(accepted)}."
            raise RecipeError(f"{_join(key, name)} is not an argument of {target.__name__}; {hint}")
        given[name] = _convert(value, hints.get(name, Any), _join(key, name), word)
    required = [name for name, parameter in accepted.items() if parameter.default is parameter.empty]
    if missing := [name for name in required if name not in given]:
        raise RecipeError(f"{target.__name__} needs {', '.join(_join(key, name) for name in missing)}.")
    try:
        built = target(**given)
        return built.tagged(**_parts(recipe[TAGS], _join(key, TAGS))) if TAGS in recipe else built
    except ValueError as error:
        if isinstance(error, RecipeError) or not key:
            raise
        raise RecipeError(f"{key}: {error}") from error


def _parts(tags: Any, key: str) -> dict[str, str]:
    """The predicates that name further parts of a domain."""
    if not isinstance(tags, Mapping) or not all(isinstance(text, str) for text in tags.values()):
        raise RecipeError(f"{key}={tags!r} is not valid: expected a predicate for each name, such as inlet: x < 1e-9.")
    return {str(name): text for name, text in tags.items()}


def _is_finite(value: float) -> bool:
    """Whether a number is one, and fits into a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _convert(value: Any, hint: Any, key: str, word: _Word) -> Any:
    """`value` as the type that the constructor asks for; raises RecipeError if it is another."""
    if isinstance(value, Mapping) and TARGET in value:
        value = build(value, key, trust=word.trust, root=word.root)
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        within: list[RecipeError] = []
        numbers = value == [] and not {float, int}.isdisjoint(options)  # no numbers are not a number
        for option in () if numbers else options:
            try:
                return _convert(value, option, key, word)
            except RecipeError as error:
                within += [] if str(error).startswith(f"{key}=") else [error]
        if len(within) == 1:  # the kind is right, and something in it is wrong
            raise within[0]
    elif is_data_file(hint) and isinstance(value, str):
        return find_file(value, key, word.root, word.trust)
    elif is_formula(hint) and isinstance(value, str):
        return find_file(value.strip(), key, word.root, word.trust) if names_table(value) else value
    elif hint is Any:
        return value
    elif hint is float and isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value):
        return float(value)
    elif hint is int and isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value):
        if float(value).is_integer():
            return int(value)
    elif origin is Sequence and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_convert(item, options[0], f"{key}[{i}]", word) for i, item in enumerate(value))
    elif origin is Mapping and isinstance(value, Mapping):
        return {name: _convert(item, options[1], _join(key, name), word) for name, item in value.items()}
    elif (origin is Callable and callable(value)) or (
        isinstance(hint, type) and hint not in (int, float) and isinstance(value, hint)
    ):
        return value
    finite = "" if not isinstance(value, (int, float)) or _is_finite(value) else " that is finite"
    raise RecipeError(f"{key}={value!r} is not valid: expected {_describe(hint)}{finite}.")


def _describe(hint: Any) -> str:
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _describe(options[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe(option) for option in options)
    if origin is Sequence:
        return f"a list of {_describe(options[0])}"
    if origin is Mapping:
        return f"a mapping to {_describe(options[1])}"
    if origin is Callable:
        return f"a function or a mapping with {TARGET!r}"
    plain = {float: "a number", int: "an integer", bool: "true or false", str: "a text", type(None): "null"}
    return plain.get(hint) or f"a {getattr(hint, '__name__', hint)}, a mapping with {TARGET!r}"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
