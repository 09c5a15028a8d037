"""Sweeps on other launchers and with Optuna: parallel jobs, their threads, and failures that end nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import pytest
import submitit
import torch
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from submitit.slurm import slurm

from pinn.cli import hydra_plugins as sweeps
from pinn.cli import train, train_job
from pinn.runs.process import prepare

ROOT = Path(__file__).parents[2]
TINY = ["network.width=6", "network.depth=1", "sampler.interior=40", "sampler.boundary=10", "optimizer=adam", "steps=3"]


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script in a process of its own, with the threads of its environment."""
    kept = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    command = [sys.executable, str(ROOT / "scripts" / "train.py"), *arguments, "hydra.sweep.dir=sweep"]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={**kept, **environment}, timeout=170)


def summaries(folder: Path) -> dict[str, dict[str, Any]]:
    return {file.parent.name: json.loads(file.read_text()) for file in (folder / "sweep").glob("*/summary.json")}


@pytest.mark.slow
def test_joblib(tmp_path: Path) -> None:
    """Without OMP_NUM_THREADS each worker takes its share of the cores, not all that the first process has."""
    result = run("-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "vjp=ones,eye", *TINY, cwd=tmp_path)
    assert result.returncode == 1
    assert "The Jacobian is not diagonal" in result.stderr
    found = summaries(tmp_path)
    assert set(found) == {"1"}
    assert found["1"]["threads"] == max(joblib.cpu_count() // 2, 1)
    assert "not diagonal" in (tmp_path / "sweep" / "0" / "failure.txt").read_text()


@pytest.mark.nightly
def test_submitit_local(tmp_path: Path) -> None:
    """A process for each job, which finds the modules of the scripts and of the user."""
    (tmp_path / "mine.py").write_text("from pinn.operators import Eye as Mine\n")
    choices = ["vjp._target_=mine.Mine,pinn.operators.Ones", "hydra.launcher.timeout_min=2"]
    result = run("-m", "hydra/launcher=submitit_local", *choices, *TINY, cwd=tmp_path, OMP_NUM_THREADS="1")
    assert result.returncode == 1
    assert "The Jacobian is not diagonal" in result.stderr
    assert set(summaries(tmp_path)) == {"0"}, result.stderr


@pytest.mark.nightly
def test_optuna_minimises_the_error_and_a_bad_trial_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = f"sqlite:///{tmp_path / 'trials.db'}"
    options = ["hydra.sweeper.n_trials=3", f"hydra.sweeper.storage={storage}", "hydra.sweeper.sampler.seed=5"]
    trials = ["vjp=choice(ones,eye)", *TINY]  # what is given here is no more to be found
    arguments = [
        "train.py",
        "experiment=sweep/poisson_optuna",
        *options,
        *trials,
        f"hydra.sweep.dir={tmp_path / 'sweep'}",
    ]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    train.main()
    found = summaries(tmp_path)
    assert 0 < len(found) < 3
    best = yaml.safe_load((tmp_path / "sweep" / "optimization_results.yaml").read_text())
    assert best["best_value"] == min(summary["rel_l2"] for summary in found.values())
    assert best["best_params"]["vjp"] == "eye"
    import optuna  # and with it SQLAlchemy, which warns of its next version

    done = optuna.load_study("poisson", storage).trials
    assert sorted(trial.state.name for trial in done) == ["COMPLETE"] * len(found) + ["FAIL"] * (3 - len(found))


def test_slurm_gets_what_was_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The script that sbatch would read, of an array of jobs."""
    monkeypatch.setattr(slurm.SlurmExecutor, "affinity", classmethod(lambda _: 1))
    monkeypatch.setattr("shutil.which", lambda name: name)
    caught = []
    monkeypatch.setattr(submitit.AutoExecutor, "map_array", lambda self, *jobs: caught.append(self) or [])
    asked = ["hydra.launcher.partition=gpu", "hydra.launcher.timeout_min=90", "hydra.launcher.gpus_per_node=1"]
    asked.append("hydra.launcher.array_parallelism=2")
    folder = f"hydra.sweep.dir={tmp_path}"
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", ["experiment=sweep/slurm", folder, *asked], return_hydra_config=True)
    launcher = instantiate(config.hydra.launcher)
    launcher.setup(hydra_context=None, task_function=train_job.run_job, config=config)
    launcher.launch([["seed=0"], ["seed=1"]], 0)
    text = slurm._make_sbatch_string("train", str(tmp_path), map_count=3, **caught[0]._executor.parameters)
    for line in ("partition=gpu", "time=90", "gpus-per-node=1", "cpus-per-task=4", "mem=8GB", "array=0-2%2"):
        assert f"#SBATCH --{line}\n" in text
    assert "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK" in text


def test_a_missing_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    choices = ["hydra/launcher=joblib", "hydra/launcher=submitit_local", "hydra/sweeper=optuna"]
    choices += ["experiment=sweep/poisson_optuna", "+experiment=sweep/slurm"]
    for choice in choices:
        assert sweeps.missing_plugin(["pde=poisson", choice]) is None
    monkeypatch.setattr(sweeps, "find_spec", lambda name: None)
    for choice in choices:
        problem = sweeps.missing_plugin(["pde=poisson", choice])
        assert problem == f'{choice} needs packages of its own: pip install "pinn-solver[sweep]".'
    assert sweeps.missing_plugin(["-m", "pde=poisson", "hydra/launcher=basic", "experiment=quick"]) is None


def test_every_job_sets_all_of_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    try:
        prepare(2, deterministic=True)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.backends.cudnn.deterministic
        assert torch.get_num_threads() == 2
    finally:
        prepare(1, deterministic=False)
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.deterministic
    assert torch.get_num_threads() == 1
    with pytest.raises(ValueError, match="threads=0 is not valid"):
        prepare(0, deterministic=False)


def test_jobs_of_one_process_do_not_inherit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ["train.py", "-m", "deterministic=true,false", *TINY, f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    train.main()
    found = summaries(tmp_path)
    assert [found[name]["deterministic"] for name in "01"] == [True, False]
    assert found["1"]["overrides"] == ["deterministic=False", *TINY]
