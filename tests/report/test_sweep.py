"""The report of a sweep: its groups and statistics, and what is said of jobs without numbers."""

import csv
import io
import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from pinn.cli import sweep_report
from pinn.report.sweep_results import groups, metric_of, read, swept

ERRORS = [1e-8, 2e-8, 6e-8]


def job(folder: Path, overrides: list[str], summary: dict[str, Any] | None = None, failure: str = "") -> Path:
    """A job's folder as the main job leaves it."""
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- {text}\n" for text in overrides) or "[]\n")
    (folder / "config.yaml").write_text("network:\n  width: 24\n")
    if summary is not None:
        (folder / "summary.json").write_text(json.dumps({"status": "completed", "reference_error": 0.0, **summary}))
    if failure:
        (folder / "failure.txt").write_text(failure + "\n")
    return folder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Three seeds of lm, and of adam one each that is done, has failed, still goes on."""
    for seed, error in enumerate(ERRORS):
        done = {"rel_l2": error, "wall_s": 10.0 + seed, "seed": seed, "pde": "poisson"}
        job(tmp_path / str(seed), ["optimizer=lm", f"seed={seed}", "steps=9"], done)
    asked = [["optimizer=adam", f"seed={seed}", "steps=9"] for seed in range(3)]
    job(tmp_path / "3", asked[0], {"rel_l2": 0.5, "wall_s": 1.0, "seed": 0, "pde": "poisson"})
    job(tmp_path / "10", asked[1], failure="Training diverged\nat step 3.")
    still = job(tmp_path / "11", asked[2])
    (still / "metrics.csv").write_text("step,seconds\n1,0.1\n25,2.5\n50")
    return tmp_path


def test_groups_are_over_seeds(sweep: Path) -> None:
    outcomes = read(sweep)
    assert [outcome.folder.name for outcome in outcomes] == ["0", "1", "2", "3", "10", "11"]
    assert swept(outcomes) == ["optimizer"]
    lm, adam = groups(outcomes, ["optimizer"])
    assert (lm.values, lm.numbers("rel_l2")) == (("lm",), ERRORS)
    found = lm.statistics("rel_l2")
    assert found == pytest.approx({"mean": 3e-8, "std": 7**0.5 * 1e-8, "median": 2e-8, "worst": 6e-8, "seconds": 11})
    assert found["std"] == pytest.approx(statistics.stdev(ERRORS))
    assert [adam.count(state) for state in ("completed", "failed", "unfinished")] == [1, 1, 1]
    assert math.isnan(adam.statistics("rel_l2")["std"])


def test_the_table_says_what_is_missing_and_why(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep_report.main([str(sweep)]) == 0
    words = capsys.readouterr().out
    lm, adam = (line for line in words.splitlines() if " lm |" in line or " adam |" in line)
    assert [cell.strip() for cell in lm.strip("|").split("|")][1:] == [
        *("3.00e-08 ± 2.6e-08", "2.000e-08", "6.000e-08", "11.0"),
        *("3", "0", "0"),
    ]
    assert [cell.strip() for cell in adam.strip("|").split("|")][-3:] == ["1", "1", "1"]
    assert "failed: Training diverged at step 3.\n  job 10 (optimizer=adam seed=1)" in words
    assert "unfinished: at step 25 after 2.5 s\n  job 11 (optimizer=adam seed=2)" in words


def test_other_formats_have_the_same_numbers(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep_report.main([str(sweep), "--format", "csv"]) == 0
    lm, adam = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (float(lm["median"]), lm["failed"], adam["std"]) == (2e-8, "0", "")
    assert adam["reasons"] == "failed: Training diverged at step 3.; unfinished: at step 25 after 2.5 s"
    assert sweep_report.main([str(sweep), "--format", "json", "--sort", "median"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["optimizer"] for row in found["rows"]] == ["lm", "adam"]
    assert found["rows"][0]["values"] == ERRORS
    assert found["rows"][1]["std"] is None


def test_rows_by_any_key(sweep: Path) -> None:
    outcomes = read(sweep)
    assert [group.values for group in groups(outcomes, ["network.width"])] == [("24",)]
    assert [group.values for group in groups(outcomes, ["steps", "seed"])] == [("9", "0"), ("9", "1"), ("9", "2")]
    with pytest.raises(ValueError, match=r"No job has a value for 'width'\. Keys that were swept: optimizer"):
        groups(outcomes, ["width"])


def test_without_error_the_residual_is_compared(tmp_path: Path) -> None:
    job(tmp_path / "0", ["a=1"], {"rel_l2": None, "heldout_residual": 0.1, "wall_s": 1.0})
    job(tmp_path / "1", ["a=2"], {"rel_l2": None, "heldout_residual": 0.2, "wall_s": 1.0})
    assert metric_of(read(tmp_path), None) == "heldout_residual"
    with pytest.raises(ValueError, match="holds a number 'loss': use one of heldout_residual"):
        metric_of(read(tmp_path), "loss")


def test_no_error_below_that_of_the_reference(tmp_path: Path) -> None:
    job(tmp_path / "0", [], {"rel_l2": 2e-7, "reference_error": 1e-7, "wall_s": 1.0})
    (group,) = groups(read(tmp_path), [])
    assert group.text("rel_l2")[:3] == ["< 3.0e-07 (the reference is no better)"] * 3


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_the_plot(sweep: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = sweep / f"plot.{format}"
    assert sweep_report.main([str(sweep), "--output", str(file)]) == 0
    assert str(file) in capsys.readouterr().err
    if format == "png":
        assert imread(file)[..., :3].std() > 0.05


def test_wrong_folders(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sweep / "empty").mkdir()
    wrong = {"missing": "There is no folder", "0": "is a single run", "empty": "holds no jobs of a sweep"}
    for name, words in wrong.items():
        assert sweep_report.main([str(sweep / name)]) == 1
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) == 1


def test_the_best_job_is_printed_alone(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep_report.main([str(sweep), "--best"]) == 0
    assert capsys.readouterr().out == f"{sweep / '0'}\n"  # the smallest of ERRORS
    assert not (sweep / "sweep.png").exists()
    assert sweep_report.main([str(sweep), "--best", "--metric", "wall_s"]) == 0
    assert capsys.readouterr().out == f"{sweep / '3'}\n"


def test_where_no_job_has_ended_none_is_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job(tmp_path / "0", ["seed=0"], failure="no")
    assert sweep_report.main([str(tmp_path), "--best"]) == 1
    assert "none is the best" in capsys.readouterr().err
