"""A run on a regular grid, for NumPy, xarray and pandas."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pinn import Run, load_run, optional, save_run, train
from pinn.optimizers import Adam
from pinn.optional import MissingPackageError
from pinn.runs.instantiate import build
from pinn.runs.run import build_network
from pinn.samplers import Sobol

DISK = {"_target_": "pinn.pdes.Poisson", "domain": {"_target_": "pinn.domains.Disk"}}
FLOW = {"_target_": "pinn.pdes.NavierStokes"}


def run(folder: Path, pde: dict[str, Any]) -> Run:
    config = {"pde": pde, "network": {"_target_": "pinn.networks.MLP", "width": 4, "depth": 1}}
    config["vjp"] = {"_target_": "pinn.operators.Auto"}
    problem = build(pde, "pde")
    network = build_network(config["network"], problem, torch.Generator().manual_seed(0)).double()
    *_, last = train(problem, network, Adam(), Sobol(20, 8), steps=2)
    save_run(folder, last, config)
    return load_run(folder)


def test_values_errors_and_what_is_outside(tmp_path: Path) -> None:
    disk = run(tmp_path, DISK)
    grid = disk.grid(9)
    assert list(grid.axes) == ["x", "y"]
    assert list(grid.values) == ["u", "exact", "error"]
    assert np.isnan(grid.values["u"][0, 0])
    assert np.isfinite(grid.values["u"][4, 4])
    x = np.array([grid.axes["x"][3], grid.axes["y"][5]])
    assert grid.values["u"][3, 5] == pytest.approx(disk(x))
    np.testing.assert_allclose(grid.values["error"], grid.values["u"] - grid.values["exact"])
    assert disk.grid().values["u"].shape == (101, 101)
    assert len(repr(grid)) < 200
    assert len(repr(disk)) < 300
    for wrong in (1, 3000):
        with pytest.raises(ValueError, match="needs n >= 2 nodes along each of 2 axes"):
            disk.grid(wrong)


def test_a_data_set_and_a_table(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    pytest.importorskip("pandas")
    disk = run(tmp_path, DISK)
    data = disk.to_xarray(9)
    assert data["u"].dims == ("x", "y")
    assert float(data["u"].sel(x=0.0, y=0.0, method="nearest")) == pytest.approx(disk([0.0, 0.0]))
    table = disk.to_pandas(9)
    assert list(table.columns) == ["x", "y", "u", "exact", "error"]
    assert len(table) == int(np.isfinite(disk.grid(9).values["u"]).sum())
    np.testing.assert_allclose(table["u"].to_numpy(), disk(table[["x", "y"]].to_numpy()))


def test_components_have_names_and_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = run(tmp_path, FLOW)
    assert list(flow.grid(4).values)[:3] == ["v_1", "v_2", "p"]

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(optional.importlib, "import_module", missing)
    for method in (flow.to_xarray, flow.to_pandas):
        with pytest.raises(MissingPackageError, match=r'pip install "pinn-solver\[data\]"'):
            method(4)
