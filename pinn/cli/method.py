"""The method of a run: as it is named, or found from the problem before training."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pinn.methods import BUDGET_S, Method, Search
from pinn.parallel import launched_ranks
from pinn.pdes import PDE
from pinn.runs.instantiate import build
from pinn.runs.job import find_device, find_dtype
from pinn.runs.scales import with_scales

log = logging.getLogger("pinn")

NAMED = (
    "network",
    "optimizer",
    "sampler",
    "weighting",
    "experiment",
    "steps",
    "windows",
    "seeds",
    "compile",
    "init_from",
)
"""Keys that say how to train: what is named is used as it is named."""
FOUND = "auto"
"""The word for a choice in a group that the search has made."""
_LEAST = 0.1
"""Part of the budget that is left to training, however long the search has taken."""
_USUAL = {"network": "mlp", "optimizer": "adam_lm", "sampler": "sobol"}


def with_method(
    recipes: dict[str, Any],
    words: Sequence[str],
    trust: Collection[str] = (),
    interrupted: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """The configuration with network, optimizer, points and budget as `method` finds them.

    It stays as it is if `words`, what the user has typed, or the choices of the problem's own file name one of them,
    and where frozen features have not been tried out: in float32, on a GPU, on several ranks, with estimates of
    derivatives. Raises ValueError for a problem that cannot be solved.
    """
    method = build(recipes["method"], "method", trust=trust)
    if not isinstance(method, Method):
        raise ValueError(f"method: {type(method).__name__} is no Method. Use method=auto or method=named.")
    if not isinstance(method, Search):
        return {**recipes, "method": None}
    strategy = build(recipes["vjp"], "vjp", trust=trust)
    if why := _named(recipes, words) or ("vjp estimates derivatives" if strategy.random else ""):
        log.debug("method: as named, since %s", why)
        return {**recipes, "method": None}
    pde: PDE = build(recipes["pde"], "pde", trust=trust)
    budget_s = BUDGET_S if recipes["budget_s"] is None else recipes["budget_s"]
    dtype = find_dtype(recipes["dtype"])
    choice = method.choose(
        pde,
        strategy,
        seed=recipes["seed"],
        budget_s=budget_s,
        rescale=lambda one: with_scales(one, recipes["scale"], dtype),
        interrupted=interrupted,
    )
    found = choice.candidate.recipes()
    if choice.candidate.trained and recipes["choices"]["sampler"] != _USUAL["sampler"]:
        del found["sampler"]  # the problem has one of its own
    if choice.candidate.penalised:
        found["pde"] = {**recipes["pde"], "hard": False}
    left = max(budget_s - choice.seconds, _LEAST * budget_s)
    choices = {**recipes["choices"], **{group: FOUND for group in _USUAL if group in found}}
    return {**recipes, **found, "budget_s": left, "method": choice.stored(), "choices": choices}


def _named(recipes: Mapping[str, Any], words: Sequence[str]) -> str:
    """Why the method is not sought; empty if it is."""
    keys = {word.lstrip("+~").partition("=")[0].partition(".")[0].partition("@")[0] for word in words}
    if named := [key for key in NAMED if key in keys]:
        return f"{', '.join(named)} is named"
    if chosen := [group for group in ("network", "optimizer") if recipes["choices"][group] != _USUAL[group]]:
        return f"the problem names its {', '.join(chosen)}"
    if find_dtype(recipes["dtype"]).itemsize < 8:
        return "dtype=float32"
    if find_device(recipes["device"]).type != "cpu":
        return "frozen features are solved for on a CPU"
    return "several processes" if launched_ranks().size > 1 else ""


def in_yaml(config: DictConfig, recipes: Mapping[str, Any]) -> str:
    """The configuration for people: as it was composed, with what the search for a method has found in its place."""
    found = {str(key): recipes[str(key)] for key in config if key in recipes} if recipes.get("method") else config
    return OmegaConf.to_yaml(OmegaConf.create(found), resolve=True)
