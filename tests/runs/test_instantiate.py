"""Recipes: what they build, and what they refuse, by name."""

import pytest

from pinn.domains import Box, Disk, TimeDomain
from pinn.networks import MLP
from pinn.optimizers import LBFGS, Adam, Schedule
from pinn.pdes import Heat, Poisson
from pinn.runs.instantiate import RecipeError, build

BOX = {"_target_": "pinn.domains.Box"}


def test_builds_nested_recipes() -> None:
    domain = {"_target_": "pinn.domains.TimeDomain", "duration": 2, "space": BOX}
    assert build({"_target_": "pinn.pdes.Heat", "domain": domain}, "pde") == Heat(TimeDomain(2.0, Box()))


def test_builds_named_stages() -> None:
    stages = {"a": {"_target_": "pinn.optimizers.Adam", "steps": 3}, "b": {"_target_": "pinn.optimizers.LBFGS"}}
    schedule = build({"_target_": "pinn.optimizers.Schedule", "stages": stages})
    assert isinstance(schedule, Schedule)
    assert schedule.in_order == (Adam(steps=3), LBFGS())


def test_numbers_take_the_type_of_the_constructor() -> None:
    assert isinstance(build({"_target_": "pinn.domains.Disk", "radius": 2}).radius, float)
    assert build({"_target_": "pinn.optimizers.Adam", "steps": 1e3}).steps == 1000


def test_arguments_serve_where_the_constructor_takes_them() -> None:
    network = build({"_target_": "pinn.networks.MLP", "width": 4}, inputs=3, outputs=None, unknown=1)
    assert isinstance(network, MLP)
    assert network.rescale.center.shape == (3,)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"_target_": "pinn.pdes.Poisson", "hrd": True}, "pde.hrd is not an argument of Poisson; did you mean 'hard'?"),
        ({"_target_": "pinn.pdes.Poisson", "qqq": 1}, "it takes domain, exact, hard, penalty"),
        ({"_target_": "pinn.pdes.Poisson", "penalty": "abc"}, "pde.penalty='abc' is not valid: expected a number"),
        ({"_target_": "pinn.pdes.Poisson", "penalty": None}, "pde.penalty=None"),
        ({"_target_": "pinn.pdes.Poisson", "hard": "maybe"}, "expected true or false"),
        ({"_target_": "pinn.pdes.Poisson", "penalty": -1}, "penalty > 0, got penalty=-1"),
        ({"_target_": "pinn.pdes.Poisson", "domain": 3}, "pde.domain=3 is not valid: expected a Domain"),
        ({"_target_": "pinn.pdes.Poisson", "domain": {"_target_": "pinn.optimizers.Adam"}}, "expected a Domain"),
        ({"_target_": "pinn.pdes.Poisson", "domain": {**BOX, "lower": [0, "a"]}}, "pde.domain.lower[1]='a'"),
        ({"_target_": "pinn.pdes.Poisson", "domain": {**BOX, "lower": 0}}, "expected a list of a number"),
        ({"_target_": "pinn.pdes.Poisson", "domain": {**BOX, "lower": [2, 2]}}, "pde.domain: Box needs"),
        ({"_target_": "pinn.optimizers.Adam", "steps": 1.5}, "pde.steps=1.5 is not valid: expected an integer"),
        ({"_target_": "pinn.optimizers.Adam", "steps": float("inf")}, "expected an integer"),
        ({"_target_": "pinn.optimizers.Adam", "steps": True}, "expected an integer"),
        ({"_target_": "pinn.networks.MLP"}, "MLP needs pde.inputs"),
        ({"_target_": "pinn.pdes.Nothing"}, "cannot import 'pinn.pdes.Nothing'"),
        ({"_target_": "no.such.module"}, "Is its folder on PYTHONPATH?"),
        ({"_target_": "plain"}, "'plain' is not a class of pinn"),
        ({"_target_": "os.system"}, "neither a dataclass nor a torch.nn.Module"),
        ({"_target_": "subprocess.Popen"}, "neither a dataclass nor a torch.nn.Module"),
        ({"_target_": "json.JSONDecoder"}, "If you trust 'json', say so each time: --trust json"),
        ({"_target_": "pinn.cli.train.Task"}, "is not a class that a configuration builds"),
        ({"_target_": "pinn.trackers.tensorboard.TensorBoard"}, "is not a class that a configuration builds"),
        ({"_target_": "pinn.optimizers.memory_check.Objective"}, "is a class of pinn.objective.objective"),
        ({"penalty": 1}, "needs a mapping with '_target_'"),
        (3, "needs a mapping with '_target_'"),
    ],
)
def test_refuses(recipe: object, words: str) -> None:
    with pytest.raises(RecipeError) as error:
        build(recipe, "pde", trust=["no", "os", "subprocess"])
    assert words in str(error.value)


def test_defaults_are_those_of_python() -> None:
    assert build({"_target_": "pinn.pdes.Poisson"}) == Poisson()
    assert build({"_target_": "pinn.domains.Disk"}) == Disk()
