"""Ranks: 1, 2 and 4 processes come to the same parameters, bit for bit, and a lost one ends the others."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

from pinn.optimizers import (
    LBFGS,
    Adam,
    EnergyNaturalGradient,
    LeastSquares,
    LevenbergMarquardt,
    Optimizer,
    Spring,
    SSBroyden,
)
from pinn.parallel import Ranks, launched_ranks, triangular
from pinn.pdes import NavierStokes, Poisson
from pinn.runs.checkpoint import newest_checkpoint
from pinn.runs.run import build_network
from pinn.samplers import RAD, Sampler, Sobol
from pinn.training.guard import Guard
from pinn.training.loop import train
from pinn.weighting import NTK, RBA, Fixed, Weighting

ROOT = Path(__file__).parents[1]
COUNTS: dict[str, Any] = {"interior": 101, "boundary": 30}
JOBS: dict[str, tuple[Optimizer, Sampler, Weighting]] = {
    "adam": (Adam(), Sobol(**COUNTS, every=20), Fixed()),
    "lm": (LevenbergMarquardt(), Sobol(**COUNTS, every=20), Fixed()),
    "lbfgs": (LBFGS(), Sobol(**COUNTS), Fixed()),
    "ssbroyden": (SSBroyden(), Sobol(**COUNTS, every=20), RBA()),
    "engd": (EnergyNaturalGradient(damping=1e-8), Sobol(**COUNTS, every=5), Fixed()),
    "spring": (Spring(), Sobol(**COUNTS, every=1), Fixed()),
    "least_squares": (LeastSquares(), Sobol(**COUNTS, every=0), Fixed()),
    "rad": (LevenbergMarquardt(), RAD(**COUNTS, every=10, candidates=300), NTK(every=10)),
}


def job(name: str, ranks: Ranks, store: Path, steps: int) -> dict[str, torch.Tensor]:
    """The parameters to which one rank of a job comes."""
    torch.set_num_threads(1)
    if ranks.size > 1:
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=ranks.rank, world_size=ranks.size)
    pde = Poisson(hard=False)
    recipe = {"_target_": "pinn.networks.MLP", "width": 10, "depth": 2}
    network = build_network(recipe, pde, torch.Generator().manual_seed(0)).double()
    optimizer, sampler, weighting = JOBS[name]
    *_, last = train(
        pde, network, optimizer, sampler, weighting=weighting, guard=Guard(every=10), steps=steps, ranks=ranks
    )
    return {**last.params, "loss": torch.tensor(last.loss)}


def on_ranks(name: str, size: int, folder: Path, steps: int = 50) -> list[dict[str, torch.Tensor]]:
    """What each of so many forked processes comes to."""
    children = []
    for rank in range(size):
        if not (child := os.fork()):
            try:
                torch.save(
                    job(name, Ranks(rank, size, 4), folder / f"store-{name}-{size}", steps), folder / f"{rank}.pt"
                )
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * size
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(size)]


@pytest.mark.parametrize("size", [2, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["adam", "lm", pytest.param("rad", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_one_two_and_four_ranks_come_to_the_same_bits(name: str, size: int, tmp_path: Path) -> None:
    (one,) = on_ranks(name, 1, tmp_path)
    for found in on_ranks(name, size, tmp_path):
        assert all(torch.equal(found[key], one[key]) for key in one)


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in JOBS if name not in ("adam", "lm", "rad")])
def test_every_other_optimizer_does_so_too(name: str, tmp_path: Path) -> None:
    (one,) = on_ranks(name, 1, tmp_path, 12)
    assert all(torch.equal(found[key], one[key]) for found in on_ranks(name, 2, tmp_path, 12) for key in one)


@pytest.mark.parametrize("name", ["adam", "lbfgs", "spring"])
def test_blocks_change_nothing_beyond_rounding(name: str, tmp_path: Path) -> None:
    plain, blocks = job(name, Ranks(), tmp_path, 5), job(name, Ranks(blocks=4), tmp_path, 5)
    for key, value in plain.items():
        torch.testing.assert_close(blocks[key], value, rtol=1e-9, atol=1e-9)


def test_blocks_hold_every_point_once() -> None:
    x = torch.arange(11)
    parts = [share[0] for rank in range(2) for share in Ranks(rank, 2, 4).local_blocks([x])]
    assert sorted(torch.cat(parts).tolist()) == x.tolist()
    assert Ranks().local_blocks([x])[0][0] is x or torch.equal(Ranks().local_blocks([x])[0][0], x)


def test_the_triangular_factor_of_blocks_is_that_of_the_whole() -> None:
    A = torch.randn(50, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    R = triangular([A[k::4] for k in range(4)], Ranks(blocks=4))
    torch.testing.assert_close(R.T @ R, A.T @ A, rtol=1e-12, atol=1e-12)


def test_the_environment_of_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert launched_ranks() == Ranks()
    monkeypatch.setenv("RANK", "1")
    for size, blocks in ((2, 4), (3, 3), (4, 4), (8, 8)):
        monkeypatch.setenv("WORLD_SIZE", str(size))
        assert launched_ranks() == Ranks(1, size, blocks)


def test_fewer_points_than_blocks_are_refused() -> None:
    network = build_network({"_target_": "pinn.networks.MLP"}, NavierStokes(), torch.Generator()).double()
    with pytest.raises(ValueError, match=r"raise sampler\.interior"):
        next(train(NavierStokes(), network, Adam(), Sobol(interior=3, boundary=3), ranks=Ranks(blocks=4)))


def torchrun(size: int, *arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", f"--nproc_per_node={size}", "--standalone"]
    command = [*launcher, str(ROOT / "scripts" / "train.py"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **options}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=300)


@pytest.mark.nightly
def test_torchrun_trains_into_one_folder_and_resumes_on_another_number(tmp_path: Path) -> None:
    small = ["network.width=8", "sampler.interior=100", "checkpoint_s=0", "seed=3", "optimizer=lm"]
    first = torchrun(2, *small, "steps=20", f"hydra.run.dir={tmp_path / 'two'}")
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("run folder:") == 1
    assert (tmp_path / "two" / "solution.png").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["two"]
    longer = torchrun(1, f"resume={tmp_path / 'two'}", "steps=40")
    assert longer.returncode == 0, longer.stderr
    whole = torchrun(4, *small, "steps=40", f"hydra.run.dir={tmp_path / 'four'}")
    assert whole.returncode == 0, whole.stderr
    a, b = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("two", "four"))
    assert a["step"] == b["step"] == 40
    assert all(torch.equal(a["weights"][name], b["weights"][name]) for name in b["weights"])


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A job of two processes that has begun to train into the folder."""
    small = [
        "network.width=8",
        "sampler.interior=100",
        "optimizer=adam",
        "steps=100000",
        f"hydra.run.dir={folder}",
        *arguments,
    ]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone"]
    job = subprocess.Popen(
        [*launcher, str(ROOT / "scripts" / "train.py"), *small],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while not (folder / "metrics.csv").is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    return job


def scratch() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("pinn-*")}


