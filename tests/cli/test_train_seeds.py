"""`pinn train seeds=N`: many networks at once as a user runs them."""

import csv
import json
import os
import signal
import sys
from pathlib import Path

import pytest
import torch

from pinn import load_run
from pinn.cli import train, train_job, train_seeds
from pinn.objective import Objective
from pinn.typing import Params

TINY = ["network.width=4", "network.depth=1", "sampler.interior=16", "sampler.boundary=8", "optimizer=adam"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(train_job, "draw", lambda folder, trust: None)


def summary(folder: str = "run") -> dict:
    return json.loads(Path(folder, "summary.json").read_text())


def test_one_folder_of_three_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    train.main([*TINY, "seeds=3", "seed=5", "steps=4", "log_every=2", "hydra.run.dir=run"])
    figures = summary()
    assert [row["seed"] for row in figures["seeds"]] == [5, 6, 7]
    assert figures["status"] == "completed"
    errors = {row["seed"]: row["rel_l2"] for row in figures["seeds"]}
    assert figures["seed"] == min(errors, key=errors.__getitem__)
    assert figures["statistics"]["median"] == sorted(errors.values())[1]
    with Path("run/metrics.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "2", "4"]
    assert "rel_l2 of 3 seeds" in capsys.readouterr().out
    for seed in errors:
        assert load_run("run", seed=seed).network is not load_run("run").network
    alone = ["steps=4", "log_every=2", "guard=false", f"seed={figures['seed']}", "hydra.run.dir=alone"]
    train.main([*TINY, *alone])
    assert summary("alone")["rel_l2"] == pytest.approx(figures["rel_l2"], rel=1e-8)


REFUSED = {
    "compile=true": "compile=True",
    "chunk_size=5": "chunk_size=5",
    "retries=2": "retries=2",
    "patience=5": "patience=5",
    "target_error=0.1": "target_error=0.1",
    "target_residual=0.1": "target_residual=0.1",
    "checkpoint_s=1": "checkpoint_s=1.0",
    "weighting=rba": "weighting=RBA",
    "tracker=tensorboard": "tracker=TensorBoard",
    "pde=heat windows=2": "windows=2",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_a_batch_does_not_know_is_refused_by_name(words: str) -> None:
    with pytest.raises(SystemExit) as stop:
        train.main([*TINY, "seeds=2", "steps=2", *words.split(), "hydra.run.dir=run"])
    said = str(stop.value)
    assert said == f"Error: seeds=2 does not go with {REFUSED[words]}: leave them out, or use seeds=1."
    assert not Path("run/summary.json").exists()


def test_several_at_once_are_all_named() -> None:
    with pytest.raises(SystemExit, match=r"does not go with compile=True, retries=1, weighting=RBA: leave"):
        train.main([*TINY, "seeds=2", "compile=true", "retries=1", "weighting=rba", "hydra.run.dir=run"])


def test_methods_and_strategies_without_a_batched_form_are_refused() -> None:
    with pytest.raises(SystemExit, match="LBFGS trains one network at a time: use optimizer=adam_lm"):
        train.main([*TINY, "seeds=2", "optimizer=lbfgs", "hydra.run.dir=a"])
    with pytest.raises(SystemExit, match="needs an exact strategy, got Hutchinson: use vjp=auto"):
        train.main([*TINY, "seeds=2", "vjp=hutchinson", "hydra.run.dir=b"])
    with pytest.raises(SystemExit, match="seeds=0 is not valid: expected an integer >= 1"):
        train.main([*TINY, "seeds=0", "hydra.run.dir=c"])


def test_a_batch_is_not_resumed() -> None:
    train.main([*TINY, "seeds=2", "steps=2", "hydra.run.dir=run"])
    with pytest.raises(SystemExit, match="no checkpoint to go on from, a solution alone"):
        train.main(["resume=run", "steps=4"])
    with pytest.raises(SystemExit, match="seeds cannot change with resume=run"):
        train.main(["resume=run", "seeds=3"])
    with pytest.raises(SystemExit, match="is the folder of another run"):
        train.main([*TINY, "seeds=2", "steps=2", "hydra.run.dir=run"])


def test_a_signal_saves_all_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = train_seeds.train_ensemble

    def interrupted(*args, **kwargs):
        for step in steps(*args, **kwargs):
            if step.step == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            yield step

    monkeypatch.setattr(train_seeds, "train_ensemble", interrupted)
    with pytest.raises(SystemExit) as stop:
        train.main([*TINY, "seeds=2", "steps=50", "hydra.run.dir=run"])
    assert stop.value.code == 143
    assert (summary()["status"], summary()["reason"], summary()["steps"]) == ("interrupted", "SIGTERM", 3)
    load_run("run", seed=1)


def test_the_guard_tells_of_a_seed_that_fits_its_points(capsys: pytest.CaptureFixture[str]) -> None:
    """Few points, many parameters: Levenberg–Marquardt fits them to the last digit."""
    few = ["network.width=16", "network.depth=2", "sampler.interior=12", "sampler.boundary=4", "optimizer=lm"]
    train.main([*few, "seeds=2", "steps=60", "hydra.run.dir=run"])
    said = capsys.readouterr().out
    assert "guard: seed 0, step " in said
    assert "no new points, which a batch of seeds does not draw for one of them" in said
    assert [row["overfitted"] for row in summary()["seeds"]] == [True, True]
    assert len(summary()["guard"]) == 1
    train.main([*few, "seeds=2", "steps=60", "guard=false", "hydra.run.dir=without"])
    assert "guard:" not in capsys.readouterr().out
    assert summary("without")["rel_l2"] == summary()["rel_l2"]


def test_a_field_with_a_jump_ends_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of them is examined as a single run is."""
    examined = []

    def found(objective: Objective, params: Params, **losses: object) -> list[str]:
        examined.append(params)
        return ["u jumps by 1"]

    monkeypatch.setattr(train_seeds, "doubts", found)
    with pytest.raises(SystemExit) as stop:
        train.main([*TINY, "seeds=2", "steps=3", "hydra.run.dir=run"])
    assert stop.value.code == train_job.DOUBTED
    assert summary()["doubts"] == ["u jumps by 1"]
    best = dict(load_run("run").network.named_parameters())
    assert all(torch.equal(best[name], value) for name, value in examined[0].items())
