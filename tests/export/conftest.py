"""Small runs to export."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from pinn import Run, load_run, save_run, train
from pinn.optimizers import Adam
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.samplers import Sobol

F64 = torch.float64
DISK = {"_target_": "pinn.domains.Disk"}
PROBLEMS: dict[str, dict[str, Any]] = {
    "square": {"_target_": "pinn.pdes.Poisson"},
    "disk": {"_target_": "pinn.pdes.Poisson", "domain": DISK},
    "cube": {
        "_target_": "pinn.pdes.Poisson",
        "domain": {"_target_": "pinn.domains.Box", "lower": [0, 0, 0], "upper": [1, 1, 2]},
    },
    "heat": {"_target_": "pinn.pdes.Heat", "domain": {"_target_": "pinn.domains.TimeDomain", "space": DISK}},
    "periodic": {"_target_": "pinn.pdes.Advection"},
    "system": {"_target_": "pinn.pdes.NavierStokes"},
    "pendulum": {"_target_": "pinn.pdes.Pendulum"},
}


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Runs by name, trained when first asked for."""
    runs: dict[tuple[str, torch.dtype, str], Run] = {}

    def run(name: str, dtype: torch.dtype = F64, activation: str = "tanh") -> Run:
        if (name, dtype, activation) not in runs:
            config = {
                "pde": PROBLEMS[name],
                "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1, "activation": activation},
                "vjp": {"_target_": "pinn.operators.Auto"},
            }
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).to(dtype)
            (step,) = train(pde, network, Adam(steps=1), Sobol(interior=20, boundary=10))
            folder = tmp_path_factory.mktemp("run")
            save_run(folder, step, config)
            runs[name, dtype, activation] = load_run(folder)
        return runs[name, dtype, activation]

    return run
