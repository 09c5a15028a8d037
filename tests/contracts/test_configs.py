"""What every YAML file promises: it composes, and everything in it builds."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from pinn.cli import train  # noqa: F401  (the script registers the schema of the plain keys)
from pinn.operators import Strategy
from pinn.optimizers import Optimizer
from pinn.pdes import PDE
from pinn.runs.instantiate import build
from pinn.runs.job import find_device, find_dtype
from pinn.runs.run import build_network
from pinn.runs.tracking import Tracker
from pinn.samplers import Sampler
from pinn.trust.premises import refuse_lost_jumps
from pinn.weighting import Weighting

CONFIGS = Path(__file__).parents[2] / "configs"
CHOICES = sorted(path.relative_to(CONFIGS).with_suffix("") for path in CONFIGS.glob("*/**/*.yaml"))


@cache
def unresolved(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", list(overrides), return_hydra_config=False)


def composed(*overrides: str) -> dict[str, Any]:
    return OmegaConf.to_container(unresolved(*overrides), resolve=True)  # type: ignore[return-value]


def on_domain(pde: str, composed_with: str, domain: str) -> dict[str, Any]:
    """What `pde=… domain=…` composes, by putting the domain into what has been composed with another one."""
    config = copy.deepcopy(unresolved(f"pde={pde}", f"domain={composed_with}"))
    config.domain = unresolved(f"domain={domain}", *NEEDS.get(f"domain={domain}", ())).domain
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


PACKAGES = {"tracker=wandb": "wandb"}
"""What a choice needs that an installation for development may leave out, since it is large."""
NEEDS = {
    "domain=none": ("pde=pendulum",),  # time alone is the domain of an ODE, not of the default problem
    "network=slab_harmonics": ("pde=kdv",),
    "network=slab_sines": ("pde=heat",),
    "network=slab_gated_sines": ("pde=heat",),
}


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_composes_and_builds(choice: Path) -> None:
    chosen = f"{choice.parts[0]}={'/'.join(choice.parts[1:])}"
    if chosen in PACKAGES:
        pytest.importorskip(PACKAGES[chosen])
    config = composed(chosen, *NEEDS.get(chosen, ()))
    pde = build(config["pde"], "pde")
    assert isinstance(pde, PDE)
    assert isinstance(build(config["vjp"], "vjp"), Strategy)
    assert isinstance(build(config["optimizer"], "optimizer"), Optimizer)
    assert isinstance(build(config["sampler"], "sampler"), Sampler)
    assert isinstance(build(config["weighting"], "weighting"), Weighting)
    assert isinstance(build(config["tracker"], "tracker"), Tracker)
    network = build_network(config["network"], pde, torch.Generator()).double()
    assert network(torch.zeros(3, len(pde.domain.embedded_bounds[0]), dtype=torch.float64)).shape[0] == 3
    find_device(config["device"])
    find_dtype(config["dtype"])


PDES = sorted(path.stem for path in (CONFIGS / "pde").glob("*.yaml"))
DOMAINS = ["box", "box_5d", "cube", "disk", "interval", "l_shape", "none", "periodic"]
COMPOSED_WITH = {pde: DOMAINS[k % len(DOMAINS)] for k, pde in enumerate(PDES)}
"""A composition takes as long as a hundred builds: each problem is composed with one domain, all others are put in."""


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("pde", PDES)
def test_a_pde_takes_a_domain_or_says_what_it_needs(pde: str, domain: str) -> None:
    """Changing the domain never needs a change in a PDE where the mathematics allows it."""
    config = on_domain(pde, COMPOSED_WITH[pde], domain)
    try:
        built = build(config["pde"], "pde")
        conditions = built.conditions()
    except ValueError as error:
        assert "domain" in str(error) or "dimension" in str(error)  # noqa: PT017
        assert pde not in ANYWHERE or domain == "none"
        return
    space = getattr(built.domain, "base", built.domain)
    space = getattr(space, "space", space)
    assert space == build(config["domain"], "domain")
    assert conditions


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_that_is_put_in_is_one_that_is_composed(domain: str) -> None:
    pde = next(pde for pde in PDES if COMPOSED_WITH[pde] != domain)
    assert on_domain(pde, COMPOSED_WITH[pde], domain) == composed(f"pde={pde}", f"domain={domain}")


@pytest.mark.parametrize("pde", PDES)
def test_no_problem_has_data_that_cannot_be_built_in(pde: str) -> None:
    """What is looked through before training finds nothing in sound problems, however steep their data are."""
    recipe = composed(f"pde={pde}")["pde"]
    built = build(recipe, "pde")
    assert built.softened == {}
    for dtype in (torch.float64, torch.float32):
        refuse_lost_jumps(built, torch.zeros((), dtype=dtype))


ANYWHERE = ("poisson", "helmholtz", "heat", "wave", "klein_gordon", "gray_scott", "darcy", "eikonal", "potential")


def test_a_pde_may_choose_its_domain_and_the_user_has_the_last_word() -> None:
    assert composed("pde=heat")["domain"]["lower"] == [0.0]
    assert "radius" in composed("pde=heat", "domain=disk")["domain"]
    assert composed("pde=poisson")["domain"]["lower"] == [0.0, 0.0]


def test_experiments_come_last() -> None:
    assert composed("experiment=quick")["network"]["width"] == 16
    assert composed("experiment=quick", "network.width=5")["network"]["width"] == 5
