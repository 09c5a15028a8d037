"""The accuracy table: medians, resumption, failures, scores below the reference, and a real tiny run."""

import json
import math
from pathlib import Path

import pytest

from benchmarks import accuracy as benchmark_accuracy
from benchmarks import accuracy_runs
from benchmarks.accuracy_runs import Result, Row
from benchmarks.published import PUBLISHED, published

FACTS = {"dtype": "float64", "device": "cpu", "threads": 1, "points": 1000, "parameters": 697}


def result(seed: int, error: float, curve: list[tuple[float, float]]) -> Result:
    return Result("poisson", seed, error, 30.0 + seed, 0.0, FACTS, curve)


def row() -> Row:
    curves = [[(1.0, 1e-2), (2.0 + k, 1e-4), (11.0, 10.0**-k)] for k in range(6, 9)]
    return Row("poisson", tuple(result(k, curve[-1][1], curve) for k, curve in enumerate(curves)))


def test_medians_and_times() -> None:
    assert row().median("error") == pytest.approx(1e-7)
    assert row().worst == pytest.approx(1e-6)
    assert row().time_to(1e-3) == 9.0
    assert row().time_to(1e-6) == 11.0
    assert math.isinf(row().time_to(1e-9))


def test_the_table_says_what_was_reached_and_what_was_not() -> None:
    failed = Row("wave", (Result("wave", 0, failure="Training diverged"),))
    text = benchmark_accuracy.table([row(), failed])
    assert "1.000e-07" in text
    assert "failed" in text
    assert "wave, seed 0, failed: Training diverged" in text
    line = next(line for line in text.splitlines() if line.startswith("| poisson") or "poisson |" in line)
    assert line.rstrip("| ").endswith("-")


def test_a_score_below_the_reference_is_not_printed() -> None:
    good = Row("kdv", (Result("kdv", 0, 1e-12, 30.0, 1e-9, FACTS, [(1.0, 1e-12)]),))
    text = benchmark_accuracy.table([good])
    assert "< 3.0e-09" in text
    assert "1.000e-12" not in text


def test_published_figures_belong_to_rows() -> None:
    assert set(PUBLISHED) - {"cavity"} <= set(accuracy_runs.names()) | {"kuramoto_sivashinsky"}
    assert published("helmholtz_features") == published("helmholtz")
    assert published("poisson") is None


@pytest.mark.slow
def test_a_tiny_run_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overrides = ["--override", "steps=3", "network.width=4"]
    arguments = ["--rows", "poisson", "--seeds", "0", "--out", str(tmp_path), *overrides]
    assert benchmark_accuracy.main(arguments) == 0
    assert "poisson, seed 0 …" in capsys.readouterr().out
    assert (tmp_path / "accuracy.png").stat().st_size > 0
    figures = json.loads((tmp_path / "accuracy.json").read_text())
    assert figures["runs"][0]["facts"]["parameters"] == 37
    assert benchmark_accuracy.main(arguments) == 0
    assert "poisson, seed 0 …" not in capsys.readouterr().out


def test_a_failed_run_is_shown_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--rows", "poisson", "--seeds", "0", "--out", str(tmp_path), "--override", "steps=0"]
    assert benchmark_accuracy.main(arguments) == 1
    assert "poisson, seed 0, failed: Error: " in capsys.readouterr().out
    assert accuracy_runs.read(tmp_path, ["poisson"])[0].results[0].failure.startswith("Error: ")


def test_nothing_to_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark_accuracy.main(["--report", "--out", str(tmp_path)]) == 1
    assert "no finished runs" in capsys.readouterr().err


def test_unknown_rows_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmark_accuracy.parse(["--rows", "nothing"])
    assert "invalid choice" in capsys.readouterr().err
