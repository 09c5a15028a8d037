"""Checkpoints: whole or not there, checked, the last and the best kept, and no end of training where a disk fails."""

import logging
import os
import resource
import signal
from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.networks import MLP
from pinn.optimizers import Adam
from pinn.pdes import Poisson
from pinn.runs.checkpoint import (
    BEST,
    CHECKPOINT,
    UNDERWAY,
    Checkpoints,
    load_checkpoint,
    newest_checkpoint,
    save_checkpoint,
)
from pinn.runs.metrics import MetricsFile
from pinn.samplers import Sobol
from pinn.training.loop import train
from pinn.training.step import Step

CONFIG = {
    "pde": {"_target_": "pinn.pdes.Poisson"},
    "network": {"_target_": "pinn.networks.MLP", "width": 4, "depth": 1},
    "vjp": {"_target_": "pinn.operators.Auto"},
}


def steps(n: int) -> list[Step]:
    network = MLP(2, width=4, depth=1, generator=torch.Generator().manual_seed(0)).double()
    return list(train(Poisson(), network, Adam(), Sobol(interior=20, boundary=10), steps=n))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run with three checkpoints underway."""
    kept = Checkpoints(tmp_path, CONFIG, 0, 3)
    for step in steps(5):
        if kept.due(step):
            kept.save(step)
        kept.compare(step)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / UNDERWAY).iterdir())


def test_the_last_ones_and_the_best_are_kept(folder: Path) -> None:
    assert names(folder) == [BEST, "step-000000003.pt", "step-000000004.pt", "step-000000005.pt"]
    assert newest_checkpoint(folder).step == 5
    best = load_checkpoint(folder / UNDERWAY / BEST)
    assert best.state is None
    run = load_run(folder / UNDERWAY / BEST)
    assert run.folder == folder
    assert run(torch.tensor([0.5, 0.5], dtype=torch.float64)).isfinite()
    assert load_run(folder).folder == folder  # a run that has not come to its end


def test_a_damaged_one_is_passed_over_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    last = folder / UNDERWAY / "step-000000005.pt"
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 1
    last.write_bytes(content)
    with caplog.at_level(logging.WARNING, "pinn"):
        assert newest_checkpoint(folder, resumable=True).step == 4
    assert "step-000000005.pt" in caplog.text
    assert "An earlier checkpoint is used" in caplog.text
    for path in (folder / UNDERWAY).glob("step-*"):
        path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="3 files, all damaged"):
        newest_checkpoint(folder)


def test_a_solution_alone_is_nothing_to_go_on_from(folder: Path) -> None:
    for path in (folder / UNDERWAY).glob("step-*"):
        path.unlink()
    save_checkpoint(folder / CHECKPOINT, steps(1)[0], CONFIG, resumable=False)
    assert newest_checkpoint(folder).step == 1
    with pytest.raises(ValueError, match="no checkpoint to go on from"):
        newest_checkpoint(folder, resumable=True)


def test_half_a_file_of_a_killed_process_is_removed(folder: Path) -> None:
    (folder / UNDERWAY / "step-000000009.pt.part").write_bytes(b"half")
    Checkpoints(folder, CONFIG, 0, 3)
    assert not any(name.endswith(".part") for name in names(folder))


def test_a_full_disk_ends_no_training(tmp_path: Path) -> None:
    """With a limit on the size of files, as where the disk is full, writing fails half-way."""
    child = os.fork()
    if not child:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            kept, metrics = Checkpoints(tmp_path, CONFIG, 0, 2), MetricsFile(tmp_path)
            first, second, third = steps(3)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
            kept.save(first)
            metrics.record(first)
            assert kept.failed
            assert metrics.failed
            assert not list(tmp_path.rglob("*.pt"))
            assert not list(tmp_path.rglob("*.part"))
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            kept.save(second)
            metrics.record(second)
            metrics.record(third)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert newest_checkpoint(tmp_path).step == 2
    rows = (tmp_path / "metrics.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "3"]


def test_metrics_go_on_where_the_run_does(tmp_path: Path) -> None:
    found = steps(4)
    first = MetricsFile(tmp_path)
    for step in found[:3]:
        first.record(step)
    again = MetricsFile(tmp_path, after=2)
    again.record(found[3])
    rows = (tmp_path / "metrics.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "1", "2", "4"]
    assert again.time_to().keys() == first.time_to().keys()


@pytest.mark.parametrize(("every_s", "keep", "message"), [(-1.0, 2, "checkpoint_s=-1"), (1.0, 0, "keep_checkpoints=0")])
def test_bad_numbers_are_refused(every_s: float, keep: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Checkpoints(tmp_path, CONFIG, every_s, keep)
