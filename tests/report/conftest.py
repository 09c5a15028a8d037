"""Small runs of several kinds, for reports, and a browser that opens them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from pinn import save_run, train
from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.runs.instantiate import build
from pinn.runs.metrics import MetricsFile
from pinn.runs.run import build_network
from pinn.samplers import Sobol

DISK = {"_target_": "pinn.domains.Disk"}
PLANE = {"_target_": "pinn.domains.Box", "lower": [0, 0], "upper": [1, 2]}
HEAT = {"_target_": "pinn.pdes.Heat"}
PROBLEMS: dict[str, dict[str, Any]] = {
    "disk": {"_target_": "pinn.pdes.Poisson", "domain": DISK},
    "heat": HEAT,
    "plane": {**HEAT, "domain": {"_target_": "pinn.domains.TimeDomain", "space": PLANE}},
    "inverse": {
        "_target_": "pinn.pdes.Inverse",
        "pde": HEAT,
        "unknowns": {"diffusivity": {"_target_": "pinn.networks.Unknown", "initial": 0.5, "lower": 0.0}},
    },
}


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders of runs by name, trained when first asked for."""
    folders: dict[str, Path] = {}

    def run(name: str) -> Path:
        if name not in folders:
            folder = folders[name] = tmp_path_factory.mktemp(name)
            config = {"pde": PROBLEMS[name], "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 1}}
            config["vjp"] = {"_target_": "pinn.operators.Auto"}
            pde = build(config["pde"], "pde")
            network = build_network(config["network"], pde, torch.Generator().manual_seed(0)).double()
            steps = 200 if name == "inverse" else 3  # no interval without convergence
            optimizer = Schedule((Adam(steps=3), LevenbergMarquardt(steps=steps)))
            metrics, step = MetricsFile(folder), None
            for step in train(pde, network, optimizer, Sobol(interior=50, boundary=20)):
                metrics.record(step)
            assert step is not None
            save_run(folder, step, config, pde=name, domain="<box>", status="completed")
            (folder / "config.yaml").write_text("note: </script><b>\nuri: https://me:secret@example.org\n")
            (folder / ".hydra").mkdir()
            (folder / ".hydra" / "overrides.yaml").write_text("- pde=heat\n- 'pde.name=\"a b\"'\n")
        return folders[name]

    return run


OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # small in containers
    "--host-resolver-rules=MAP * ~NOTFOUND",  # no network: whatever the page asks for is an error in the log
    "--window-size=1280,1000",
]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Any]]:
    """Opens Chromium without a window, with a log of all that goes wrong in it."""
    webdriver: Any = pytest.importorskip("selenium.webdriver")
    drivers = []

    def opened() -> Any:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for option in [*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        drivers.append(webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))))
        return drivers[-1]

    yield opened
    for driver in drivers:
        driver.quit()
