"""Every number in every YAML file: what is no number of its kind is refused by name before anything is built."""

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pinn.runs.instantiate import RecipeError, build

CONFIGS = Path(__file__).parents[2] / "configs"
GROUPS = ("domain", "network", "optimizer", "pde", "sampler", "vjp", "weighting")
# Schedules consist of other files, which are here by themselves.
CHOICES = [
    path
    for path in sorted(path for group in GROUPS for path in (CONFIGS / group).glob("*.yaml"))
    if "pinn.optimizers.Schedule" not in path.read_text(encoding="utf-8")
]
WRONG = (math.nan, math.inf, -math.inf, True, "many", [], {}, 10**400)


def numbers(recipe: Any, key: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the numbers of a recipe stand."""
    if isinstance(recipe, dict):
        for name, value in recipe.items():
            yield from numbers(value, (*key, name))
    elif isinstance(recipe, list):
        for place, value in enumerate(recipe):
            yield from numbers(value, (*key, place))
    elif isinstance(recipe, (int, float)) and not isinstance(recipe, bool):
        yield key


def filled(path: Path) -> Any:
    """The recipe in a file with the domain that it chooses, and without what Hydra takes from it."""
    recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    overrides = [entry for entry in recipe.pop("defaults", []) if isinstance(entry, dict)]
    chosen = [name for entry in overrides for group, name in entry.items() if "/domain" in group]
    domain = yaml.safe_load((CONFIGS / "domain" / f"{(*chosen, 'box')[0]}.yaml").read_text(encoding="utf-8"))

    def completed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: completed(item) for name, item in value.items()}
        return copy.deepcopy(domain) if value == "${domain}" else value

    return completed(recipe)


@pytest.mark.parametrize("path", CHOICES, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_what_is_no_number_is_refused_by_name(path: Path) -> None:
    recipe = filled(path)
    for key in numbers(recipe):
        for wrong in WRONG:
            spoilt = copy.deepcopy(recipe)
            place = spoilt
            for name in key[:-1]:
                place = place[name]
            place[key[-1]] = wrong
            with pytest.raises(RecipeError) as caught:
                build(spoilt, "group")
            said = str(caught.value)
            if "coefficients" in key and isinstance(wrong, str):  # of a typed problem, where a text is a formula
                assert f"coefficient {key[-1]}: {wrong!r} is not known" in said
                continue
            shown = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in key)
            assert said.startswith(f"group{shown}="), said
            assert "is not valid: expected" in said


def test_there_are_numbers() -> None:
    found = sum(len(list(numbers(filled(path)))) for path in CHOICES)
    assert found > 300
