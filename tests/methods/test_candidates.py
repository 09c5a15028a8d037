"""Candidates as recipes, and as the objects that the recipes build."""

import dataclasses

import pytest

from pinn.methods import Candidate, Facts
from pinn.methods.candidates import fronts, harmonics, recipe, sines, steady_features, trained
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.runs.instantiate import build

_FACTS = Facts(2, 1, 1, evolution=True, periodic=True, linear=True, energy=False, unknowns=False)
_ALL = [
    steady_features(_FACTS, 60, [6.0, 6.0]),
    harmonics(_FACTS, 8),
    sines(_FACTS, 50, 8.0),
    fronts(_FACTS, 4),
    trained(8, 2, "tanh", 100),
]


@pytest.mark.parametrize("candidate", _ALL, ids=lambda one: one.name)
def test_its_recipes_build_it(candidate: Candidate) -> None:
    recipes = candidate.recipes()
    assert build(recipes["optimizer"], "optimizer") == candidate.optimizer
    assert build(recipes["sampler"], "sampler") == candidate.sampler
    network = build(recipes["network"], "network", inputs=3, outputs=None, chart=((0,), (1, 2)))
    assert type(network).__name__ == candidate.network["_target_"].rpartition(".")[2]


def test_a_schedule_is_a_recipe_of_recipes() -> None:
    found = recipe(Schedule((Adam(steps=3), LevenbergMarquardt(steps=4))), "pinn.optimizers")
    assert [stage["_target_"] for stage in found["stages"]] == [
        "pinn.optimizers.Adam",
        "pinn.optimizers.LevenbergMarquardt",
    ]
    assert [stage["steps"] for stage in found["stages"]] == [3, 4]


@pytest.mark.parametrize(("components", "rows"), [(1, 1), (3, 3), (3, 1), (1, 4)])
def test_least_squares_get_more_equations_than_they_need(components: int, rows: int) -> None:
    facts = dataclasses.replace(_FACTS, components=components, rows=rows)
    candidate = steady_features(facts, 100, [6.0, 6.0])
    assert candidate.sampler.interior * rows >= 2 * 100 * components


def test_only_a_network_that_is_trained_improves_with_time() -> None:
    assert [one.trained for one in _ALL] == [False, False, False, False, True]
    assert [one.by_slabs for one in _ALL] == [False, True, True, True, False]