@pytest.mark.nightly
@pytest.mark.parametrize("rank", [1, 0])
def test_a_lost_process_ends_the_job_and_the_others_name_the_folder(rank: int, tmp_path: Path) -> None:
    folder, before = tmp_path / "run", scratch()
    job = started(folder, "checkpoint_s=0")
    os.kill(next(pid for pid in children_of(job.pid) if f"RANK={rank}" in environment_of(pid)), signal.SIGKILL)
    _, said = job.communicate(timeout=120)
    assert job.returncode == 1
    assert "Another process was lost" in said
    assert f"Go on with resume={folder}" in said
    assert scratch() == before
    step = newest_checkpoint(folder, resumable=True).step
    again = torchrun(1, f"resume={folder}", f"steps={step + 20}")
    assert again.returncode == 0, again.stderr
    assert torch.load(folder / "checkpoint.pt", weights_only=True)["step"] == step + 20


@pytest.mark.nightly
def test_sigterm_ends_every_process_with_143_and_one_saves(tmp_path: Path) -> None:
    folder, before = tmp_path / "run", scratch()
    job = started(folder)
    for process in children_of(job.pid):
        os.kill(process, signal.SIGTERM)
    _, said = job.communicate(timeout=120)
    assert job.returncode == 1  # torchrun's own
    assert "exitcode  : 143" in said
    assert json.loads((folder / "summary.json").read_text())["status"] == "interrupted"
    assert scratch() == before


def children_of(process: int) -> list[int]:
    """The processes that a process has started, from Linux' own books."""
    return [int(text) for text in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def environment_of(process: int) -> list[str]:
    return Path(f"/proc/{process}/environ").read_text().split("\0")
