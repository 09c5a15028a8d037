"""What a run folder tells, whether the run has ended, has failed or still goes on."""

import json
from pathlib import Path

from pinn.runs.results import Results


def test_an_empty_folder_has_no_results(tmp_path: Path) -> None:
    results = Results(tmp_path)
    assert (results.failure, results.ended, results.summary, results.metrics()) == (None, False, {}, [])


def test_a_run_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps({"rel_l2": 1e-3, "wall_s": 2.0}))
    (tmp_path / "metrics.csv").write_text("step,seconds,rel_l2,damping\n1,0.5,0.1,\n2,1.0,nan,3.0\n")
    results = Results(tmp_path)
    assert results.ended
    assert results.summary["rel_l2"] == 1e-3
    assert str(results.curve("rel_l2")) == "[(0.5, 0.1), (1.0, nan)]"
    assert results.curve("damping") == [(1.0, 3.0)]


def test_a_row_that_is_half_written_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,seconds,loss\n1,0.5,0.1\n2,1.")
    assert [row["step"] for row in Results(tmp_path).metrics()] == ["1"]


def test_a_failure_is_kept_with_its_reason(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.fail("Training diverged.")
    assert (results.failure, results.ended) == ("Training diverged.", True)
