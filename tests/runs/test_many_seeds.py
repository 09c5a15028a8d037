"""A run folder of many seeds: the best as its run, a table of all, and each of them to be had."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import vmap

from pinn.optimizers import Adam, LevenbergMarquardt, Schedule
from pinn.pdes import Poisson
from pinn.runs.many_seeds import save_ensemble
from pinn.runs.members import ENSEMBLE
from pinn.runs.run import build_network, load_run
from pinn.samplers import Sobol
from pinn.training.ensemble import EnsembleStep, train_ensemble

CONFIG: dict[str, Any] = {
    "pde": {"_target_": "pinn.pdes.Poisson"},
    "network": {"_target_": "pinn.networks.MLP", "width": 6, "depth": 2},
    "vjp": {"_target_": "pinn.operators.Auto"},
    "seed": 5,
    "seeds": 3,
}
SEEDS = (5, 6, 7)


def trained(broken: tuple[int, ...] = ()) -> tuple[EnsembleStep, list[nn.Module]]:
    pde = Poisson()
    networks = [build_network(CONFIG["network"], pde, torch.Generator().manual_seed(s)).double() for s in SEEDS]
    for k in broken:
        nn.init.constant_(next(networks[k].parameters()), math.nan)
    method = Schedule((Adam(steps=3), LevenbergMarquardt()))
    *_, last = train_ensemble(pde, networks, method, Sobol(40, 10), seeds=SEEDS, steps=10)
    return last, networks


def test_the_best_is_the_run_and_each_seed_can_be_had(tmp_path: Path) -> None:
    step, networks = trained()
    summary = save_ensemble(tmp_path, step, CONFIG)
    errors = step.rel_l2()
    assert summary["seed"] == SEEDS[errors.index(min(errors))]
    assert [row["rel_l2"] for row in summary["seeds"]] == errors
    assert (summary["statistics"]["median"], summary["statistics"]["worst"]) == (sorted(errors)[1], max(errors))
    x = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for seed, network in zip(SEEDS, networks, strict=True):
        run = load_run(tmp_path, seed=seed)
        for name, value in network.state_dict().items():
            assert torch.equal(run.network.state_dict()[name], value)
    best = load_run(tmp_path)
    assert (best.config["seed"], best.config["seeds"]) == (summary["seed"], 1)
    assert torch.equal(vmap(best)(x), vmap(load_run(tmp_path, seed=summary["seed"]))(x))


def test_a_failed_seed_is_in_the_table_and_none_but_failed_ones_are_an_error(tmp_path: Path) -> None:
    summary = save_ensemble(tmp_path, trained(broken=(1,))[0], CONFIG)
    assert [row["failed"] for row in summary["seeds"]] == [False, True, False]
    assert summary["statistics"]["failed"] == 1
    with pytest.raises(FloatingPointError, match="all 3 seeds"):
        save_ensemble(tmp_path, trained(broken=(0, 1, 2))[0], CONFIG)


def test_an_unknown_seed_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    save_ensemble(tmp_path, trained()[0], CONFIG)
    with pytest.raises(ValueError, match="no seed 9: its seeds are 5 to 7"):
        load_run(tmp_path, seed=9)
    content = bytearray((tmp_path / ENSEMBLE).read_bytes())
    content[len(content) // 2] ^= 255
    (tmp_path / ENSEMBLE).write_bytes(bytes(content))
    with pytest.raises(ValueError, match="damaged"):
        load_run(tmp_path, seed=5)
    (tmp_path / ENSEMBLE).unlink()
    with pytest.raises(ValueError, match="a run of one seed"):
        load_run(tmp_path, seed=5)
