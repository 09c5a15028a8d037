"""A run that is killed while it writes its results: `resume=` writes what is missing, and takes no further step."""

import json
from pathlib import Path

import numpy as np
import pytest

from pinn.cli import train, train_job
from pinn.runs.checkpoint import CHECKPOINT
from pinn.runs.metrics import METRICS
from pinn.runs.run import SOLUTION, SUMMARY, load_run

TINY = ["network.width=5", "network.depth=1", "sampler.interior=20", "sampler.boundary=10", "log_every=3"]
JOBS = {
    "steps": ["optimizer=adam", "steps=5"],
    "target": ["optimizer=lm", "steps=200", "target_residual=1", "sampler.every=10"],
    "weights": ["pde=poisson", "pde.hard=false", "optimizer=adam", "steps=10", "weighting=grad_norm"],
    "estimate": ["vjp=hutchinson", "optimizer=adam", "steps=5"],
    "windows": ["pde=heat", "windows=2", "optimizer=lm", "steps=4"],
    "unknowns": ["pde=inverse_heat", "optimizer=lm", "steps=4"],
}
SAME = {"wall_s", "time_to", "compile_s"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(train_job, "draw", lambda *_: None)
    monkeypatch.setattr("sys.argv", [])
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("lost", [{SUMMARY}, {SUMMARY, SOLUTION}])
@pytest.mark.slow
def test_what_is_missing_is_written(job: str, lost: set[str]) -> None:
    train.main([*TINY, *JOBS[job], "hydra.run.dir=run"])
    folder = Path("run")
    before = {name: (folder / name).read_bytes() for name in (CHECKPOINT, METRICS, SUMMARY)}
    with np.load(folder / SOLUTION) as arrays:
        solution = dict(arrays)
    for name in lost:
        (folder / name).unlink()
    train.main(["resume=run"])
    old, new = json.loads(before[SUMMARY]), json.loads((folder / SUMMARY).read_text())
    assert {name: old[name] for name in old.keys() - SAME} == {name: new[name] for name in new.keys() - SAME}
    assert (folder / METRICS).read_bytes() == before[METRICS]
    with np.load(folder / SOLUTION) as arrays:
        assert all(np.array_equal(arrays[name], solution[name], equal_nan=True) for name in solution)
    assert load_run(folder).summary["steps"] == new["steps"]
    if job == "steps":
        with pytest.raises(SystemExit, match="nothing left to do"):
            train.main(["resume=run"])
        train.main(["resume=run", "steps=7"])
        assert json.loads((folder / SUMMARY).read_text())["resumed"] == [5]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[1]", '{"a":' * 5000])
@pytest.mark.slow
def test_a_damaged_summary_is_told_in_one_line_and_written_again(text: str) -> None:
    train.main([*TINY, *JOBS["steps"], "hydra.run.dir=run"])
    (Path("run") / SUMMARY).write_text(text)
    with pytest.raises(ValueError, match=r"summary\.json' is damaged or not the summary of a run"):
        load_run("run")
    train.main(["resume=run"])
    assert load_run("run").summary["status"] == "completed"
