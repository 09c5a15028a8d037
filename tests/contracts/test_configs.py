"""What every YAML file promises: it composes, and everything in it builds."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

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


def composed(*overrides: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", list(overrides), return_hydra_config=False)
    return OmegaConf.to_container(config, resolve=True)  # type: ignore[return-value]


NEEDS = {
    "domain=none": ("pde=pendulum",),  # time alone is the domain of an ODE, not of the default problem
    "network=slab_harmonics": ("pde=kdv",),
    "network=slab_sines": ("pde=heat",),
    "network=slab_gated_sines": ("pde=heat",),
}


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_composes_and_builds(choice: Path) -> None:
    chosen = f"{choice.parts[0]}={'/'.join(choice.parts[1:])}"
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


@pytest.mark.parametrize("domain", ["box", "box_5d", "cube", "disk", "interval", "l_shape", "none", "periodic"])
@pytest.mark.parametrize("pde", sorted(path.stem for path in (CONFIGS / "pde").glob("*.yaml")))
def test_a_pde_takes_a_domain_or_says_what_it_needs(pde: str, domain: str) -> None:
    """Changing the domain never needs a change in a PDE where the mathematics allows it."""
    config = composed(f"pde={pde}", f"domain={domain}")
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


@pytest.mark.parametrize("pde", sorted(path.stem for path in (CONFIGS / "pde").glob("*.yaml")))
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
